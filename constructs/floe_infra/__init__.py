"""Provision a lakehouse with Terraform: the public names.

They are imported when first used: reading a configuration file needs neither CDKTF nor Node.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from floe_infra.catalog.glue import GlueCatalog
    from floe_infra.cluster.eks import EksCluster
    from floe_infra.compute.duckdb import DuckDb
    from floe_infra.config import ConfigError, PlatformConfig, load
    from floe_infra.context import Context
    from floe_infra.database.rds import RdsDatabase
    from floe_infra.network.vpc import Vpc
    from floe_infra.platform import FloePlatform
    from floe_infra.storage.s3 import S3Storage

_HOME = {
    "ConfigError": "config",
    "Context": "context",
    "DuckDb": "compute.duckdb",
    "EksCluster": "cluster.eks",
    "FloePlatform": "platform",
    "GlueCatalog": "catalog.glue",
    "PlatformConfig": "config",
    "RdsDatabase": "database.rds",
    "S3Storage": "storage.s3",
    "Vpc": "network.vpc",
    "load": "config",
}

__all__ = [
    "ConfigError",
    "Context",
    "DuckDb",
    "EksCluster",
    "FloePlatform",
    "GlueCatalog",
    "PlatformConfig",
    "RdsDatabase",
    "S3Storage",
    "Vpc",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
