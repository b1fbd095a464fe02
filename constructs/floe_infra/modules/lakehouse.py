"""`terraform-modules/lakehouse`: the other modules, wired as the platform wires its constructs.

Namespaces, identities, secrets, who reads them, and who may talk to whom follow from what the platform's kinds say of
themselves, as they do there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from floe_infra.cluster.config import NODE_GROUPS, NODE_TYPE
from floe_infra.config.platform import PlatformConfig
from floe_infra.database.config import ADMIN_SECRET
from floe_infra.fields import KubernetesName, LayerName
from floe_infra.grants import READER
from floe_infra.kubernetes.config import QuotaConfig
from floe_infra.kubernetes.namespaces import strictest_for_all
from floe_infra.model import Kind, Model
from floe_infra.modules import load
from floe_infra.modules.composition import REGION, Child, Composition, samples, settings
from floe_infra.modules.definition import GenerationError, Output
from floe_infra.modules.fold import code
from floe_infra.modules.names import Name
from floe_infra.modules.service_account_roles import SecretArn
from floe_infra.modules.site import ChartRepository
from floe_infra.needs import Needs, Password, reads_by_namespace
from floe_infra.network.edges import HTTPS, Addresses, Block, Edge, End, Everyone, Surroundings, Workload, wire
from floe_infra.services import TAKES


class Namespaces(Model):
    """What the namespaces are called."""

    external_secrets: KubernetesName = "external-secrets"
    """Of External Secrets Operator."""
    database: KubernetesName = "database"
    """Of the job that makes databases."""
    catalog: KubernetesName = "catalog"
    """Polaris'."""
    query: KubernetesName = "query"
    """Trino's."""
    observability: KubernetesName = "observability"
    """Of OpenTelemetry Collector, Jaeger and Marquez."""
    floe: KubernetesName = "floe"
    """Of whatever works with the tables: Dagster, dbt and Cube of floe-runtime, or others."""


class LakehouseInputs(Model):
    """What the module asks for besides the settings of its parts."""

    name: Name
    """Begins the names of everything, those of the buckets too, which nobody else in the world may have."""
    layers: Annotated[list[LayerName], Field(min_length=1, max_length=20)] = Field(default=["bronze", "silver", "gold"])
    """The layers of the lakehouse, with a bucket and a namespace of tables for each."""
    deletion_protection: bool = True
    """Protect what holds data; set to false, and applied, before anything is to be destroyed."""
    namespaces: Namespaces = Namespaces()
    """What the Kubernetes namespaces are called."""
    quota: QuotaConfig | None = QuotaConfig()
    """The most that a namespace's pods may request together; no end when null."""
    chart_repository: ChartRepository | None = None
    """A repository that holds the Helm charts in their pinned versions, such as `oci://registry.example.com/charts`;
    the projects' own when left out."""
    secret_refresh_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """Minutes after which a change in Secrets Manager is seen."""
    vendor_secret_arns: list[SecretArn] = Field(default=[])
    """The ARNs of the secrets of your own that `otel_collector` and `jaeger` name: their namespace may read these
    besides."""


def _platform(**telemetry: Any) -> PlatformConfig:
    """The platform that the module is like."""
    return PlatformConfig.model_validate(
        {
            "name": "floe",
            "environment": "prod",
            "cloud": {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"},
            "network": {"kind": "vpc"},
            "cluster": {"kind": "eks"},
            "storage": {"kind": "s3", "compute_logs": True},
            "database": {"kind": "rds"},
            "secrets": {"kind": "external_secrets"},
            "catalog": {"kind": "polaris"},
            "compute": {"kind": "trino"},
            "telemetry": {"kind": "otel_collector", **telemetry},
            "traces": {"kind": "jaeger"},
            "lineage": {"kind": "marquez"},
        }
    )


PLATFORM = _platform()
_WITH_VENDORS = _platform(exporters={"datadog": {"secret": "datadog"}})
_NEEDS: Mapping[str, Needs] = PLATFORM.needs
_NAMESPACES = {name.replace("_", "-"): f"var.namespaces.{name}" for name in Namespaces.model_fields}
"""The namespaces' names in HCL, by what they are called otherwise."""


def _levels() -> str:
    """Each namespace with its Pod Security Standard."""
    levels: dict[str, list[str]] = {}
    for section, need in _NEEDS.items():
        levels.setdefault(need.namespace, []).append(getattr(PLATFORM, section).pod_security)
    if levels.keys() != _NAMESPACES.keys():
        raise GenerationError(f"there are namespaces {sorted(levels)}, and names for {sorted(_NAMESPACES)}")
    return code({f"${{({_NAMESPACES[name]})}}": strictest_for_all(wanted) for name, wanted in levels.items()})


def _secrets() -> str:
    """What Secrets Manager is to make: what is known, and the lengths of what nobody knows."""
    made: dict[str, Any] = {}
    for need in _NEEDS.values():
        for name, content in need.all_secrets.items():
            values = {key: value for key, value in content.items() if not isinstance(value, Password)}
            passwords = {key: value.length for key, value in content.items() if isinstance(value, Password)}
            made[name] = {**({"values": values} if values else {}), "generate": passwords}
    return code(made)


def _secret(name: str) -> str:
    """A secret's name in Secrets Manager."""
    return f'module.secrets_manager.secret_names["{name}"]'


_STORAGE = {"exchange": "${var.trino.fault_tolerant}", "compute_logs": "${var.s3.compute_logs}"}


def _accounts() -> str:
    """The service accounts: the services', and each namespace's that reads its secrets."""
    accounts: dict[str, Any] = {}
    for section, need in _NEEDS.items():
        if need.service_account:
            accounts[section] = {
                "namespace": f"${{{_NAMESPACES[need.namespace]}}}",
                "service_account": need.service_account,
                **({"storage": need.storage} if need.storage else {}),
                **({"exchange": _STORAGE["exchange"]} if section == "compute" else {}),
                **({"compute_logs": _STORAGE["compute_logs"]} if need.compute_logs else {}),
            }
    for namespace, names in reads_by_namespace(_NEEDS).items():
        accounts[f"{namespace}-secrets"] = {
            "namespace": f"${{{_NAMESPACES[namespace]}}}",
            "service_account": READER,
            "secrets": _readable(namespace, names),
        }
    return code(accounts)


def _readable(namespace: str, names: Sequence[str]) -> dict[str, str]:
    made = code([name for name in names if name != ADMIN_SECRET])
    arns, keys = (
        f"[for name in {made} : module.secrets_manager.secret_arns[name]]",
        "[module.secrets_manager.kms_key_arn]",
    )
    if ADMIN_SECRET in names:
        arns, keys = (
            f"concat([module.rds.secret_arn], {arns})",
            "[module.rds.kms_key_arn, module.secrets_manager.kms_key_arn]",
        )
    if namespace == PLATFORM.telemetry.namespace:  # type: ignore[union-attr]
        arns, keys = f"concat({arns}, var.vendor_secret_arns)", f"length(var.vendor_secret_arns) > 0 ? [] : {keys}"
    return {"arns": f"${{{arns}}}", "kms_key_arns": f"${{{keys}}}"}


def _stores() -> str:
    return code(
        {
            f"${{({_NAMESPACES[namespace]})}}": {
                "role_arn": f'${{module.service_account_roles.role_arns["{namespace}-secrets"]}}'
            }
            for namespace in reads_by_namespace(_NEEDS)
        }
    )


_VPC = Block("${module.vpc.vpc_cidr}")


def _edges(platform: PlatformConfig) -> list[Edge]:
    """Every connection that the platform allows."""
    kinds: dict[str, Kind] = {section: getattr(platform, section) for section in ("secrets", *TAKES)}
    parts = {name: kind.load_service().workloads(kind) for name, kind in kinds.items() if kind.service}
    around = Surroundings(networks=(_VPC.cidr,), services="services")
    port: Any = "${module.rds.port}"
    in_cloud = {"storage": (around.cloud, HTTPS), "database": (Addresses("postgresql", (_VPC,)), port)}
    around = replace(around, in_cloud=in_cloud)
    return wire(parts, takes=TAKES, around=around, config=platform.kubernetes.network_policies)


def _connections(edges: Sequence[Edge]) -> str:
    """By name, as the module `network-policies` takes them."""
    named: dict[str, Any] = {}
    for edge in edges:
        client, server = _called(edge.client), _called(edge.server)
        ends = {"from": f'${{local.ends["{client}"]}}', "to": f'${{local.ends["{server}"]}}'}
        made = named.setdefault(client if client == server else f"{client}-to-{server}", {**ends, "ports": []})
        made["ports"] = list(dict.fromkeys([*made["ports"], *edge.ports]))
    return code(named)


def _ends(edges: Sequence[Edge]) -> str:
    """By name, who connects and is connected to."""
    named: dict[str, Any] = {}
    for end in (end for edge in edges for end in (edge.client, edge.server)):
        if named.setdefault(_called(end), _peer(end)) != _peer(end):
            raise GenerationError(f"two are called {_called(end)}")
    return code(named)


def _called(end: End) -> str:
    return f"within-{end.namespace}" if isinstance(end, Everyone) else end.name.lower().replace(" ", "-")


_EDGES = _edges(PLATFORM)
_VENDORS = [
    edge
    for edge in _edges(_WITH_VENDORS)
    if (_called(edge.client), _called(edge.server))
    not in {(_called(each.client), _called(each.server)) for each in _EDGES}
]
"""What the collector's vendors want besides."""


def _peer(end: End) -> dict[str, Any]:
    if isinstance(end, Workload):
        return {"namespace": f"${{{_NAMESPACES[end.namespace]}}}", "pod_labels": dict(end.labels)}
    if isinstance(end, Everyone):
        return {"namespace": f"${{{_NAMESPACES[end.namespace]}}}"}
    if end.name == "API server":
        return {"network": "api_server"}
    return {
        "ip_blocks": [
            {"cidr": block.cidr, **({"except": list(block.but)} if block.but else {})} for block in end.blocks
        ]
    }


_APPLICATIONS = code({database: f"${{{_secret(f'database-{database}')}}}" for database in PLATFORM.databases})
_STEADY = (
    'group.capacity_type == "on_demand" && length(group.taints) == 0',
    f'merge(group.labels, {{ {NODE_TYPE} = "on-demand" }})',
)
_SPOT = ('group.capacity_type == "spot"', f'merge(group.labels, {{ {NODE_TYPE} = "spot" }})')


def _labels(which: tuple[str, str]) -> str:
    condition, labels = which
    return f"[for group in var.eks.node_groups : {labels} if {condition}]"


def _common(labels: str) -> str:
    return (
        f"{{ for key, value in try({labels}[0], {{}}) : key => value "
        f"if alltrue([for each in {labels} : lookup(each, key, null) == value]) }}"
    )


_IN_CLUSTER = {"node_selector": "local.steady", "chart_repository": "var.chart_repository"}
_SECRETS = {
    "secret_store": "module.external_secrets.secret_store",
    "secret_refresh_minutes": "var.secret_refresh_minutes",
}
_READY = ("network_policies", "eks_add_ons")
_AUTOSCALING = "Whether their number follows the load."
_OTLP = {"otlp_endpoint": "module.otel_collector.otlp_grpc"}

CHILDREN = (
    Child(
        load("vpc"),
        {"name": "var.name", "deletion_protection": "var.deletion_protection"},
        "The network.",
    ),
    Child(
        load("eks"),
        {
            "cluster_name": "var.name",
            "vpc_id": "module.vpc.vpc_id",
            "subnet_ids": "module.vpc.private_subnet_ids",
            "deletion_protection": "var.deletion_protection",
        },
        "The cluster. Node groups that are given take the place of both that there are otherwise.",
        defaults={"node_groups": NODE_GROUPS},
    ),
    Child(
        load("s3"),
        {
            "bucket_name": "var.name",
            "layers": "var.layers",
            "exchange": "var.trino.fault_tolerant",
            "deletion_protection": "var.deletion_protection",
        },
        "The buckets.",
        defaults={"compute_logs": True},
    ),
    Child(
        load("rds"),
        {
            "name": "var.name",
            "vpc_id": "module.vpc.vpc_id",
            "subnet_ids": "module.vpc.private_subnet_ids",
            "allowed_security_groups": "{ cluster = module.eks.cluster_security_group_id }",
            "deletion_protection": "var.deletion_protection",
        },
        "The PostgreSQL server, with a database for each service that needs one.",
    ),
    Child(
        load("secrets-manager"),
        {
            "name": "var.name",
            "secrets": "local.secrets",
            "deletion_protection": "var.deletion_protection",
        },
        "The secrets, whose values nobody sees.",
    ),
    Child(
        load("service-account-roles"),
        {
            "name": "var.name",
            "oidc_provider_arn": "module.eks.oidc_provider_arn",
            "oidc_issuer": "module.eks.oidc_issuer",
            "bucket_arns": "module.s3.bucket_arns",
            "exchange_bucket_arn": "module.s3.exchange_bucket_arn",
            "compute_logs_bucket_arn": "module.s3.compute_logs_bucket_arn",
            "buckets_kms_key_arn": "module.s3.kms_key_arn",
            "service_accounts": _accounts(),
        },
    ),
    Child(load("namespaces"), {"name": "var.name", "namespaces": _levels(), "quota": "var.quota"}),
    Child(
        load("network-policies"),
        {
            "namespaces": "values(module.namespaces.names)",
            "api_server_cidrs": "compact([module.vpc.vpc_cidr, module.eks.service_cidr])",
        },
        "Who may talk to whom: the services along their wiring, and whoever is named here, such as an office that asks "
        "Trino, or Jaeger that has its traces in Elasticsearch.",
        defaults={"edges": {}},
        adjusted={
            "edges": "merge(local.edges, { for name, edge in local.vendors : name => edge if "
            "var.otel_collector.grafana_cloud != null || var.otel_collector.datadog != null }, {given})"
        },
    ),
    Child(
        load("eks-add-ons"),
        {
            "cluster_name": "module.eks.cluster_name",
            "region": REGION,
            "autoscaler_role_arn": "module.eks.autoscaler_role_arn",
            "kubernetes_version": "var.eks.kubernetes_version",
            **_IN_CLUSTER,
        },
    ),
    Child(
        load("external-secrets"),
        {
            "namespace": _NAMESPACES["external-secrets"],
            "region": REGION,
            "stores": _stores(),
            **_IN_CLUSTER,
        },
        "External Secrets Operator, which copies secrets into the cluster.",
        after=_READY,
    ),
    Child(
        load("postgres-databases"),
        {
            "namespace": _NAMESPACES["database"],
            "database": "{ host = module.rds.host, port = module.rds.port, name = module.rds.database_name }",
            "admin_secret": "module.rds.secret_arn",
            "applications": _APPLICATIONS,
            "node_selector": "local.steady",
            **_SECRETS,
        },
        after=_READY,
    ),
    Child(
        load("jaeger"),
        {
            "namespace": _NAMESPACES["observability"],
            "storage_class": "module.eks_add_ons.storage_class",
            **_IN_CLUSTER,
            **_SECRETS,
        },
        "Jaeger, which keeps and shows traces.",
        after=_READY,
    ),
    Child(
        load("marquez"),
        {
            "namespace": _NAMESPACES["observability"],
            "database": "module.postgres_databases.server",
            "database_secret": _secret("database-marquez"),
            "node_selector": "local.steady",
            **_SECRETS,
        },
        "Marquez, which keeps and shows the lineage of tables.",
        after=_READY,
    ),
    Child(
        load("otel-collector"),
        {
            "namespace": _NAMESPACES["observability"],
            "traces_endpoint": "module.jaeger.otlp_grpc",
            **_IN_CLUSTER,
            **_SECRETS,
        },
        "OpenTelemetry Collector, which takes traces and metrics in.",
        switches={"max_replicas": ("autoscaling", _AUTOSCALING)},
        after=_READY,
    ),
    Child(
        load("polaris"),
        {
            "namespace": _NAMESPACES["catalog"],
            "warehouse": 'replace(var.name, "-", "_")',
            "database": "module.postgres_databases.server",
            "database_secret": _secret("database-polaris"),
            "root_secret": _secret("polaris-root"),
            "token_key_secret": _secret("polaris-token-key"),
            "clients": code(
                {client: f"${{{_secret(f'catalog-client-{client}')}}}" for client in PLATFORM.catalog_clients}
            ),
            "layers": "module.s3.bucket_uris",
            "default_location": "module.s3.bucket_uris[var.layers[0]]",
            "region": REGION,
            "storage_role_arn": 'module.service_account_roles.lent_role_arns["catalog"]',
            "kms_key_arn": "module.s3.kms_key_arn",
            "service_account_annotations": 'module.service_account_roles.annotations["catalog"]',
            **_OTLP,
            **_IN_CLUSTER,
            **_SECRETS,
        },
        "Apache Polaris, the catalog.",
        switches={"max_replicas": ("autoscaling", _AUTOSCALING)},
        left=("s3_compatible",),
        after=_READY,
    ),
    Child(
        load("trino"),
        {
            "name": "var.name",
            "namespace": _NAMESPACES["query"],
            "catalog": '{ type = "rest", uri = module.polaris.uri, warehouse = module.polaris.warehouse, oauth2 = '
            f"{{ secret = {_secret('catalog-client-trino')}, scope = module.polaris.scope }}, "
            "vended_credentials = true }",
            "region": REGION,
            "shared_secret": _secret("trino-shared-secret"),
            "exchange_uri": 'var.trino.fault_tolerant ? "s3://${module.s3.exchange_bucket_name}" : null',
            "service_account_annotations": 'module.service_account_roles.annotations["compute"]',
            "spot": "length(local.spot_labels) > 0",
            "worker_node_selector": "length(local.spot_labels) > 0 ? local.interruptible : local.steady",
            "worker_tolerations": "local.tolerations",
            "openlineage_url": "module.marquez.url",
            "openlineage_path": "module.marquez.path",
            **_OTLP,
            **_IN_CLUSTER,
            **_SECRETS,
        },
        "Trino, the query engine.",
        left=("s3_compatible",),
        after=_READY,
    ),
)

MODULE = Composition(
    name="lakehouse",
    summary="A lakehouse on AWS, whole: network, cluster, buckets, PostgreSQL, secrets, catalog, query engine, traces "
    "and lineage, wired with each other.",
    inputs=(LakehouseInputs, settings(*CHILDREN)),
    construct="floe_infra.platform:FloePlatform",
    build=lambda *_: {},
    providers=("aws", "helm", "kubernetes"),
    terraform=load("secrets-manager").terraform,
    children=CHILDREN,
    locals={
        "secrets": _secrets(),
        "ends": _ends([*_EDGES, *_VENDORS]),
        "edges": _connections(_EDGES),
        "vendors": _connections(_VENDORS),
        "steady_labels": _labels(_STEADY),
        "spot_labels": _labels(_SPOT),
        "steady": _common("local.steady_labels"),
        "interruptible": _common("local.spot_labels"),
        "spot_taints": "merge([for group in var.eks.node_groups : { for taint in concat("
        '[{ key = "spot", value = "true", effect = "NoSchedule" }], group.taints) : taint.key => taint } '
        f"if {_SPOT[0]}]...)",
        "tolerations": '[for taint in local.spot_taints : merge(taint, { operator = "Equal" })]',
    },
    outputs={
        "cluster_name": Output("module.eks.cluster_name", "The cluster's name."),
        "cluster_endpoint": Output("module.eks.cluster_endpoint", "Its API server."),
        "cluster_certificate_authority": Output(
            "module.eks.cluster_certificate_authority", "Who signs its certificate, in Base64."
        ),
        "vpc_id": Output("module.vpc.vpc_id", "The VPC's id."),
        "private_subnet_ids": Output("module.vpc.private_subnet_ids", "The private subnets' ids."),
        "bucket_uris": Output("module.s3.bucket_uris", "The warehouse buckets' URIs, by layer."),
        "database": Output(
            "{ host = module.rds.host, port = module.rds.port, secret_arn = module.rds.secret_arn }",
            "The PostgreSQL server, and the secret with its administrator's login.",
        ),
        "secret_names": Output(
            "module.secrets_manager.secret_names",
            "What the secrets are called in AWS, by name: `cube`, `database-dagster`, `catalog-client-runtime`, …",
        ),
        "catalog_uri": Output("module.polaris.uri", "The Iceberg REST catalog, inside the cluster."),
        "catalog_warehouse": Output("module.polaris.warehouse", "The warehouse's name there."),
        "catalog_namespaces": Output("module.polaris.namespaces", "The namespaces of tables, by layer."),
        "query_host": Output("module.trino.host", "The query engine, inside the cluster."),
        "query_port": Output("module.trino.port", "Its port."),
        "otlp_endpoint": Output("module.otel_collector.otlp_grpc", "Where traces and metrics go, by OTLP/gRPC."),
        "traces_ui": Output("module.jaeger.ui", "Where traces are looked at."),
        "lineage_url": Output('"${module.marquez.url}${module.marquez.path}"', "Where OpenLineage events go."),
        "runtime": Output(
            f'{{ namespace = {_NAMESPACES["floe"]}, service_account = "{_NEEDS["runtime"].service_account}", '
            'annotations = module.service_account_roles.annotations["runtime"], '
            "secret_store = module.external_secrets.secret_store }",
            "What works with the tables runs in this namespace, as this service account, which the annotations let act "
            "as a role of its own, and has its secrets from this SecretStore.",
        ),
    },
    sample={"name": "acme-prod", **samples(*CHILDREN)},
)
