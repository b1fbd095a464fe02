"""The second stack: what runs in the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.cluster.autoscaler import ClusterAutoscaler
from floe_infra.config.platform import PlatformConfig
from floe_infra.crossing import Crossing
from floe_infra.foundation import Foundation
from floe_infra.handoff.bundle import bundle
from floe_infra.handoff.chart_values import ChartValues, chart_values
from floe_infra.handoff.config import FloeRuntimeConfig
from floe_infra.handoff.parts import Parts
from floe_infra.kubernetes.disks import Disks
from floe_infra.kubernetes.namespaces import Namespace, strictest_for_all
from floe_infra.kubernetes.provider import add_providers
from floe_infra.kubernetes.site import ClusterSecrets, Site
from floe_infra.model import Kind
from floe_infra.network.edges import HTTPS, PRIVATE, Addresses, Block, Edge, Surroundings, Workload, wire
from floe_infra.network.policies import NetworkPolicies, policies_by_namespace
from floe_infra.orchestration.charts import Orchestration
from floe_infra.refs import HANDOFF, ComputeRef, DatabaseRef
from floe_infra.stack import PlatformStack

TAKES: dict[str, tuple[str, ...]] = {
    "storage": (),
    "database": (),
    "migration": ("database",),
    "traces": (),
    "lineage": ("database",),
    "telemetry": ("traces",),
    "catalog": ("storage", "database", "telemetry"),
    "compute": ("storage", "catalog", "telemetry", "lineage"),
    "runtime": ("storage", "database", "catalog", "compute", "telemetry", "lineage"),
}
"""By section, in the order in which they can come up: the sections whose refs its service is given, and to whose pods
its own are let in."""

_HANDED_OVER = ("storage", "database", "catalog", "compute", "telemetry", "lineage")
"""The sections whose refs floe-runtime is told of."""


@dataclass(frozen=True)
class Part:
    """A part of the platform as the services see it: what it says of itself, and what must be there before its use."""

    ref: Any
    ready: Sequence[ITerraformDependable] = ()


class Services(PlatformStack):
    """What runs in the cluster, in the order in which it can come up; it goes down the other way round.

    A part is None when its section says `kind: none`. One that is in the cloud alone is there with its ref.
    """

    def __init__(self, scope: Construct, config: PlatformConfig, foundation: Foundation) -> None:
        super().__init__(scope, "services", config)
        self._config, self._foundation = config, foundation
        self.add_dependency(foundation)
        self._crossing = Crossing(Construct(foundation, "to_services"), self.state_of(foundation))
        self.site = self._open()
        self.workloads = self._list_workloads()
        self.edges = self._wire()
        self.network_policies = self._limit_network()
        self.autoscaler = self._scale()
        self.secrets = self._operate_secrets()
        checksums = self.secrets.checksums if self.secrets else {}
        self.site = replace(self.site, cluster_secrets=self.secrets, secret_checksums=checksums)
        self.storage = self._serve("storage")
        self.database = self._serve("database")
        self.migration = self._serve("migration")
        if self.migration and self.database:
            self.database.ready = [*self.database.ready, *self.migration.ready]
        self.traces = self._serve("traces")
        self.lineage = self._serve("lineage")
        self.telemetry = self._serve("telemetry")
        self.catalog = self._serve("catalog")
        self.compute = self._serve("compute")
        self.runtime = self._serve("runtime")
        if self.secrets:
            self.secrets.settle()
        self._say_what_there_is()
        parts = self._handed_over()
        charts = chart_values(parts)
        self.orchestration = self._orchestrate(charts)
        self.output(HANDOFF, bundle(parts, charts), "What floe-runtime takes: files, by name.")

    def _open(self) -> Site:
        """Providers, namespaces and the disks' class: what everything else stands on."""
        foundation, config = self._foundation, self._config
        assert foundation.cluster
        assert foundation.grants
        cluster = self._crossing.carry("cluster", foundation.cluster.ref)
        add_providers(self, cluster)
        context = self._crossing.carry("context", foundation.context)
        grants = foundation.grants
        return Site(
            cluster=cluster,
            context=context,
            charts=config.kubernetes.charts,
            namespaces=self._make_namespaces(),
            identities=self._crossing.carry("identity", grants.identities),
            lent_roles=self._crossing.carry("lent_role", grants.lent_roles),
            secrets=self._crossing.carry("secret", grants.secrets),
            disks=Disks(self, "disks", storage=cluster.block_storage) if cluster.block_storage else None,
        )

    def _make_namespaces(self) -> dict[str, ITerraformDependable]:
        levels: dict[str, list[str]] = {}
        needs = self._config.needs
        for section, need in needs.items():
            levels.setdefault(need.namespace, []).append(getattr(self._config, section).pod_security)
        existing = {need.namespace for need in needs.values() if need.existing_namespace}
        scope = Construct(self, "namespaces")
        return {
            name: Namespace(
                scope,
                name,
                name=name,
                platform=self.platform_name,
                level=strictest_for_all(wanted),
                quota=self._config.kubernetes.quota,
                existing=name in existing,
            ).ready
            for name, wanted in levels.items()
        }

    def _scale(self) -> ClusterAutoscaler | None:
        identity, version = self.site.cluster.autoscaler, self.site.cluster.version
        if identity is None or version is None:
            return None
        return ClusterAutoscaler(self, "autoscaler", site=self.site, identity=identity, version=version)

    def _operate_secrets(self) -> ClusterSecrets | None:
        config = self._config.secrets
        if config.service is None or self._foundation.grants is None:
            return None
        readers = self._crossing.carry("reader", self._foundation.grants.readers)
        seal = self._crossing.carry("seal", getattr(self._foundation.secrets, "seal", None))
        operator: ClusterSecrets = config.load_service()(
            self,
            "secrets",
            config=config,
            site=self.site,
            readers=readers,
            needs=self._config.needs,
            **({"seal": seal} if seal else {}),
        )
        return operator

    def _list_workloads(self) -> dict[str, tuple[Workload, ...]]:
        """By section, its pods."""
        kinds = {section: getattr(self._config, section) for section in ("secrets", *TAKES)}
        return {section: kind.load_service().workloads(kind) for section, kind in kinds.items() if kind.service}

    def _wire(self) -> list[Edge]:
        """Which pods may talk to which, and to what around them."""
        config = self._config.kubernetes.network_policies
        network, google = self._foundation.network, self._config.cloud.provider == "gcp"
        # On Google, databases and pods have addresses in other networks beside the subnet's.
        known = [self._crossing.carry("network_cidr", network.ref.cidr)] if network and not google else PRIVATE
        around = Surroundings(
            networks=tuple(known),
            services=self.site.cluster.service_cidr,
            gke=google,
            apis=self._config.cloud.provider != "local",
            internet=config.allow_internet,
        )
        in_cloud = {section: self._in_cloud(section, around) for section in TAKES}
        around = replace(around, in_cloud={section: place for section, place in in_cloud.items() if place})
        return wire(self.workloads, takes=TAKES, around=around, config=config)

    def _in_cloud(self, section: str, around: Surroundings) -> tuple[Addresses, int] | None:
        """Where a part is that the cloud has, and who takes its ref goes to; nowhere for DuckDB, which is in its own
        process."""
        ref = self._of_cloud(section)
        if ref is None or (isinstance(ref, ComputeRef) and ref.engine == "duckdb"):
            return None
        if isinstance(ref, DatabaseRef):
            return Addresses("PostgreSQL", tuple(map(Block, around.networks))), ref.port
        return around.cloud, HTTPS

    def _limit_network(self) -> NetworkPolicies | None:
        """Nothing runs in a namespace before its policies are there."""
        if not self._config.kubernetes.network_policies.enabled:
            return None
        policies = policies_by_namespace(self.site.namespaces, self.edges)
        made = NetworkPolicies(self, "network_policies", site=self.site, policies=policies)
        self.site = replace(self.site, namespaces={**self.site.namespaces, **made.ready})
        return made

    def _of_cloud(self, section: str) -> Any:
        """What a part in the cloud says of itself."""
        made = getattr(self._foundation, section, None)
        return self._crossing.carry(section, made.ref) if made else None

    def _serve(self, section: str) -> Any:
        """A section's service, given what other parts say of themselves and made after them."""
        config: Kind = getattr(self._config, section)
        parts: dict[str, Part | None] = {taken: getattr(self, taken) for taken in TAKES[section]}
        cloud = self._of_cloud(section)
        if config.service is None:
            return Part(cloud) if cloud else None
        refs = {name: part.ref if part else None for name, part in parts.items()}
        if config.construct:
            refs[section] = cloud
        after = [ready for part in parts.values() if part for ready in part.ready]
        return config.load_service()(self, section, config=config, site=self.site, after=after, **refs)

    def _handed_over(self) -> Parts:
        """The parts, as floe-runtime is told of them."""
        network, site = self._foundation.network, self.site
        refs = {section: part.ref if (part := getattr(self, section)) else None for section in _HANDED_OVER}
        return Parts(
            config=self._config,
            context=site.context,
            network=self._crossing.carry("network", network.ref) if network else None,
            cluster=site.cluster,
            identity=site.identities.get("runtime"),
            lent_role=site.lent_roles.get("catalog"),
            steady=site.steady,
            interruptible=site.interruptible,
            storage_class=site.storage_class,
            **refs,
        )

    def _orchestrate(self, charts: ChartValues) -> Orchestration | None:
        """floe-runtime's own charts, after everything that they are told of."""
        config, runtime = self._config.orchestration, self._config.runtime
        if not config.enabled or not isinstance(runtime, FloeRuntimeConfig):
            return None
        parts = [getattr(self, section) for section in ("runtime", *TAKES["runtime"])]
        return Orchestration(
            self,
            "orchestration",
            config=config,
            site=self.site,
            namespace=runtime.namespace,
            values=charts.values,
            after=[ready for part in parts if part for ready in part.ready],
        )

    def _say_what_there_is(self) -> None:
        """Outputs, for people and for whatever comes after Terraform. Names only, never a secret's value."""
        if self.traces:
            self.output("traces_ui", self.traces.ref.ui, "Where traces are looked at.")
        if self.lineage:
            self.output("lineage_url", f"{self.lineage.ref.url}{self.lineage.ref.path}", "Where OpenLineage events go.")
        if self.telemetry:
            self.output("otlp_endpoint", self.telemetry.ref.otlp_grpc, "Where traces and metrics go, by OTLP/gRPC.")
        if self.catalog and self.catalog.ref.uri:
            self.output("catalog_uri", self.catalog.ref.uri, "The Iceberg REST catalog.")
            self.output("catalog_warehouse", self.catalog.ref.warehouse, "The warehouse's name there.")
        if self.compute and self.compute.ref.host:
            self.output("query_host", self.compute.ref.host, "The query engine.")
            self.output("query_port", self.compute.ref.port, "Its port.")
