"""DuckDB: part of Dagster's run pods, so there is nothing to make, only limits to agree on."""

from __future__ import annotations

from math import ceil

from constructs import Construct

from floe_infra.compute.config import BigQueryConfig, DuckDbConfig, MotherDuckConfig
from floe_infra.context import Context
from floe_infra.refs import ComputeRef, IdentityRef

TEMP_DIRECTORY = "/tmp/duckdb"
"""Where DuckDB spills what memory does not hold; pods mount an `emptyDir` there."""


class DuckDb(Construct):
    """The size of a run's pod, and what DuckDB inside it is told of that size.

    DuckDB itself reads none of the variables: the project passes them to `SET memory_limit`, `threads` and
    `temp_directory`.

    Attributes:
        ref: what other rooms take.
    """

    reader = None

    def __init__(self, scope: Construct, id: str, *, config: DuckDbConfig, context: Context) -> None:  # noqa: ARG002
        super().__init__(scope, id)
        self.ref = ComputeRef(
            engine="duckdb",
            memory_mib=config.memory_gib * 1024,
            cpu=config.cpu,
            environment=environment(config),
        )

    def grant_use(self, identity: IdentityRef) -> None:
        """Nothing to grant: the engine is in the identity's own pods."""


def environment(config: DuckDbConfig | MotherDuckConfig | BigQueryConfig) -> dict[str, str]:
    """What DuckDB is told of its pod."""
    return {
        "DUCKDB_MEMORY_LIMIT": f"{memory_limit_mib(config.memory_gib * 1024)}MiB",
        "DUCKDB_THREADS": str(threads(config.cpu)),
        "DUCKDB_TEMP_DIRECTORY": TEMP_DIRECTORY,
    }


def memory_limit_mib(pod_mib: int) -> int:
    """Three quarters of the pod's memory: the limit covers DuckDB's buffers alone. Python, Arrow batches and what
    DuckDB allocates outside its buffer manager need the rest, else the kernel kills the pod
    (https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads)."""
    return pod_mib * 3 // 4


def threads(cpu: float) -> int:
    """A part of a processor counts as a whole thread, as DuckDB counts its container's CPU quota by itself
    (`CGroups::GetCPULimit` in https://github.com/duckdb/duckdb/blob/main/src/common/cgroups.cpp)."""
    return ceil(cpu)
