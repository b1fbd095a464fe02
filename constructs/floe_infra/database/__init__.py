"""PostgreSQL."""

from floe_infra.database.config import CloudSqlConfig, DatabaseConfig, InClusterDatabaseConfig, RdsConfig

__all__ = ["CloudSqlConfig", "DatabaseConfig", "InClusterDatabaseConfig", "RdsConfig"]
