"""Project Nessie: the servers, and in them the layers' namespaces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.catalog.config import NessieConfig
from floe_infra.catalog.server import namespace_location, namespaces, program_job, server_values, server_workload
from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import labels
from floe_infra.kubernetes.placement import ZONE
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.needs import login_secret
from floe_infra.network.edges import Workload
from floe_infra.refs import CatalogRef, DatabaseRef, StorageRef, TelemetryRef

NAME = "nessie"
PROVISIONING = "nessie-provisioning"

_LOGIN = login_secret(NAME)


class Nessie(Construct):
    """Nessie, with its versions in PostgreSQL, and a job that makes the namespaces.

    Nessie asks nobody who they are, unless an identity provider is given in the chart's `values`: whoever reaches it
    inside the cluster may read and change what it knows. It therefore lends nobody access to the storage, and clients
    have their own. (It could to one bucket only: outside of its warehouse's one location, Nessie lets clients read and
    not write.) Its own access is on AWS that of a role which it assumes, on Google that of its own service account.

    There is one warehouse. What is in no namespace with a location of its own goes to the first layer's bucket.

    Args:
        storage: where tables go.
        database: where Nessie keeps what it knows.
        telemetry: where it sends traces.

    Attributes:
        ref: what other parts take.
        secrets: the credentials, copied.
        server: Nessie.
        provisioning: the job that makes the namespaces.
        ready: what uses the catalog comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: NessieConfig,
        site: Site,
        storage: StorageRef,
        database: DatabaseRef,
        telemetry: TelemetryRef | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self._config, self._site, self._storage = config, site, storage
        namespace = config.namespace
        login = SecretCopy("nessie-db", site.secrets[_LOGIN])
        keys = SecretCopy("nessie-storage", storage.secret) if storage.secret else None
        self.ref = CatalogRef(
            kind="nessie",
            warehouse=config.warehouse_name(prefix=site.context.prefix),
            region=storage.region,
            uri=f"http://{NAME}.{namespace}.svc.cluster.local:19120/iceberg",
            namespaces=namespaces(config, storage),
        )
        copies = [login, *([keys] if keys else [])]
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=copies)
        values = {
            **server_values(config, name=NAME, site=site, storage=storage, telemetry=telemetry),
            **site.restarting("podAnnotations", namespace, *(copy.ref(namespace).name for copy in copies)),
            "image": {"tag": charts.NESSIE.version},
            "podDisruptionBudget": {"enabled": config.replicas > 1, "policy": {"maxUnavailable": 1}},
            "affinity": _apart(),
            # Two minutes: the chart's 50 s are not enough for Java on a node that has just started.
            "startupProbe": {"failureThreshold": 12},
            "versionStoreType": "JDBC2",
            "jdbc": {
                "jdbcUrl": database.jdbc_url(NAME),
                "secret": {"name": login.ref(namespace).name, "username": "username", "password": "password"},
            },
            "advancedConfig": {"quarkus.datasource.postgresql.jdbc.max-size": config.database_connections},
            "catalog": self._catalog(keys.ref(namespace).name if keys else None),
            "authentication": {"enabled": False},
            "authorization": {"enabled": False},
        }
        self.server = site.release(
            self,
            "server",
            name=NAME,
            chart=charts.NESSIE,
            namespace=namespace,
            values=values,
            user_values=config.values,
            after=[*self.secrets, *after],
        )
        self.provisioning = site.manifests(
            self,
            "provisioning",
            name=PROVISIONING,
            namespace=namespace,
            manifests=program_job(
                PROVISIONING, program="make_namespaces.py", spec=json.dumps(self._spec(), indent=2), site=site
            ),
            after=[self.server.release],
        )
        self.ready = [self.provisioning.release]

    @staticmethod
    def workloads(config: NessieConfig) -> tuple[Workload, ...]:
        """The servers and the job."""
        return (
            server_workload(NAME, config.namespace, port=19120, management_port=9000),
            Workload(PROVISIONING, config.namespace, labels(PROVISIONING), takes=("catalog",)),
        )

    def _catalog(self, keys: str | None) -> dict[str, Any]:
        return {
            "enabled": True,
            "iceberg": {
                "defaultWarehouse": self.ref.warehouse,
                "warehouses": [{"name": self.ref.warehouse, "location": f"{self._storage.first.uri}/"}],
                # On Google it would ask for an object without a name.
                "objectStoresHealthCheckEnabled": self._storage.scheme == "s3",
            },
            "storage": {"gcs": {"defaultOptions": self._gcs()}}
            if self._storage.scheme == "gs"
            else {"s3": {"defaultOptions": self._s3(keys)}},
        }

    def _gcs(self) -> dict[str, Any]:
        """How Nessie itself gets at Google's storage: as its service account. It lends nothing on
        (https://projectnessie.org/nessie-latest/configuration/#gcs-default-options)."""
        return {"projectId": self._site.context.account_id, "authType": "APPLICATION_DEFAULT"}

    def _s3(self, keys: str | None) -> dict[str, Any]:
        """How Nessie itself gets at the storage: with a role on AWS, with keys elsewhere. It lends nothing on."""
        storage = self._storage
        common = {
            "region": storage.region,
            "requestSigningEnabled": False,
            "clientIam": {"enabled": False},
            "authType": "STATIC" if keys else "APPLICATION_GLOBAL",
        }
        if storage.endpoint is None:
            role = {"enabled": True, "roleArn": self._site.lent_roles["catalog"], "roleSessionName": NAME}
            return {**common, "serverIam": role}
        reach = {"endpoint": storage.endpoint, "pathStyleAccess": storage.path_style}
        if keys is None:
            return {**common, **reach}
        secret = {"name": keys, "awsAccessKeyId": "access_key", "awsSecretAccessKey": "secret_key"}
        return {**common, **reach, "accessKeySecret": secret}

    def _spec(self) -> dict[str, Any]:
        return {
            "uri": self.ref.uri,
            "warehouse": self.ref.warehouse,
            "namespaces": {
                name: namespace_location(self._storage, layer, name) for layer, name in self.ref.namespaces.items()
            },
        }


def _apart() -> dict[str, Any]:
    """Servers in different zones, where there is room: the chart takes no topology spread constraints."""
    term = {"labelSelector": {"matchLabels": {"app.kubernetes.io/instance": NAME}}, "topologyKey": ZONE}
    return {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]
        }
    }
