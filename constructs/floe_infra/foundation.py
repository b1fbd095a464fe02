"""The first stack: what the cloud itself holds."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from floe_infra.config.platform import PlatformConfig
from floe_infra.grants import Grants
from floe_infra.handoff.bundle import bundle
from floe_infra.handoff.chart_values import chart_values
from floe_infra.handoff.parts import Parts
from floe_infra.refs import HANDOFF, Catalog, Cluster, Compute, Database, Network, Secrets, Storage
from floe_infra.stack import PlatformStack


class Foundation(PlatformStack):
    """What the cloud itself holds: network, cluster, storage, database, secrets, catalog, identities.

    A part is None when its section says `kind: none`, or when it is in the cluster alone.
    """

    def __init__(self, scope: Construct, config: PlatformConfig) -> None:
        super().__init__(scope, "foundation", config)
        self._config = config
        self.context = self.add_cloud_provider()
        self.network: Network | None = self._make("network")
        self.cluster: Cluster | None = self._make("cluster", network=self.network)
        self.storage: Storage | None = self._make("storage")
        self.database: Database | None = self._make("database", network=self.network)
        self.migration: Database | None = self._make("migration", network=self.network)
        self.secrets: Secrets | None = self._make("secrets")
        self.catalog: Catalog | None = self._make("catalog", storage=self.storage)
        self.compute: Compute | None = self._make("compute")
        if self.compute and self.compute.reader and self.storage:
            self.storage.grant_read(self.compute.reader)
        self.grants: Grants | None = self._grant()
        self._say_what_there_is()
        if self.cluster is None:
            parts = self._handed_over()
            self.output(HANDOFF, bundle(parts, chart_values(parts)), "What floe-runtime takes: files, by name.")

    def _make(self, section: str, **rooms: Any) -> Any:
        config = getattr(self._config, section)
        if config.construct is None:
            return None
        refs = {name: room.ref if room else None for name, room in rooms.items()}
        return config.load_construct()(self, section, config=config, context=self.context, **refs)

    def _grant(self) -> Grants | None:
        """What the services need of the cloud; and the database answers the cluster's pods."""
        if self.cluster is None:
            return None
        database = self.database or self.migration
        if database:
            database.allow_from(self.cluster.ref)
        return Grants(
            self,
            "grants",
            needs=self._config.needs,
            cluster=self.cluster,
            storage=self.storage,
            secrets=self.secrets,
            catalog=self.catalog,
            compute=self.compute,
            database=database,
        )

    def _handed_over(self) -> Parts:
        """The parts, as floe-runtime is told of them. Where there is a cluster, the other stack knows more."""
        return Parts(
            config=self._config,
            context=self.context,
            network=self.network.ref if self.network else None,
            storage=self.storage.ref if self.storage else None,
            database=self.database.ref if self.database else None,
            catalog=self.catalog.ref if self.catalog else None,
            compute=self.compute.ref if self.compute else None,
        )

    def _say_what_there_is(self) -> None:
        """Outputs, for people and for whatever comes after Terraform. Names only, never a secret's value."""
        if self.network:
            self.output("network_id", self.network.ref.id, "The private network.")
        if self.cluster:
            self.output("cluster_name", self.cluster.ref.name, "The Kubernetes cluster.")
            if self.cluster.ref.endpoint:
                self.output("cluster_endpoint", self.cluster.ref.endpoint, "Its API server.")
        if self.storage:
            layers = {layer: bucket.uri for layer, bucket in self.storage.ref.layers.items()}
            self.output("warehouse", layers, "The buckets, by layer.")
        if self.database:
            self.output("database_host", self.database.ref.host, "The PostgreSQL server.")
            self.output("database_port", self.database.ref.port, "Its port.")
            secret = self.database.ref.secret.remote_key
            self.output("database_secret", secret, "The secret with the administrator's login.")
        if self.cluster and (setup := getattr(self.secrets, "setup", None)):
            self.output("vault_setup", setup, "What an administrator of Vault runs before the services are deployed.")
        if self.catalog:
            self.output("catalog_namespaces", dict(self.catalog.ref.namespaces), "The catalog's databases, by layer.")
        if self.compute:
            self.output("compute_environment", dict(self.compute.ref.environment), "What the engine's pods need.")
        runtime = self.grants.identities.get("runtime") if self.grants else None
        if runtime and runtime.role_arn:
            self.output("runtime_role_arn", runtime.role_arn, "What Dagster's pods act as.")
        elif runtime and runtime.role:
            self.output("runtime_service_account", runtime.role, "What Dagster's pods act as.")
