"""PostgreSQL."""

from floe_infra.database.config import DatabaseConfig, RdsConfig

__all__ = ["DatabaseConfig", "RdsConfig"]
