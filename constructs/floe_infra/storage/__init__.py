"""Object storage for Iceberg tables."""

from floe_infra.storage.config import Lifecycle, S3Config, StorageConfig

__all__ = ["Lifecycle", "S3Config", "StorageConfig"]
