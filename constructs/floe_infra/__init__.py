"""Provision a lakehouse with Terraform: the public names.

They are imported when first used: reading a configuration file needs neither CDKTF nor Node.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from floe_infra.catalog import GlueConfig, NessieConfig, PolarisConfig
    from floe_infra.catalog.glue import GlueCatalog
    from floe_infra.catalog.nessie import Nessie
    from floe_infra.catalog.polaris import Polaris
    from floe_infra.cloud import AwsCloud, GoogleCloud, LocalCloud
    from floe_infra.cluster import (
        EksConfig,
        ExistingEksConfig,
        ExistingGkeConfig,
        GkeConfig,
        GkeNodeGroupConfig,
        KubeconfigConfig,
        NodeGroupConfig,
    )
    from floe_infra.cluster.eks import EksCluster
    from floe_infra.cluster.existing_eks import ExistingEksCluster
    from floe_infra.cluster.existing_gke import ExistingGkeCluster
    from floe_infra.cluster.gke import GkeCluster
    from floe_infra.compute import BigQueryConfig, DuckDbConfig, MotherDuckConfig, TrinoConfig
    from floe_infra.compute.bigquery import BigQuery
    from floe_infra.compute.duckdb import DuckDb
    from floe_infra.compute.motherduck import MotherDuck
    from floe_infra.compute.trino import Trino
    from floe_infra.config import ConfigError, PlatformConfig, load
    from floe_infra.context import Context
    from floe_infra.database import CloudSqlConfig, InClusterDatabaseConfig, RdsConfig
    from floe_infra.database.cloud_sql import CloudSqlDatabase
    from floe_infra.database.databases import Databases
    from floe_infra.database.in_cluster import InClusterDatabase
    from floe_infra.database.rds import RdsDatabase
    from floe_infra.handoff import FloeRuntimeConfig
    from floe_infra.handoff.floe_runtime import FloeRuntime
    from floe_infra.kubernetes import KubernetesConfig
    from floe_infra.kubernetes.manifests import Manifests
    from floe_infra.kubernetes.release import Release
    from floe_infra.kubernetes.site import SecretCopy, Site
    from floe_infra.network import ExistingGcpNetworkConfig, ExistingVpcConfig, GcpNetworkConfig, VpcConfig
    from floe_infra.network.existing_gcp_network import ExistingGcpNetwork
    from floe_infra.network.existing_vpc import ExistingVpc
    from floe_infra.network.gcp_network import GcpNetwork
    from floe_infra.network.vpc import Vpc
    from floe_infra.observability import JaegerConfig, MarquezConfig, OtelCollectorConfig
    from floe_infra.observability.jaeger import Jaeger
    from floe_infra.observability.marquez import Marquez
    from floe_infra.observability.otel_collector import OtelCollector
    from floe_infra.platform import FloePlatform
    from floe_infra.secrets import (
        ExternalSecretsConfig,
        InClusterSecretsConfig,
        OpenBaoConfig,
        SealedSecretsConfig,
        SecretManagerConfig,
        SopsConfig,
        VaultConfig,
    )
    from floe_infra.secrets.aws_secrets_manager import AwsSecretsManager
    from floe_infra.secrets.external_secrets import ExternalSecrets
    from floe_infra.secrets.google_external_secrets import GoogleExternalSecrets
    from floe_infra.secrets.google_secret_manager import GoogleSecretManager
    from floe_infra.secrets.in_files.sealed_secrets import SealedSecrets
    from floe_infra.secrets.in_files.sops import Sops
    from floe_infra.secrets.vault import OpenBaoSecrets, VaultSecrets
    from floe_infra.secrets.vault_external_secrets import VaultExternalSecrets
    from floe_infra.secrets.vault_server import OpenBao
    from floe_infra.state import GcsState, LocalState, S3State
    from floe_infra.storage import GcsConfig, LocalStackConfig, MinioConfig, RustFsConfig, S3Config, SeaweedFsConfig
    from floe_infra.storage.gcs import GcsStorage
    from floe_infra.storage.s3 import S3Storage

    __version__: str

_HOME = {
    "AwsCloud": "cloud",
    "AwsSecretsManager": "secrets.aws_secrets_manager",
    "BigQuery": "compute.bigquery",
    "BigQueryConfig": "compute",
    "CloudSqlConfig": "database",
    "CloudSqlDatabase": "database.cloud_sql",
    "ConfigError": "config",
    "Context": "context",
    "Databases": "database.databases",
    "DuckDb": "compute.duckdb",
    "DuckDbConfig": "compute",
    "EksCluster": "cluster.eks",
    "EksConfig": "cluster",
    "ExistingEksCluster": "cluster.existing_eks",
    "ExistingEksConfig": "cluster",
    "ExistingGcpNetwork": "network.existing_gcp_network",
    "ExistingGcpNetworkConfig": "network",
    "ExistingGkeCluster": "cluster.existing_gke",
    "ExistingGkeConfig": "cluster",
    "ExistingVpc": "network.existing_vpc",
    "ExistingVpcConfig": "network",
    "ExternalSecrets": "secrets.external_secrets",
    "ExternalSecretsConfig": "secrets",
    "FloePlatform": "platform",
    "FloeRuntime": "handoff.floe_runtime",
    "FloeRuntimeConfig": "handoff",
    "GcpNetwork": "network.gcp_network",
    "GcpNetworkConfig": "network",
    "GcsConfig": "storage",
    "GcsState": "state",
    "GcsStorage": "storage.gcs",
    "GkeCluster": "cluster.gke",
    "GkeConfig": "cluster",
    "GkeNodeGroupConfig": "cluster",
    "GlueCatalog": "catalog.glue",
    "GlueConfig": "catalog",
    "GoogleCloud": "cloud",
    "GoogleExternalSecrets": "secrets.google_external_secrets",
    "GoogleSecretManager": "secrets.google_secret_manager",
    "InClusterDatabase": "database.in_cluster",
    "InClusterDatabaseConfig": "database",
    "InClusterSecretsConfig": "secrets",
    "Jaeger": "observability.jaeger",
    "JaegerConfig": "observability",
    "KubeconfigConfig": "cluster",
    "KubernetesConfig": "kubernetes",
    "LocalCloud": "cloud",
    "LocalStackConfig": "storage",
    "LocalState": "state",
    "Manifests": "kubernetes.manifests",
    "Marquez": "observability.marquez",
    "MarquezConfig": "observability",
    "MinioConfig": "storage",
    "MotherDuck": "compute.motherduck",
    "MotherDuckConfig": "compute",
    "Nessie": "catalog.nessie",
    "NessieConfig": "catalog",
    "NodeGroupConfig": "cluster",
    "OpenBao": "secrets.vault_server",
    "OpenBaoConfig": "secrets",
    "OpenBaoSecrets": "secrets.vault",
    "OtelCollector": "observability.otel_collector",
    "OtelCollectorConfig": "observability",
    "PlatformConfig": "config",
    "Polaris": "catalog.polaris",
    "PolarisConfig": "catalog",
    "RdsConfig": "database",
    "RdsDatabase": "database.rds",
    "Release": "kubernetes.release",
    "RustFsConfig": "storage",
    "S3Config": "storage",
    "S3State": "state",
    "S3Storage": "storage.s3",
    "SealedSecrets": "secrets.in_files.sealed_secrets",
    "SealedSecretsConfig": "secrets",
    "SeaweedFsConfig": "storage",
    "SecretCopy": "kubernetes.site",
    "SecretManagerConfig": "secrets",
    "Site": "kubernetes.site",
    "Sops": "secrets.in_files.sops",
    "SopsConfig": "secrets",
    "Trino": "compute.trino",
    "TrinoConfig": "compute",
    "VaultConfig": "secrets",
    "VaultExternalSecrets": "secrets.vault_external_secrets",
    "VaultSecrets": "secrets.vault",
    "Vpc": "network.vpc",
    "VpcConfig": "network",
    "load": "config",
}

__all__ = [
    "AwsCloud",
    "AwsSecretsManager",
    "BigQuery",
    "BigQueryConfig",
    "CloudSqlConfig",
    "CloudSqlDatabase",
    "ConfigError",
    "Context",
    "Databases",
    "DuckDb",
    "DuckDbConfig",
    "EksCluster",
    "EksConfig",
    "ExistingEksCluster",
    "ExistingEksConfig",
    "ExistingGcpNetwork",
    "ExistingGcpNetworkConfig",
    "ExistingGkeCluster",
    "ExistingGkeConfig",
    "ExistingVpc",
    "ExistingVpcConfig",
    "ExternalSecrets",
    "ExternalSecretsConfig",
    "FloePlatform",
    "FloeRuntime",
    "FloeRuntimeConfig",
    "GcpNetwork",
    "GcpNetworkConfig",
    "GcsConfig",
    "GcsState",
    "GcsStorage",
    "GkeCluster",
    "GkeConfig",
    "GkeNodeGroupConfig",
    "GlueCatalog",
    "GlueConfig",
    "GoogleCloud",
    "GoogleExternalSecrets",
    "GoogleSecretManager",
    "InClusterDatabase",
    "InClusterDatabaseConfig",
    "InClusterSecretsConfig",
    "Jaeger",
    "JaegerConfig",
    "KubeconfigConfig",
    "KubernetesConfig",
    "LocalCloud",
    "LocalStackConfig",
    "LocalState",
    "Manifests",
    "Marquez",
    "MarquezConfig",
    "MinioConfig",
    "MotherDuck",
    "MotherDuckConfig",
    "Nessie",
    "NessieConfig",
    "NodeGroupConfig",
    "OpenBao",
    "OpenBaoConfig",
    "OpenBaoSecrets",
    "OtelCollector",
    "OtelCollectorConfig",
    "PlatformConfig",
    "Polaris",
    "PolarisConfig",
    "RdsConfig",
    "RdsDatabase",
    "Release",
    "RustFsConfig",
    "S3Config",
    "S3State",
    "S3Storage",
    "SealedSecrets",
    "SealedSecretsConfig",
    "SeaweedFsConfig",
    "SecretCopy",
    "SecretManagerConfig",
    "Site",
    "Sops",
    "SopsConfig",
    "Trino",
    "TrinoConfig",
    "VaultConfig",
    "VaultExternalSecrets",
    "VaultSecrets",
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
