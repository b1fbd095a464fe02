"""The front door: configuration in, stacks out."""

from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput
from constructs import Construct

from floe_infra.config.platform import PlatformConfig
from floe_infra.model import Disabled
from floe_infra.refs import Catalog, Cluster, Compute, Database, IdentityRef, Network, Storage
from floe_infra.stack import PlatformStack

RUNTIME_NAMESPACE = "floe"
RUNTIME_SERVICE_ACCOUNT = "dagster"


class FloePlatform(Construct):
    """A data platform, as its configuration describes it.

    Attributes:
        foundation: the stack of everything in the cloud.
    """

    def __init__(self, scope: Construct, id: str, config: PlatformConfig) -> None:
        super().__init__(scope, id)
        self.foundation = Foundation(self, config)


class Foundation(PlatformStack):
    """What the cloud itself holds: network, cluster, storage, database, catalog, identities.

    Every part is None when its section says `kind: none`.
    """

    def __init__(self, scope: Construct, config: PlatformConfig) -> None:
        super().__init__(scope, "foundation", config)
        self.network: Network | None = self._make("network", config.network)
        self.cluster: Cluster | None = self._make("cluster", config.cluster, network=self.network)
        self.storage: Storage | None = self._make("storage", config.storage)
        self.database: Database | None = self._make("database", config.database, network=self.network)
        self.catalog: Catalog | None = self._make("catalog", config.catalog, storage=self.storage)
        self.compute: Compute | None = self._make("compute", config.compute)
        self.runtime: IdentityRef | None = self._let_runtime_work()
        self._say_what_there_is()

    def _make(self, section: str, config: Any, **refs: Any) -> Any:
        if isinstance(config, Disabled):
            return None
        given = {name: room.ref if room else None for name, room in refs.items()}
        return config.load_construct()(self, section, config=config, context=self.context, **given)

    def _let_runtime_work(self) -> IdentityRef | None:
        """Dagster's pods read and write tables; the database answers the cluster's pods."""
        if self.cluster is None:
            return None
        if self.database:
            self.database.allow_from(self.cluster.ref)
        runtime = self.cluster.identity("runtime", namespace=RUNTIME_NAMESPACE, service_account=RUNTIME_SERVICE_ACCOUNT)
        if self.storage:
            self.storage.grant_read_write(runtime)
        if self.catalog:
            self.catalog.grant_read_write(runtime)
        return runtime

    def _say_what_there_is(self) -> None:
        """Outputs, for people and for whatever comes after Terraform. Names only, never a secret's value."""
        if self.network:
            self._output("network_id", self.network.ref.id, "The private network.")
        if self.cluster:
            self._output("cluster_name", self.cluster.ref.name, "The Kubernetes cluster.")
            self._output("cluster_endpoint", self.cluster.ref.endpoint, "Its API server.")
        if self.storage:
            layers = {layer: bucket.uri for layer, bucket in self.storage.ref.layers.items()}
            self._output("warehouse", layers, "The buckets, by layer.")
        if self.database:
            self._output("database_host", self.database.ref.host, "The PostgreSQL server.")
            self._output("database_port", self.database.ref.port, "Its port.")
            secret = self.database.ref.secret.remote_key
            self._output("database_secret", secret, "The secret with the administrator's login.")
        if self.catalog:
            self._output("catalog_namespaces", dict(self.catalog.ref.namespaces), "The catalog's databases, by layer.")
        if self.compute:
            self._output("compute_environment", dict(self.compute.ref.environment), "What the engine's pods need.")
        if self.runtime:
            self._output("runtime_role_arn", self.runtime.role_arn, "What Dagster's pods act as.")

    def _output(self, name: str, value: Any, description: str) -> None:
        TerraformOutput(self, name, value=value, description=description)
