"""The query engine that runs dbt's models."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.model import Disabled, Kind


class DuckDbConfig(Kind):
    """DuckDB inside Dagster's run pods: no server, only room on the nodes."""

    kind: Literal["duckdb"] = "duckdb"
    """DuckDB."""
    memory_gib: Annotated[int, Field(ge=1, le=1024)] = 16
    """Memory of a run's pod, request and limit alike, in GiB."""
    cpu: Annotated[float, Field(ge=0.25, le=128)] = 4
    """Processors of a run's pod, request and limit alike."""

    construct: ClassVar = "floe_infra.compute.duckdb:DuckDb"
    clouds: ClassVar = frozenset({"aws"})


ComputeConfig = Annotated[DuckDbConfig | Disabled, Field(discriminator="kind")]
