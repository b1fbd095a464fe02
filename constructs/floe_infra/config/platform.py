"""The whole file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from floe_infra.catalog.config import CatalogConfig, GlueConfig
from floe_infra.cloud.config import CloudConfig
from floe_infra.cluster.config import ClusterConfig, EksConfig
from floe_infra.compute.config import ComputeConfig, DuckDbConfig
from floe_infra.config import checks
from floe_infra.context import Environment
from floe_infra.database.config import DatabaseConfig, RdsConfig
from floe_infra.fields import PlatformName
from floe_infra.model import Model
from floe_infra.network.config import NetworkConfig, VpcConfig
from floe_infra.sizing import tiers
from floe_infra.state.config import LocalState, StateConfig
from floe_infra.storage.config import S3Config, StorageConfig


class PlatformConfig(Model):
    """A data platform. What is left out comes from the environment's tier and the cloud's usual kinds."""

    name: PlatformName
    """Begins the name of everything that is made."""
    environment: Environment
    """Chooses the tier: sizes, redundancy and how long things are kept."""
    allow_data_loss: bool = False
    """In `local` and `dev`: let Terraform remove buckets, keys and databases with what they hold."""
    cloud: CloudConfig
    """Account and region."""
    state: StateConfig = LocalState()
    """Where Terraform keeps its state."""
    network: NetworkConfig = VpcConfig()
    """The private network."""
    cluster: ClusterConfig = EksConfig()
    """The Kubernetes cluster."""
    storage: StorageConfig = S3Config()
    """The buckets."""
    database: DatabaseConfig = RdsConfig()
    """PostgreSQL."""
    catalog: CatalogConfig = GlueConfig()
    """The Iceberg catalog."""
    compute: ComputeConfig = DuckDbConfig()
    """The query engine."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        return tiers.fill(data) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _check(self) -> Self:
        if findings := list(checks.run(self)):
            text = "; ".join(f"{'.'.join(map(str, finding.path))}: {finding.message}" for finding in findings)
            raise PydanticCustomError("floe_findings", "{text}", {"text": text, "findings": findings})
        return self
