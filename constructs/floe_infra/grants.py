"""The foundation's answer to what the services in the cluster need: identities, secrets, and who may read them."""

from __future__ import annotations

from collections.abc import Mapping

from constructs import Construct

from floe_infra.needs import Needs, reads_by_namespace
from floe_infra.refs import (
    Catalog,
    Cluster,
    Compute,
    Database,
    IdentityRef,
    SecretRef,
    Secrets,
    SecretsElsewhere,
    Storage,
    Unsealed,
)
from floe_infra.secrets.in_files.names import SecretNames

READER = "secret-reader"
"""The service account, in each namespace, that reads the namespace's secrets."""


class Grants(Construct):
    """What each service may do in the cloud, and nothing beyond.

    Args:
        needs: by section of the configuration.
        secrets: the secret manager; None where no service needs one.
        catalog: the cloud's own catalog, if that is the platform's.
        compute: the query engine, if it is not in the cluster.
        database: the cloud's own PostgreSQL server, likewise; the secret with its administrator's login is there.

    Attributes:
        identities: by section.
        lent_roles: what an identity may lend out to its clients, by section.
        secrets: by name.
        readers: by namespace, the identity that reads the namespace's secrets.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        needs: Mapping[str, Needs],
        cluster: Cluster,
        storage: Storage | None,
        secrets: Secrets | None,
        catalog: Catalog | None,
        compute: Compute | None,
        database: Database | None,
    ) -> None:
        super().__init__(scope, id)
        self._needs, self._cluster, self._storage, self._catalog = needs, cluster, storage, catalog
        self._compute, self._manager = compute, secrets
        self.identities: dict[str, IdentityRef] = {}
        self.lent_roles: dict[str, str] = {}
        self.readers: dict[str, IdentityRef] = {}
        for section, need in needs.items():
            if need.service_account:
                self._identify(section, need, need.service_account)
        self.secrets = self._make_secrets(secrets) if secrets else {}
        if database:
            self.secrets[database.ref.secret.name] = database.ref.secret
        if isinstance(secrets, SecretNames):
            if operator := self.identities.get("secrets"):
                secrets.let_decrypt(operator)
        elif secrets:
            self._let_read(secrets)

    def _identify(self, section: str, need: Needs, service_account: str) -> None:
        identity = self._cluster.identity(section, namespace=need.namespace, service_account=service_account)
        self.identities[section] = identity
        if need.catalog and self._catalog:
            self._catalog.grant_read_write(identity)
        if need.compute and self._compute:
            self._compute.grant_use(identity)
        if need.unseals and isinstance(self._manager, Unsealed):
            self._manager.let_unseal(identity)
        if self._storage is None:
            return
        if need.storage == "read_write":
            self._storage.grant_read_write(identity)
        if need.storage == "lend":
            self.lent_roles[section] = self._storage.lend_role(identity)
        if need.exchange:
            self._storage.grant_exchange(identity)
        if need.compute_logs:
            self._storage.grant_compute_logs(identity)

    def _make_secrets(self, manager: Secrets) -> dict[str, SecretRef]:
        made: dict[str, SecretRef] = {}
        for need in self._needs.values():
            for name, content in need.all_secrets.items():
                made[name] = manager.make(name, content)
            for name, existing in need.existing.items():
                made[name] = manager.find(name, existing)
        return made

    def _let_read(self, manager: Secrets) -> None:
        for namespace, names in reads_by_namespace(self._needs).items():
            wanted = [self.secrets[name] for name in names]
            if isinstance(manager, SecretsElsewhere) and not manager.in_cloud(wanted):
                reader = IdentityRef(namespace, READER, role="", role_arn="")
            else:
                reader = self._cluster.identity(f"{READER}_{namespace}", namespace=namespace, service_account=READER)
            manager.grant_read(reader, wanted)
            self.readers[namespace] = reader
