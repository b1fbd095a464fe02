"""`terraform-modules/trino`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from floe_infra.catalog.config import client_secret
from floe_infra.compute.config import CLIENT, OLDEST_TRINO, SHARED_SECRET, TrinoConfig
from floe_infra.context import Context
from floe_infra.fields import Matches
from floe_infra.model import Model
from floe_infra.modules.definition import Choice, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.inputs import Annotations, BucketUri, S3Compatible, StorageRegion, Url, account
from floe_infra.modules.named import Named
from floe_infra.modules.names import Name
from floe_infra.modules.site import SecretsInputs, SiteInputs, secret, site
from floe_infra.modules.symbols import Symbols
from floe_infra.refs import (
    BucketRef,
    CatalogRef,
    LineageRef,
    StorageRef,
    TelemetryRef,
)

if TYPE_CHECKING:
    from constructs import Construct

RestUri = Annotated[
    str,
    Matches(
        r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[!-~]*[^/])?",
        "a URL without a slash at the end: http://host:port/path",
    ),
]
NEW_WEB_IDENTITY = 483
"""The first release that asks otherwise for the service account's identity."""


class OAuth2(Model):
    """How Trino logs in to an Iceberg REST catalog."""

    secret: str
    """The name in the secret manager of the client's credentials, with the keys `client_id` and `client_secret`."""
    scope: Annotated[str, Field(min_length=1, max_length=1000)]
    """The OAuth2 scope, such as `PRINCIPAL_ROLE:data_engineer`."""


class Catalog(Model):
    """Where Trino finds the tables."""

    type: Literal["rest", "glue", "none"]
    """`rest` for an Iceberg REST catalog, `glue` for AWS Glue, `none` for what `values` name alone."""
    uri: RestUri | None = None
    """The endpoint of an Iceberg REST catalog."""
    warehouse: str | None = None
    """What the REST catalog calls the warehouse."""
    oauth2: OAuth2 | None = None
    """How Trino logs in to the REST catalog; not at all when left out."""
    vended_credentials: bool = False
    """Whether the REST catalog vends credentials for the storage. Without them, Trino's own service account must be
    allowed to read and write the buckets."""


class Toleration(Model):
    """A taint that is put up with."""

    key: str | None = None
    """The taint's key; any, with `Exists`, when left out."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """Whether the taint's value counts."""
    value: str | None = None
    """The taint's value, for `Equal`."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; any when left out."""


class TrinoInputs(Model):
    """What the module asks for besides what the configuration does."""

    catalog: Catalog
    """Where Trino finds the tables. It calls this catalog `iceberg`."""
    region: StorageRegion
    """The buckets' region, and Glue's."""
    s3_compatible: S3Compatible | None = None
    """Storage that speaks S3's protocol and is not AWS', if the buckets are there."""
    shared_secret: str
    """The name in the secret manager of what the servers know each other by, with the key `shared_secret`: some hundred
    random characters."""
    name: Name = "trino"
    """What Trino calls its environment (with underscores), and OpenLineage the namespace of its jobs."""
    service_account_annotations: Annotations = Field(default={})
    """Of Trino's service account, `trino`, such as `eks.amazonaws.com/role-arn`."""
    worker_node_selector: dict[str, str] = Field(default={})
    """Labels of the nodes that workers run on; any node when empty."""
    worker_tolerations: list[Toleration] = Field(default=[])
    """Taints of these nodes."""
    spot: bool = True
    """Whether these are spot nodes: a worker that is told to stop then has two minutes to end its work, else ten."""
    fault_tolerant: bool = False
    """Repeat the lost part of a query when a worker vanishes, from intermediate results in `exchange_uri`. Meant for
    long queries: short ones take longer, and none is held to the memory of one query below, as a part that needs more
    gets a worker of its own."""
    exchange_uri: BucketUri | None = None
    """The bucket for intermediate results, which `fault_tolerant` needs; Trino's service account must be allowed to
    read, write and delete in it."""
    otlp_endpoint: Url | None = None
    """Where traces go, by OTLP/gRPC; none are sent when left out."""
    openlineage_url: Url | None = None
    """Where OpenLineage events go, without the path; none are sent when left out."""
    openlineage_path: Annotated[str, Matches(r"/[!-~]*", "a path, beginning with /")] = "/api/v1/lineage"
    """The path of OpenLineage's events there."""


_NAMES = {
    "notice_seconds": "worker_notice_seconds",
    **{
        f"memory.{role}.{number}": f"{role}_{called}"
        for role in ("coordinator", "worker")
        for number, called in {
            "heap_mib": "heap_mib",
            "headroom_mib": "headroom_mib",
            "headroom": "headroom",
            "pool_mib": "pool_mib",
            "per_node_mib": "query_max_mib",
            "per_node": "query_max",
        }.items()
    },
    "memory.most_servers": "most_workers",
    "memory.per_node_mib": "query_max_mib_per_node",
    "memory.pool_mib": "pool_mib_per_node",
    "memory.query_mib": "query_max_mib",
    "memory.query": "query_max",
    "memory.total_mib": "query_max_total_mib",
    "memory.total": "query_max_total",
}
"""Local values, by where the construct has them."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.compute.trino import CATALOG, Trino

    assert isinstance(tokens, Symbols)
    shared = secret(tokens, SHARED_SECRET, "var.shared_secret", "shared_secret")
    trino = Trino(
        scope,
        "module",
        config=_config(chosen, tokens),
        site=site(
            "trino",
            tokens,
            context,
            secrets={shared.name: shared},
            identities={"compute": account(tokens, CLIENT)},
        ),
        storage=_storage(chosen, tokens),
        catalog=_catalog(chosen, tokens),
        telemetry=None
        if chosen["otlp_endpoint"]
        else TelemetryRef(otlp_grpc=tokens.text("var.otlp_endpoint"), otlp_http=""),
        lineage=None
        if chosen["openlineage_url"]
        else LineageRef(url=tokens.text("var.openlineage_url"), path=tokens.text("var.openlineage_path")),
        worker_nodes=_worker_nodes(tokens),
    )
    name = tokens.text(f'var.catalog.type == "none" ? null : "{CATALOG}"')
    return {
        "host": Output(trino.ref.host, "The coordinator's address inside the cluster.", after=trino.ready),
        "port": Output(trino.ref.port, "The coordinator's port, for HTTP."),
        "catalog": Output(name, "What Trino calls the catalog: the first part of a table's name in SQL."),
        "service_account": Output(CLIENT, "Trino's service account in the namespace."),
    }


def _config(chosen: Mapping[str, Any], tokens: Symbols) -> Any:
    nullable = ("max_workers", "max_memory_per_query_gib", "max_memory_per_node_gib")
    config = tokens.of(
        TrinoConfig,
        "var",
        **{name: tokens.number(f"var.{name}").nullable for name in nullable},
        names={"version": "trino_version"},
        resource_groups=None if chosen["resource_groups"] else tokens.text("var.resource_groups"),
        values=tokens.entries("var.values"),
    )
    release = {True: OLDEST_TRINO, False: NEW_WEB_IDENTITY}
    return Named(config, tokens, _NAMES, release=lambda: release[chosen["old_web_identity"]])


def _catalog(chosen: Mapping[str, Any], tokens: Symbols) -> CatalogRef | None:
    if not chosen["catalog"]:
        return None
    region, vended = tokens.text("var.region"), tokens.flag("var.catalog.vended_credentials")
    if not chosen["rest"]:
        return CatalogRef(kind="glue", warehouse="", region=region, vends_credentials=vended)
    client = secret(tokens, client_secret(CLIENT), "var.catalog.oauth2.secret", "client_id", "client_secret")
    return CatalogRef(
        kind="rest",
        warehouse=tokens.text("var.catalog.warehouse"),
        region=region,
        uri=tokens.text("var.catalog.uri"),
        scope=None if chosen["anonymous"] else tokens.text("var.catalog.oauth2.scope"),
        clients={CLIENT: client},
        vends_credentials=vended,
    )


def _storage(chosen: Mapping[str, Any], tokens: Symbols) -> StorageRef:
    exchange = BucketRef(name="", arn="", uri=tokens.text("var.exchange_uri"))
    storage = StorageRef(layers={}, region=tokens.text("var.region"), exchange=exchange)
    if not chosen["s3_compatible"]:
        return storage
    return replace(
        storage,
        endpoint=tokens.text("var.s3_compatible.endpoint"),
        path_style=chosen["path_style"],
        secret=secret(tokens, "storage-keys", "var.s3_compatible.secret", "access_key", "secret_key"),
    )


def _worker_nodes(tokens: Symbols) -> Any:
    from floe_infra.kubernetes.placement import Placement

    tolerations = (
        "[for toleration in var.worker_tolerations : { for key, value in toleration : key => value if value != null }]"
    )
    return Placement(tokens.entries("var.worker_node_selector"), tokens.texts(tolerations))


_WORKS = "(var.workers == 0 ? var.coordinator_memory_gib : var.memory_gib)"
_POOL = f"floor({_WORKS} * 768 * 7 / 10)"
"""What is left of the heap, three quarters of the memory, beside the headroom: MiB."""
_PER_NODE = f"(var.max_memory_per_node_gib == null ? floor({_POOL} / 2) : var.max_memory_per_node_gib * 1024)"
_GROUP = '["name", "maxQueued", "hardConcurrencyLimit", "softMemoryLimit"]'
RULES = (
    Rule(
        "catalog",
        'var.catalog.type != "rest" || (var.catalog.uri != null && var.catalog.warehouse != null)',
        "a REST catalog has a uri and a warehouse",
        '{ type = "rest" }',
    ),
    Rule(
        "catalog",
        'var.catalog.type == "rest" || (var.catalog.oauth2 == null && !var.catalog.vended_credentials)',
        "only a REST catalog has oauth2 and vended_credentials",
        '{ type = "glue", vended_credentials = true }',
    ),
    Rule(
        "fault_tolerant",
        "var.fault_tolerant ? var.exchange_uri != null : true",
        "intermediate results need a bucket, exchange_uri",
        "true",
    ),
    Rule(
        "max_workers",
        "var.max_workers == null ? true : var.workers > 0 && var.max_workers >= var.workers",
        "1 ≤ workers ≤ max_workers, or null",
        "1",
    ),
    Rule(
        "max_memory_per_node_gib",
        f"var.max_memory_per_node_gib == null ? true : var.max_memory_per_node_gib * 1024 < {_POOL}",
        "Trino does not start where one query and the headroom take the whole heap; about half of memory_gib is left",
        "15",
    ),
    Rule(
        "max_memory_per_query_gib",
        "var.max_memory_per_query_gib == null ? true : var.max_memory_per_query_gib * 1024 <= "
        f"max(var.workers, coalesce(var.max_workers, 1)) * {_PER_NODE}",
        "no more than one query can get of all workers together",
        "37",
    ),
    Rule(
        "resource_groups",
        "var.resource_groups == null ? true : alltrue([for key, value in var.resource_groups : "
        'contains(["rootGroups", "selectors", "cpuQuotaPeriod", "physicalDataScanQuotaPeriod"], key)])',
        "rootGroups, selectors, cpuQuotaPeriod, physicalDataScanQuotaPeriod, and no other key",
        '{ rootGroups = [{ name = "all", maxQueued = 1, hardConcurrencyLimit = 1, softMemoryLimit = "80%" }], '
        'selectors = [{ group = "all" }], groups = [] }',
    ),
    Rule(
        "resource_groups",
        "var.resource_groups == null ? true : try(length(var.resource_groups.rootGroups) > 0 && "
        f"alltrue([for group in var.resource_groups.rootGroups : length(setsubtract({_GROUP}, keys(group))) == 0]) && "
        "length(var.resource_groups.selectors) > 0 && "
        "alltrue([for selector in var.resource_groups.selectors : can(selector.group)]), false)",
        "rootGroups, each with name, maxQueued, hardConcurrencyLimit, softMemoryLimit, and selectors, each with group",
        '{ rootGroups = [{ name = "all" }], selectors = [{ group = "all" }] }',
    ),
)

MODULE = Module(
    name="trino",
    summary="Trino: SQL on the tables of an Iceberg catalog, with workers that may be taken away.",
    inputs=(TrinoInputs, SiteInputs, TrinoConfig, SecretsInputs),
    construct="floe_infra.compute.trino:Trino",
    providers=("helm",),
    prefix="var.name",
    named={"version": "trino_version"},
    build=_build,
    choices=(
        Choice("catalog", 'var.catalog.type != "none"'),
        Choice("rest", 'var.catalog.type == "rest"'),
        Choice("anonymous", "var.catalog.oauth2 == null"),
        Choice("vended_credentials", "var.catalog.vended_credentials"),
        Choice("s3_compatible", "var.s3_compatible != null"),
        Choice("path_style", "try(var.s3_compatible.path_style, false)"),
        Choice("old_web_identity", f"tonumber(var.trino_version) < {NEW_WEB_IDENTITY}"),
        Choice("otlp_endpoint", "var.otlp_endpoint == null"),
        Choice("fault_tolerant", "var.fault_tolerant"),
        Choice("openlineage_url", "var.openlineage_url == null"),
        Choice("resource_groups", "var.resource_groups == null"),
        Choice("no_workers", "var.workers == 0"),
        Choice("autoscaling", "coalesce(var.max_workers, 0) > var.workers"),
        Choice("several_workers", "local.most_workers > 1"),
    ),
    about_locals=(
        "Of a pod's memory three quarters are heap, three tenths of that headroom; of the rest, one query gets half,\n"
        "and of all workers together what they have for one query."
    ),
    together=(
        (
            *("catalog", "rest", "anonymous", "s3_compatible", "path_style"),
            *("vended_credentials", "old_web_identity"),
        ),
        ("otlp_endpoint",),
        ("fault_tolerant", "s3_compatible", "path_style"),
    ),
    rules=RULES,
    sample={
        "catalog": {
            "type": "rest",
            "uri": "http://polaris.catalog.svc.cluster.local:8181/api/catalog",
            "warehouse": "lakehouse",
            "oauth2": {"secret": "acme-prod/trino", "scope": "PRINCIPAL_ROLE:data_engineer"},
            "vended_credentials": True,
        },
        "region": "eu-west-1",
        "s3_compatible": {"endpoint": "http://minio.storage.svc.cluster.local:9000", "secret": "acme-prod/storage"},
        "shared_secret": "acme-prod/trino-shared-secret",
        "namespace": "query",
        "node_selector": {"node-type": "on-demand"},
        "worker_node_selector": {"node-type": "spot"},
        "worker_tolerations": [{"key": "spot", "value": "true", "effect": "NoSchedule"}],
    },
)
