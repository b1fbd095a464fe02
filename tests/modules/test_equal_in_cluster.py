"""A cluster's module gives Helm what its construct gives it, whatever the variables say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from floe_infra.catalog.config import NessieConfig
from floe_infra.context import Context
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.kubernetes.site import Site
from floe_infra.modules.site import Store
from floe_infra.needs import login_secret
from floe_infra.refs import (
    BucketRef,
    ClusterRef,
    DatabaseRef,
    IdentityRef,
    NodeGroupRef,
    SecretRef,
    StorageRef,
    TelemetryRef,
)

from .stand_ins import Case, Planned, planned

CONTEXT = Context(name="acme", environment="prod", region="eu-west-1", account_id="111122223333")
"""Names then begin with `acme-prod`."""
ROLE = "arn:aws:iam::111122223333:role/acme-prod-catalog"
ACCOUNT = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/acme-prod-account"}
LAYERS = {"bronze": "s3://acme-prod-bronze", "gold": "s3://acme-prod-gold"}
LAKE = {"layers": LAYERS, "default_location": LAYERS["bronze"], "region": "eu-west-1"}
STORAGE = StorageRef(
    layers={layer: BucketRef(name=uri[5:], arn="", uri=uri) for layer, uri in LAYERS.items()}, region="eu-west-1"
)
TELEMETRY = TelemetryRef(otlp_grpc="http://otel:4317", otlp_http="http://otel:4318")
NODES = {"node-type": "on-demand"}
SITE = {"node_selector": NODES, "secret_store": "vault", "secret_refresh_minutes": 5, "chart_repository": "oci://a.b/c"}
"""What `site(special=True)` says."""


def database(secret: SecretRef, **more: Any) -> DatabaseRef:
    return DatabaseRef(database="", user="", secret=secret, engine_version="", **{"port": 5432, **more})


def secret(name: str, remote_key: str, *keys: str) -> SecretRef:
    return SecretRef(name, remote_key, keys or ("username", "password"))


def site(
    name: str,
    *secrets: SecretRef,
    special: bool = False,
    account: Mapping[str, str] | None = None,
    **more: Any,
) -> Site:
    """The site that a module with this name has; `special` with the variables `SITE`."""
    nodes = NodeGroupRef(
        name="steady", labels=NODES if special else {}, taints=(), spot=False, vcpu=4, memory_mib=16384, max_size=3
    )
    cluster = ClusterRef(
        name="", endpoint="", certificate_authority="", oidc_issuer="", security_group_id="", node_groups=(nodes,)
    )
    identity = IdentityRef(namespace="", service_account=name, role="", role_arn="", annotations=account or {})
    store, minutes = ("vault", 5) if special else ("cloud", 60)
    return Site(
        cluster=cluster,
        context=CONTEXT,
        charts=ChartsConfig(repository=SITE["chart_repository"] if special else None),
        secrets={each.name: each for each in secrets},
        cluster_secrets=Store(name, CONTEXT, store, minutes) if secrets else None,
        identities=dict.fromkeys(("catalog", "compute"), identity),
        **more,
    )


def nessie(*, server: Mapping[str, Any], special: bool = False, **config: Any) -> Callable[[Any], Any]:
    from floe_infra.catalog.nessie import Nessie

    login = secret(login_secret("nessie"), "acme-prod/login-nessie")
    place = site("nessie", login, special=special, account=ACCOUNT if special else None, lent_roles={"catalog": ROLE})
    return lambda scope: Nessie(
        scope,
        "catalog",
        config=NessieConfig.model_validate(config),
        site=place,
        storage=STORAGE,
        database=database(login, **server),
        telemetry=TELEMETRY if special else None,
    )


NESSIE = {**LAKE, "warehouse": "lake", "namespace": "catalog", "database_secret": "acme-prod/login-nessie"}
CASES = {
    "nessie-default": Case(
        "nessie",
        {**NESSIE, "storage_role_arn": ROLE, "database": {"host": "db.example.com"}},
        nessie(warehouse="lake", server={"host": "db.example.com"}),
    ),
    "nessie-all": Case(
        "nessie",
        {
            **NESSIE,
            **SITE,
            "namespace": "lake",
            "storage_role_arn": ROLE,
            "service_account_annotations": ACCOUNT,
            "database": {"host": "db.example.com", "port": 6432, "ssl_mode": "verify-full"},
            "otlp_endpoint": TELEMETRY.otlp_grpc,
            "namespaces": {"gold": "marts"},
            "replicas": 1,
            "max_replicas": None,
            "memory_gib": 4,
            "cpu": 1.5,
            "database_connections": 7,
            "values": {"image": {"pullPolicy": "Always"}, "replicaCount": 3},
        },
        nessie(
            server={"host": "db.example.com", "port": 6432, "ssl_mode": "verify-full"},
            special=True,
            warehouse="lake",
            namespace="lake",
            namespaces={"gold": "marts"},
            replicas=1,
            max_replicas=None,
            memory_gib=4,
            cpu=1.5,
            database_connections=7,
            values={"image": {"pullPolicy": "Always"}, "replicaCount": 3},
        ),
    ),
}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Planned]:
    return planned(CASES, tmp_path_factory.mktemp("plans"))


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, plans):
    assert plans[case].by_module
    assert plans[case].by_module == plans[case].by_construct
