"""The whole file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationInfo, model_validator
from typing_extensions import Self

from floe_infra.catalog.config import CatalogConfig, PolarisConfig
from floe_infra.cloud.config import CloudConfig
from floe_infra.cluster.config import ClusterConfig, EksConfig
from floe_infra.compute.config import ComputeConfig, DuckDbConfig
from floe_infra.config import checks
from floe_infra.context import Environment, keeps_data
from floe_infra.database.config import DatabaseConfig, RdsConfig
from floe_infra.fields import PlatformName, refuse
from floe_infra.handoff.config import CLIENT, FloeRuntimeConfig, RuntimeConfig
from floe_infra.kubernetes.config import KubernetesConfig
from floe_infra.migration.config import MigrationConfig
from floe_infra.model import Disabled, Kind, Model
from floe_infra.needs import Needs
from floe_infra.network.config import NetworkConfig, VpcConfig
from floe_infra.observability.config import (
    JaegerConfig,
    LineageConfig,
    MarquezConfig,
    OtelCollectorConfig,
    TelemetryConfig,
    TracesConfig,
)
from floe_infra.orchestration.config import OrchestrationConfig
from floe_infra.secrets.config import ExternalSecretsConfig, SecretsConfig
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
    secrets: SecretsConfig = ExternalSecretsConfig()
    """Where secrets lie, and how they get into the cluster."""
    catalog: CatalogConfig = PolarisConfig()
    """The Iceberg catalog."""
    compute: ComputeConfig = DuckDbConfig()
    """The query engine."""
    telemetry: TelemetryConfig = OtelCollectorConfig()
    """Where services send traces and metrics."""
    traces: TracesConfig = JaegerConfig()
    """Where traces are kept and looked at."""
    lineage: LineageConfig = MarquezConfig()
    """Where lineage is kept and looked at."""
    runtime: RuntimeConfig = FloeRuntimeConfig()
    """What runs the pipelines."""
    orchestration: OrchestrationConfig = OrchestrationConfig()
    """Whether its charts are installed too."""
    migration: MigrationConfig = Disabled()
    """The other PostgreSQL server, while the data moves from one to the other: `floe-infra migrate` writes this."""
    kubernetes: KubernetesConfig = KubernetesConfig()
    """Charts, quotas, and what else concerns all services in the cluster."""

    @property
    def keeps_data(self) -> bool:
        """Whether buckets, keys, databases and catalogs are protected."""
        return keeps_data(self.environment, allow_data_loss=self.allow_data_loss)

    @property
    def warnings(self) -> dict[str, str]:
        """What whoever chose the kinds should know, by section."""
        return {section: kind.warning for section, kind in self if isinstance(kind, Kind) and kind.warning}

    @property
    def needs(self) -> dict[str, Needs]:
        """What the services in the cluster need of the cloud, by section; nothing without a cluster."""
        if self.cluster.kind == "none":
            return {}
        wanted = {section: kind.needs(self) for section, kind in self if isinstance(kind, Kind)}
        return {section: need for section, need in wanted.items() if need}

    @property
    def databases(self) -> tuple[str, ...]:
        """The databases on the platform's PostgreSQL, each with an owner of the same name."""
        others = (kind for section, kind in self if isinstance(kind, Kind) and section not in ("database", "migration"))
        needs = (kind.needs(self) for kind in others)
        return tuple(database for need in needs if need for database in need.databases)

    @property
    def catalog_clients(self) -> tuple[str, ...]:
        """Who logs in to a catalog that asks for it."""
        engines = ["trino"] if self.compute.kind == "trino" else []
        return (CLIENT, *engines)

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
