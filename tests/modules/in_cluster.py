"""What tests of a cluster's modules have in common: the site, and what other modules would have made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_infra.context import Context
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.kubernetes.site import Site
from floe_infra.modules.site import Store
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
