"""Object storage for Iceberg tables."""

from floe_infra.storage.config import (
    Lifecycle,
    LocalStackConfig,
    MinioConfig,
    RustFsConfig,
    S3Config,
    SeaweedFsConfig,
    StorageConfig,
)

__all__ = [
    "Lifecycle",
    "LocalStackConfig",
    "MinioConfig",
    "RustFsConfig",
    "S3Config",
    "SeaweedFsConfig",
    "StorageConfig",
]
