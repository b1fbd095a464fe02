"""The query engine."""

from floe_infra.compute.config import BigQueryConfig, ComputeConfig, DuckDbConfig, MotherDuckConfig, TrinoConfig

__all__ = ["BigQueryConfig", "ComputeConfig", "DuckDbConfig", "MotherDuckConfig", "TrinoConfig"]
