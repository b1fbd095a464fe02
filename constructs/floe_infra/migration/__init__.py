"""Moving a platform that is in use: what lies between the file as it was and the file as it will be."""

from floe_infra.migration.config import ArrivingConfig, LeavingConfig, MigrationConfig

__all__ = ["ArrivingConfig", "LeavingConfig", "MigrationConfig"]
