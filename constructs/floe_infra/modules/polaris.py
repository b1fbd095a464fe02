"""`terraform-modules/polaris`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from floe_infra.catalog.config import (
    ADMIN_IMAGE,
    ROOT_SECRET,
    TOKEN_SECRET,
    PolarisConfig,
    WarehouseName,
    client_secret,
)
from floe_infra.context import Context
from floe_infra.fields import KmsKeyArn, Matches
from floe_infra.kubernetes import charts
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Choice, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.inputs import (
    LAYERS,
    SCALES_UP,
    Annotations,
    LayersInputs,
    PostgresqlServer,
    RoleArn,
    S3Compatible,
    Url,
    account,
    database,
    layers,
)
from floe_infra.modules.site import SecretsInputs, SiteInputs, secret, site
from floe_infra.needs import login_secret
from floe_infra.refs import TelemetryRef

if TYPE_CHECKING:
    from constructs import Construct

ClientName = Annotated[
    str,
    Matches(
        r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", "at most 32 lower-case letters, digits and hyphens, beginning with a letter"
    ),
]
CLIENTS = Each("var.clients", ("client", "secret"), member="each1")
"""The member with which Polaris is made, of `PolarisInputs.clients`."""


class PolarisInputs(Model):
    """What the module asks for besides what the configuration does."""

    warehouse: WarehouseName
    """The catalog's name, which clients give as warehouse."""
    database: PostgresqlServer
    """The server with the database `polaris`, where Polaris keeps what it knows."""
    database_secret: str
    """The name in the secret manager of the database's login, with the keys `username` and `password`."""
    root_secret: str
    """The name in the secret manager of the administrator's credentials, with the keys `client_id` and `client_secret`.
    Polaris takes them when its realm is made, and keeps them."""
    token_key_secret: str
    """The name in the secret manager of the key that tokens are signed with, with the key `key`."""
    clients: Annotated[dict[ClientName, str], Field(max_length=50)] = Field(default={})
    """Who signs in, each with the name in the secret manager of its credentials, with the keys `client_id` and
    `client_secret`. Its principal in Polaris is called `floe-` and the client's name."""
    storage_role_arn: RoleArn | None = None
    """The role that Polaris lends to clients, narrowed down to the table at hand; Polaris' own must be allowed to
    assume it. Null where the storage is not AWS'."""
    kms_key_arn: KmsKeyArn | None = None
    """The key that the buckets are encrypted with, if it is a key of your own: lent with the role."""
    s3_compatible: S3Compatible | None = None
    """Storage that speaks S3's protocol and is not AWS'. Its clients need keys of their own; S3 on AWS when left
    out."""
    service_account_annotations: Annotations = Field(default={})
    """Of Polaris' service account, `polaris`, such as `eks.amazonaws.com/role-arn`."""
    otlp_endpoint: Url | None = None
    """Where traces go, by OTLP/gRPC; none are sent when left out."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.catalog.polaris import REALM, Polaris

    login = secret(tokens, login_secret("polaris"), "var.database_secret", "username", "password")
    credentials = ("client_id", "client_secret")
    secrets = [
        login,
        secret(tokens, ROOT_SECRET, "var.root_secret", *credentials),
        secret(tokens, TOKEN_SECRET, "var.token_key_secret", "key"),
        secret(tokens, client_secret(CLIENTS.member), f"{CLIENTS.member}.value", *credentials),
    ]
    config = tokens.of(
        PolarisConfig,
        "var",
        namespaces={MEMBER: tokens.text(f"lookup(var.namespaces, {MEMBER}.key, {MEMBER}.key)")},
        max_replicas=tokens.number("var.max_replicas").nullable,
        # The admin tool follows the servers' version, also where the user's values choose it.
        values={
            "image": {"tag": tokens.text("local.version")},
            "maintenance": {"image": {"repository": tokens.text("local.admin_image")}},
            **tokens.entries("var.values"),
        },
    )
    endpoint = tokens.text("var.otlp_endpoint")
    polaris = Polaris(
        scope,
        "module",
        config=config,
        site=site(
            "polaris",
            tokens,
            context,
            secrets={each.name: each for each in secrets},
            identities={"catalog": account(tokens, "polaris")},
            lent_roles={"catalog": tokens.text("var.storage_role_arn")},
        ),
        storage=layers(tokens, **_storage(chosen, tokens)),
        database=database(tokens, login),
        telemetry=None if chosen["otlp_endpoint"] else TelemetryRef(otlp_grpc=endpoint, otlp_http=""),
    )
    return {
        "uri": Output(polaris.ref.uri, "The Iceberg REST catalog, inside the cluster."),
        "warehouse": Output(polaris.ref.warehouse, "The catalog's name, which clients give as warehouse."),
        "namespaces": Output(polaris.ref.namespaces, "The namespaces of tables, by layer."),
        "scope": Output(polaris.ref.scope, "The OAuth2 scope that clients ask for."),
        "realm": Output(REALM, "Polaris' realm."),
    }


def _storage(chosen: Mapping[str, Any], tokens: Tokens) -> dict[str, Any]:
    if chosen["s3"]:
        return {"kms_key_arn": None if chosen["kms_key_arn"] else tokens.text("var.kms_key_arn")}
    return {
        "endpoint": tokens.text("var.s3_compatible.endpoint"),
        "path_style": tokens.flag("var.s3_compatible.path_style"),
        "secret": secret(tokens, "storage-keys", "var.s3_compatible.secret", "access_key", "secret_key"),
    }


MODULE = Module(
    name="polaris",
    summary="Apache Polaris: an Iceberg catalog that lends its clients access to exactly the tables they may use.",
    inputs=(PolarisInputs, LayersInputs, SiteInputs, PolarisConfig, SecretsInputs),
    construct="floe_infra.catalog.polaris:Polaris",
    providers=("helm",),
    build=_build,
    choices=(
        Choice("otlp_endpoint", "var.otlp_endpoint == null"),
        Choice("s3", "var.s3_compatible == null"),
        Choice("kms_key_arn", "var.kms_key_arn == null"),
    ),
    gone_through=(LAYERS, CLIENTS),
    locals={
        "version": f'try(var.values.image.tag, "{charts.POLARIS.version}")',
        "admin_image": f'try(var.values.maintenance.image.repository, "{ADMIN_IMAGE}")',
    },
    rules=(
        SCALES_UP,
        Rule(
            "storage_role_arn",
            "(var.storage_role_arn == null) == (var.s3_compatible != null)",
            "either this or s3_compatible",
            "null",
        ),
        Rule(
            "clients",
            '!contains(keys(var.clients), "root")',
            "no client is called root",
            '{ root = "acme-prod/polaris-root" }',
        ),
    ),
    sample={
        "warehouse": "lakehouse",
        "database": {"host": "postgresql.example.com"},
        "database_secret": "acme-prod/login-polaris",
        "root_secret": "acme-prod/polaris-root",
        "token_key_secret": "acme-prod/polaris-token-key",
        "clients": {"trino": "acme-prod/catalog-client-trino"},
        "storage_role_arn": "arn:aws:iam::111122223333:role/acme-prod-catalog",
        "s3_compatible": {"endpoint": "http://minio.storage.svc.cluster.local:9000", "secret": "acme-prod/storage"},
        "layers": {"bronze": "s3://acme-prod-bronze", "gold": "s3://acme-prod-gold"},
        "default_location": "s3://acme-prod-bronze",
        "region": "eu-west-1",
        "namespace": "catalog",
        "namespaces": {"gold": "marts"},
        "node_selector": {"node-type": "on-demand"},
    },
)
