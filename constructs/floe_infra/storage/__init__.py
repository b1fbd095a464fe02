"""Object storage for Iceberg tables."""

from floe_infra.storage.config import (
    GcsConfig,
    GcsLifecycle,
    Lifecycle,
    LocalStackConfig,
    MinioConfig,
    RustFsConfig,
    S3Config,
    SeaweedFsConfig,
    StorageConfig,
)

__all__ = [
    "GcsConfig",
    "GcsLifecycle",
    "Lifecycle",
    "LocalStackConfig",
    "MinioConfig",
    "RustFsConfig",
    "S3Config",
    "SeaweedFsConfig",
    "StorageConfig",
]
