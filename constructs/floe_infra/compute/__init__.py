"""The query engine."""

from floe_infra.compute.config import ComputeConfig, DuckDbConfig, MotherDuckConfig, TrinoConfig

__all__ = ["ComputeConfig", "DuckDbConfig", "MotherDuckConfig", "TrinoConfig"]
