"""What is handed over: the platform's parts as their refs say, and what follows from several of them at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from floe_infra.compute.config import DuckDbConfig
from floe_infra.compute.duckdb import environment
from floe_infra.config.platform import PlatformConfig
from floe_infra.context import Context
from floe_infra.handoff.config import FloeRuntimeConfig
from floe_infra.kubernetes.placement import Placement
from floe_infra.refs import (
    BucketRef,
    CatalogRef,
    ClusterRef,
    ComputeRef,
    DatabaseRef,
    IdentityRef,
    LineageRef,
    NetworkRef,
    StorageRef,
    TelemetryRef,
)

FLOE_RUNTIME = "fdde34b"
"""The commit of floe-runtime that all files here are written for."""
LOGS_PREFIX = "compute-logs/"
"""Begins the names of what runs print, in the bucket that is theirs alone."""


@dataclass(frozen=True)
class Run:
    """A run's pod, with request and limit alike, and what DuckDB inside it is told."""

    memory_mib: int
    cpu: float
    environment: dict[str, str]

    @property
    def resources(self) -> dict[str, str]:
        """In Kubernetes' spelling; whole numbers of processors and GiB as such."""
        cpu = f"{self.cpu:g}" if float(self.cpu).is_integer() else f"{round(self.cpu * 1000)}m"
        gib, rest = divmod(self.memory_mib, 1024)
        return {"cpu": cpu, "memory": f"{self.memory_mib}Mi" if rest else f"{gib}Gi"}

    @property
    def memory_limit(self) -> str:
        return self.environment["DUCKDB_MEMORY_LIMIT"]

    @property
    def threads(self) -> int:
        return int(self.environment["DUCKDB_THREADS"])


@dataclass(frozen=True)
class Parts:
    """What there is; None stands for what there is not.

    Attributes:
        identity: what Dagster's pods act as.
        lent_role: what the catalog lends its clients.
        steady: where everything single or stateful goes.
        interruptible: where runs go.
        storage_class: of volumes; None for the cluster's default.
    """

    config: PlatformConfig
    context: Context
    network: NetworkRef | None = None
    cluster: ClusterRef | None = None
    storage: StorageRef | None = None
    database: DatabaseRef | None = None
    catalog: CatalogRef | None = None
    compute: ComputeRef | None = None
    telemetry: TelemetryRef | None = None
    lineage: LineageRef | None = None
    identity: IdentityRef | None = None
    lent_role: str | None = None
    steady: Placement = field(default_factory=Placement)
    interruptible: Placement = field(default_factory=Placement)
    storage_class: str | None = None

    @property
    def runtime(self) -> FloeRuntimeConfig | None:
        """None where nothing of floe-runtime's is to be installed."""
        runtime = self.config.runtime
        return runtime if isinstance(runtime, FloeRuntimeConfig) and self.config.cluster.kind != "none" else None

    @property
    def lineage_url(self) -> str | None:
        """With its path: floe-runtime posts to the URL as it is."""
        return f"{self.lineage.url}{self.lineage.path}" if self.lineage else None

    @property
    def on_aws(self) -> bool:
        """On AWS itself, not on its emulator."""
        return self.config.cloud.provider == "aws" and self.context.endpoint is None

    @property
    def storage_role(self) -> str | None:
        """The role of AWS by which tables are read and written, whoever takes it on."""
        if not self.on_aws or self.storage is None or self.storage.secret:
            return None
        return self.lent_role or (self.identity.role_arn if self.identity else None) or None

    @property
    def run(self) -> Run:
        """Of a pipeline. They run DuckDB, whatever else answers queries."""
        compute, runtime = self.compute, self.runtime or FloeRuntimeConfig()
        if compute and "DUCKDB_THREADS" in compute.environment:
            return Run(compute.memory_mib, compute.cpu, dict(compute.environment))
        size = DuckDbConfig(memory_gib=runtime.run_memory_gib, cpu=runtime.run_cpu)
        return Run(size.memory_gib * 1024, size.cpu, environment(size))

    @property
    def database_path(self) -> str:
        """What DuckDB opens. In memory alone, it would forget which extensions it has."""
        return (self.compute.path if self.compute else None) or "/tmp/floe.duckdb"

    @property
    def preaggregations(self) -> BucketRef | None:
        """For Cube. LocalStack's answers are not what Cube Store expects."""
        return self.storage.preaggregations if self.storage and self.config.storage.kind != "localstack" else None
