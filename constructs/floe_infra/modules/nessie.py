"""`terraform-modules/nessie`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from floe_infra.catalog.config import NessieConfig, WarehouseName
from floe_infra.context import Context
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Choice, Module, Output, Outputs, Tokens
from floe_infra.modules.inputs import (
    LAYERS,
    SCALES_UP,
    Annotations,
    LayersInputs,
    PostgresqlServer,
    RoleArn,
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


class NessieInputs(Model):
    """What the module asks for besides what the configuration does."""

    warehouse: WarehouseName
    """The warehouse's name."""
    database: PostgresqlServer
    """The server with the database `nessie`, where Nessie keeps what it knows."""
    database_secret: str
    """The name in the secret manager of the database's login, with the keys `username` and `password`."""
    storage_role_arn: RoleArn
    """The role that Nessie acts as to read and write the buckets; Nessie's own must be allowed to assume it."""
    service_account_annotations: Annotations = Field(default={})
    """Of Nessie's service account, `nessie`, such as `eks.amazonaws.com/role-arn`."""
    otlp_endpoint: Url | None = None
    """Where traces go, by OTLP/gRPC; none are sent when left out."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.catalog.nessie import Nessie

    login = secret(tokens, login_secret("nessie"), "var.database_secret", "username", "password")
    config = tokens.of(
        NessieConfig,
        "var",
        namespaces={MEMBER: tokens.text(f"lookup(var.namespaces, {MEMBER}.key, {MEMBER}.key)")},
        max_replicas=tokens.number("var.max_replicas").nullable,
        values=tokens.entries("var.values"),
    )
    endpoint = tokens.text("var.otlp_endpoint")
    nessie = Nessie(
        scope,
        "module",
        config=config,
        site=site(
            "nessie",
            tokens,
            context,
            secrets={login.name: login},
            identities={"catalog": account(tokens, "nessie")},
            lent_roles={"catalog": tokens.text("var.storage_role_arn")},
        ),
        storage=layers(tokens),
        database=database(tokens, login),
        telemetry=None if chosen["otlp_endpoint"] else TelemetryRef(otlp_grpc=endpoint, otlp_http=""),
    )
    return {
        "uri": Output(nessie.ref.uri, "The Iceberg REST catalog, inside the cluster."),
        "warehouse": Output(nessie.ref.warehouse, "The warehouse's name."),
        "namespaces": Output(nessie.ref.namespaces, "The namespaces of tables, by layer."),
    }


MODULE = Module(
    name="nessie",
    summary="Project Nessie: an Iceberg catalog with branches and tags like Git's, its versions in PostgreSQL.",
    inputs=(NessieInputs, LayersInputs, SiteInputs, NessieConfig, SecretsInputs),
    construct="floe_infra.catalog.nessie:Nessie",
    providers=("helm",),
    build=_build,
    choices=(Choice("otlp_endpoint", "var.otlp_endpoint == null"),),
    gone_through=(LAYERS,),
    rules=(SCALES_UP,),
    sample={
        "warehouse": "lakehouse",
        "database": {"host": "postgresql.example.com"},
        "database_secret": "acme-prod/login-nessie",
        "storage_role_arn": "arn:aws:iam::111122223333:role/acme-prod-catalog",
        "layers": {"bronze": "s3://acme-prod-bronze", "gold": "s3://acme-prod-gold"},
        "default_location": "s3://acme-prod-bronze",
        "region": "eu-west-1",
        "namespace": "catalog",
        "namespaces": {"gold": "marts"},
        "node_selector": {"node-type": "on-demand"},
    },
)
