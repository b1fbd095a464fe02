"""The whole file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationInfo, model_validator
from typing_extensions import Self

from floe_infra.catalog.config import CatalogConfig, GlueConfig
from floe_infra.cloud.config import CloudConfig
from floe_infra.cluster.config import ClusterConfig, EksConfig
from floe_infra.compute.config import ComputeConfig, DuckDbConfig
from floe_infra.config import checks
from floe_infra.context import Environment, keeps_data
from floe_infra.database.config import DatabaseConfig, RdsConfig
from floe_infra.fields import PlatformName, refuse
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

    @property
    def keeps_data(self) -> bool:
        """Whether buckets, keys, databases and catalogs are protected."""
        return keeps_data(self.environment, allow_data_loss=self.allow_data_loss)

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        """Put the tier's defaults under the file's values; staging's, when the file names no tier that there is."""
        if not isinstance(data, Mapping):
            return data
        if data.get("environment") in get_args(Environment):
            return tiers.fill(data)
        filled = tiers.fill({**data, "environment": "staging"})
        del filled["environment"]
        return {**{key: data[key] for key in data if key == "environment"}, **filled}

    @model_validator(mode="after")
    def _check_sections(self, info: ValidationInfo) -> Self:
        """Compare the sections, but for those that the loader found unsound and replaced."""
        unsound = (info.context or {}).get("unsound", ())
        if findings := tuple(checks.run(self, unsound)):
            raise refuse(*findings)
        return self
