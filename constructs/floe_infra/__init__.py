"""Provision a lakehouse with Terraform: the public names.

They are imported when first used: reading a configuration file needs neither CDKTF nor Node.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from floe_infra.catalog import GlueConfig
    from floe_infra.catalog.glue import GlueCatalog
    from floe_infra.cloud import AwsCloud
    from floe_infra.cluster import EksConfig, ExistingEksConfig, NodeGroupConfig
    from floe_infra.cluster.eks import EksCluster
    from floe_infra.cluster.existing_eks import ExistingEksCluster
    from floe_infra.compute import DuckDbConfig
    from floe_infra.compute.duckdb import DuckDb
    from floe_infra.config import ConfigError, PlatformConfig, load
    from floe_infra.context import Context
    from floe_infra.database import RdsConfig
    from floe_infra.database.rds import RdsDatabase
    from floe_infra.network import ExistingVpcConfig, VpcConfig
    from floe_infra.network.existing_vpc import ExistingVpc
    from floe_infra.network.vpc import Vpc
    from floe_infra.platform import FloePlatform
    from floe_infra.state import LocalState, S3State
    from floe_infra.storage import S3Config
    from floe_infra.storage.s3 import S3Storage

    __version__: str

_HOME = {
    "AwsCloud": "cloud",
    "ConfigError": "config",
    "Context": "context",
    "DuckDb": "compute.duckdb",
    "DuckDbConfig": "compute",
    "EksCluster": "cluster.eks",
    "EksConfig": "cluster",
    "ExistingEksCluster": "cluster.existing_eks",
    "ExistingEksConfig": "cluster",
    "ExistingVpc": "network.existing_vpc",
    "ExistingVpcConfig": "network",
    "FloePlatform": "platform",
    "GlueCatalog": "catalog.glue",
    "GlueConfig": "catalog",
    "LocalState": "state",
    "NodeGroupConfig": "cluster",
    "PlatformConfig": "config",
    "RdsConfig": "database",
    "RdsDatabase": "database.rds",
    "S3Config": "storage",
    "S3State": "state",
    "S3Storage": "storage.s3",
    "Vpc": "network.vpc",
    "VpcConfig": "network",
    "load": "config",
}

__all__ = [
    "AwsCloud",
    "ConfigError",
    "Context",
    "DuckDb",
    "DuckDbConfig",
    "EksCluster",
    "EksConfig",
    "ExistingEksCluster",
    "ExistingEksConfig",
    "ExistingVpc",
    "ExistingVpcConfig",
    "FloePlatform",
    "GlueCatalog",
    "GlueConfig",
    "LocalState",
    "NodeGroupConfig",
    "PlatformConfig",
    "RdsConfig",
    "RdsDatabase",
    "S3Config",
    "S3State",
    "S3Storage",
    "Vpc",
    "VpcConfig",
    "__version__",
    "load",
]

if not TYPE_CHECKING:  # else type checkers would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("floe-infra")
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
