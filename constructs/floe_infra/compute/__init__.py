"""The query engine."""

from floe_infra.compute.config import ComputeConfig, DuckDbConfig

__all__ = ["ComputeConfig", "DuckDbConfig"]
