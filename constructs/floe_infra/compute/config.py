"""The query engine that runs dbt's models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.catalog.config import client_secret, storage_keys
from floe_infra.fields import Finding, GoogleKmsKey, KubernetesName, LayerName, Matches, shown
from floe_infra.model import ANYWHERE, Disabled, Kind
from floe_infra.needs import ExistingSecret, Needs, Password
from floe_infra.secrets.config import SecretName
from floe_infra.sizing.trino import Server, TrinoMemory
from floe_infra.unknown import either

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

CLIENT = "trino"
"""What Trino is called among the catalog's clients, and its service account."""
SHARED_SECRET = "trino-shared-secret"
"""The name of the secret that Trino's servers know each other by, key `shared_secret`."""
MOTHERDUCK_SECRET = "motherduck"
"""What the secret with MotherDuck's token is called within the platform."""

_SPOT_SECONDS = 120
"""EC2 gives two minutes' notice. Google gives pods 15 seconds, within which no worker finishes anything, whatever it
asks for (https://cloud.google.com/kubernetes-engine/docs/concepts/spot-vms)."""
_STEADY_SECONDS = 600
"""What the autoscaler waits for a pod to stop, before it takes a node away all the same
(`--max-graceful-termination-sec`)."""
OLDEST_TRINO = 479
"""The first with every OAuth2 setting of the Iceberg REST catalog
(https://trino.io/docs/current/release/release-479.html)."""


def _too_old(version: str) -> str | None:
    if int(version) >= OLDEST_TRINO:
        return None
    return f"is older than {OLDEST_TRINO}, the first with every OAuth2 setting of the Iceberg REST catalog"


TrinoVersion = Annotated[
    str, Matches(r"[0-9]{3,4}", f"a release of Trino from {OLDEST_TRINO} on such as 481, quoted", refuse=_too_old)
]
PodGib = Annotated[int, Field(ge=4, le=1024)]
"""With less than 4 GiB, what lies beside the heap does not fit."""
Cpu = Annotated[float, Field(ge=0.5, le=128)]


class DuckDbConfig(Kind):
    """DuckDB inside Dagster's run pods: no server, only room on the nodes."""

    kind: Literal["duckdb"] = "duckdb"
    """DuckDB."""
    memory_gib: Annotated[int, Field(ge=1, le=1024)] = 16
    """Memory of a run's pod, request and limit alike, in GiB."""
    cpu: Annotated[float, Field(ge=0.25, le=128)] = 4
    """Processors of a run's pod, request and limit alike."""

    construct: ClassVar = "floe_infra.compute.duckdb:DuckDb"
    clouds: ClassVar = ANYWHERE


class MotherDuckConfig(Kind):
    """MotherDuck: DuckDB inside Dagster's run pods leaves most of the work to MotherDuck's servers."""

    kind: Literal["motherduck"] = "motherduck"
    """MotherDuck."""
    database: Annotated[
        str, Matches(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", "letters, digits, _ and -, beginning with a letter or _")
    ]
    """The database in MotherDuck."""
    secret: SecretName
    """The secret in the cloud's secret manager with the key `token`: an access token of MotherDuck's."""
    memory_gib: Annotated[int, Field(ge=1, le=1024)] = 4
    """Memory of a run's pod, request and limit alike, in GiB. What PyIceberg writes still goes through there."""
    cpu: Annotated[float, Field(ge=0.25, le=128)] = 2
    """Processors of a run's pod, request and limit alike."""

    construct: ClassVar = "floe_infra.compute.motherduck:MotherDuck"
    clouds: ClassVar = ANYWHERE

    @property
    def secrets(self) -> dict[str, ExistingSecret]:
        """The token, by the name that its secret has within the platform. The runtime's namespace reads it."""
        return {MOTHERDUCK_SECRET: ExistingSecret(self.secret, ("token",))}


class BigQueryConfig(Kind):
    """BigQuery: Google's own servers run the queries that Dagster's run pods ask for, in datasets of the platform's."""

    kind: Literal["bigquery"] = "bigquery"
    """Google BigQuery."""
    datasets: Annotated[list[LayerName], Field(min_length=1, max_length=20)] = ["marts"]
    """The datasets, in the platform's region, the first one for what names none. Name the layers to have one for each.
    """
    dataset_prefix: Annotated[str, Matches(r"([A-Za-z0-9_]{1,900})?", "letters, digits and underscores")] = ""
    """Before each name and an underscore; the platform's name and environment when left out."""
    kms_key_name: GoogleKmsKey | None = None
    """An existing key in the same region to encrypt with, which BigQuery's service account may use; `own_key` says what
    is done when left out."""
    own_key: bool = True
    """Encrypt with a key made for it, rotated every 90 days; otherwise with Google's own. A key is never quite gone
    again, so `dev` does without. Switched off later, the key is destroyed, and what it encrypted is lost."""
    memory_gib: Annotated[int, Field(ge=1, le=1024)] = 4
    """Memory of a run's pod, request and limit alike, in GiB. What PyIceberg writes still goes through there."""
    cpu: Annotated[float, Field(ge=0.25, le=128)] = 2
    """Processors of a run's pod, request and limit alike."""

    construct: ClassVar = "floe_infra.compute.bigquery:BigQuery"
    clouds: ClassVar = frozenset({"gcp"})

    def dataset_id(self, name: str, *, prefix: str) -> str:
        """A dataset's id in the project, which takes no hyphens
        (https://cloud.google.com/bigquery/docs/datasets#dataset-naming)."""
        return f"{self.dataset_prefix or prefix}_{name}".replace("-", "_")

    def findings(self) -> Iterator[Finding]:
        """Each dataset once."""
        for index, name in enumerate(self.datasets):
            if name in self.datasets[:index]:
                yield Finding(("datasets", index), f"{name} is named twice", "each dataset once")


class TrinoConfig(Kind):
    """Trino: a coordinator, and workers that do the work. It answers queries, Cube's among them; floe-runtime's own
    pipelines run DuckDB all the same."""

    kind: Literal["trino"] = "trino"
    """Trino."""
    workers: Annotated[int, Field(ge=0, le=500)] = 5
    """Workers; with autoscaling the fewest. With none the coordinator does the work itself."""
    memory_gib: PodGib = 28
    """Memory of a worker's pod, request and limit alike, in GiB; three quarters of it become the JVM's heap."""
    cpu: Cpu = 7
    """Processors that a worker's pod requests."""
    max_workers: Annotated[int, Field(ge=1, le=500)] | None = None
    """Most workers, between which and `workers` their number follows the load; no autoscaling when left out."""
    spot: bool = True
    """Run the workers on spot nodes. The coordinator never does: all queries would be lost with it."""
    fault_tolerant: bool = False
    """Repeat the lost part of a query when a worker vanishes, from intermediate results in a bucket of their own, which
    `storage.exchange` makes. Meant for long queries: short ones take longer, and none is held to the memory of one
    query below, as a part that needs more gets a worker of its own."""
    coordinator_memory_gib: PodGib = 8
    """Memory of the coordinator's pod, in GiB."""
    coordinator_cpu: Cpu = 2
    """Processors that the coordinator's pod requests."""
    max_memory_per_query_gib: Annotated[int, Field(ge=1, le=512_000)] | None = None
    """Memory of one query on all workers together, in GiB; what `workers` have for it when left out."""
    max_memory_per_node_gib: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Memory of one query on one worker, in GiB; half of what the heap has for queries when left out."""
    resource_groups: dict[str, Any] | None = None
    """The document of Trino's file-based resource group manager, with `rootGroups` and `selectors`: which queries wait
    for which."""
    namespace: KubernetesName = "query"
    """The Kubernetes namespace."""
    version: TrinoVersion = "481"
    """The image's tag. From 481 on, queries outlive the storage credentials that the catalog vends them."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here. A list replaces the one made here, so configuration
    properties to add go into `server.coordinatorExtraConfig` and `server.workerExtraConfig`."""

    service: ClassVar = "floe_infra.compute.trino:Trino"
    clouds: ClassVar = ANYWHERE

    def needs(self, platform: PlatformConfig) -> Needs:
        """An identity; the catalog's credentials, or, where the catalog vends none for the storage, the storage itself;
        the bucket for intermediate results; a secret that the servers know each other by."""
        vended = platform.catalog.kind != "none" and platform.catalog.vends_credentials
        login = (client_secret(CLIENT),) if platform.catalog.kind == "polaris" else ()
        return Needs(
            namespace=self.namespace,
            service_account=CLIENT,
            storage=None if vended else "read_write",
            exchange=self.fault_tolerant,
            catalog=True,
            secrets={SHARED_SECRET: {"shared_secret": Password(length=96)}},
            reads=(*login, *storage_keys(platform)),
        )

    @property
    def memory(self) -> TrinoMemory:
        """What becomes of the pods' memory."""
        per_node = _mib(self.max_memory_per_node_gib)
        return TrinoMemory(
            coordinator=Server(self.coordinator_memory_gib * 1024, None if self.workers else per_node),
            worker=Server(self.memory_gib * 1024, per_node),
            workers=self.workers,
            max_workers=self.max_workers,
            given_query_mib=_mib(self.max_memory_per_query_gib),
        )

    @property
    def notice_seconds(self) -> int:
        """Between telling a worker to stop and killing it."""
        return either(self.spot, _SPOT_SECONDS, _STEADY_SECONDS)

    @property
    def release(self) -> int:
        """Trino's, as a number."""
        return int(self.version)

    def findings(self) -> Iterator[Finding]:
        """Numbers that do not add up; resource groups that Trino would not start with."""
        if self.max_workers is not None and self.max_workers < self.workers:
            message = f"max_workers {self.max_workers} is below workers {self.workers}"
            yield Finding(("max_workers",), message, "workers ≤ max_workers", f"raise it to {self.workers} or more")
        elif self.max_workers is not None and not self.workers:
            yield Finding(("workers",), "autoscaling begins with one worker", "1 or more", "or remove max_workers")
        yield from self._memory_findings()
        if self.resource_groups is not None:
            yield from _resource_groups(self.resource_groups)

    def _memory_findings(self) -> Iterator[Finding]:
        memory, pod = self.memory, "memory_gib" if self.workers else "coordinator_memory_gib"
        if not memory.server.starts:
            yield Finding(
                ("max_memory_per_node_gib",),
                f"Trino would not start, since one query and the headroom take the whole heap: {memory.server}",
                f"at most {(memory.server.pool_mib - 1) // 1024} GiB with this {pod}",
                f"lower it, or raise {pod}",
            )
        elif memory.query_mib > memory.most_query_mib:
            yield Finding(
                ("max_memory_per_query_gib",),
                f"{memory.query_mib} MiB for one query are more than it can get of all servers together: {memory}",
                f"at most {memory.most_query_mib // 1024} GiB with these numbers",
                f"lower it, or raise {pod} or the number of workers",
            )


def _mib(gib: int | None) -> int | None:
    return None if gib is None else gib * 1024


_GROUP = ("name", "maxQueued", "hardConcurrencyLimit", "softMemoryLimit")
"""What a group needs (https://trino.io/docs/current/admin/resource-groups.html#resource-group-properties)."""


def _resource_groups(document: dict[str, Any]) -> Iterator[Finding]:
    """Trino refuses to start with what is missing here, and with keys that it does not know."""
    path, known = ("resource_groups",), ("rootGroups", "selectors", "cpuQuotaPeriod", "physicalDataScanQuotaPeriod")
    for key in document:
        if key not in known:
            yield Finding((*path, key), "unknown key", ", ".join(known))
    for key, required in (("rootGroups", _GROUP), ("selectors", ("group",))):
        given = document.get(key)
        if not isinstance(given, list) or not given:
            where = (*path, key) if key in document else path
            yield Finding(where, f"{key} is missing, empty or no list", f"a list of mappings as {key}")
        else:
            yield from _entries((*path, key), given, required)


def _entries(path: tuple[str | int, ...], entries: list[Any], required: tuple[str, ...]) -> Iterator[Finding]:
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            yield Finding((*path, index), f"{shown(entry)} is not a mapping of keys to values")
            continue
        if missing := [key for key in required if key not in entry]:
            yield Finding((*path, index), f"{', '.join(missing)} is required", f"at least {', '.join(required)}")
        if isinstance(entry.get("subGroups"), list):
            yield from _entries((*path, index, "subGroups"), entry["subGroups"], required)


ComputeConfig = Annotated[
    DuckDbConfig | MotherDuckConfig | BigQueryConfig | TrinoConfig | Disabled, Field(discriminator="kind")
]
