"""PostgreSQL."""

from floe_infra.database.config import DatabaseConfig, InClusterDatabaseConfig, RdsConfig

__all__ = ["DatabaseConfig", "InClusterDatabaseConfig", "RdsConfig"]
