"""Apache Polaris: the realm, the servers, and in them what a platform needs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.catalog.config import (
    ADMIN_IMAGE,
    ROOT_SECRET,
    TOKEN_SECRET,
    PolarisConfig,
    client_id,
    client_secret,
)
from floe_infra.catalog.programs import provision_polaris as program
from floe_infra.catalog.server import namespace_location, namespaces, program_job, server_values, server_workload
from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import job, labels, pod, resources, secret_env
from floe_infra.kubernetes.placement import spread
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum, merge
from floe_infra.needs import login_secret
from floe_infra.network.edges import Workload
from floe_infra.refs import CatalogRef, DatabaseRef, SecretRef, StorageRef, TelemetryRef
from floe_infra.unknown import either

NAME = "polaris"
BOOTSTRAP = "polaris-bootstrap"
PROVISIONING = "polaris-provisioning"
REALM = "POLARIS"
CATALOG_ROLE = "content_manager"
PRINCIPAL_ROLE = "data_engineer"
"""Letters, digits and underscores only: it is part of an OAuth2 scope."""

_LOGIN = login_secret(NAME)
_USER = 10000
"""`polaris` in the admin tool's image."""
_DEADLINE = 900
"""Seconds: the image has to be pulled."""
_CREDENTIALS = "/credentials"
_ROOT_CREDENTIALS = f"""\
{REALM}:
  client-id: {{{{ .client_id | toJson }}}}
  client-secret: {{{{ .client_secret | toJson }}}}
"""


class Polaris(Construct):
    """Polaris in three steps, each a release that comes after the one before.

    First a job of the admin tool, in the servers' version, makes the realm and its administrator where there are none:
    with a database, the servers never do. Then come the servers. Then a job makes the catalog, its namespaces, roles
    and clients, or makes them as they should be again; when it cannot, it fails with Polaris' own words.

    In a cloud, Polaris lends its clients access that is narrowed down to the table at hand: on AWS that of a role, on
    Google that of a service account. Elsewhere, clients need keys of their own: what speaks S3's protocol may have no
    STS, or one that cannot assume roles, and then no table could be made at all.

    Args:
        storage: where tables go; every warehouse bucket is allowed.
        database: where Polaris keeps what it knows.
        telemetry: where it sends traces.

    Attributes:
        ref: what other parts take.
        secrets: the credentials, copied.
        bootstrap: the job that makes the realm.
        server: Polaris.
        provisioning: the job that makes the catalog.
        ready: what uses the catalog comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: PolarisConfig,
        site: Site,
        storage: StorageRef,
        database: DatabaseRef,
        telemetry: TelemetryRef | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self._config, self._site, self._storage = config, site, storage
        self._jdbc_url = database.jdbc_url(NAME)
        self._copies = {copy.source.name: copy for copy in self._secret_copies()}
        self.ref = CatalogRef(
            kind="polaris",
            warehouse=config.warehouse_name(prefix=site.context.prefix),
            region=storage.region,
            uri=f"{self._url(NAME, 8181)}/api/catalog",
            namespaces=namespaces(config, storage),
            scope=f"PRINCIPAL_ROLE:{PRINCIPAL_ROLE}",
            clients=_clients(site),
            vends_credentials=storage.endpoint is None,
        )
        namespace, values = config.namespace, self._values(telemetry)
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=[*self._copies.values()])
        self.bootstrap = site.manifests(
            self,
            "bootstrap",
            name=BOOTSTRAP,
            namespace=namespace,
            manifests=[self._bootstrap(_admin_image(merge(values, config.values)))],
            after=[*self.secrets, *after],
        )
        self.server = site.release(
            self,
            "server",
            name=NAME,
            chart=charts.POLARIS,
            namespace=namespace,
            values=values,
            user_values=config.values,
            after=[self.bootstrap.release],
        )
        self.provisioning = site.manifests(
            self,
            "provisioning",
            name=PROVISIONING,
            namespace=namespace,
            manifests=self._provisioning(),
            after=[self.server.release],
        )
        self.ready = [self.provisioning.release]

    @staticmethod
    def workloads(config: PolarisConfig) -> tuple[Workload, ...]:
        """The servers and both jobs."""
        namespace = config.namespace
        return (
            server_workload(NAME, namespace, port=8181, management_port=8182),
            Workload(BOOTSTRAP, namespace, labels(BOOTSTRAP), takes=("database",)),
            Workload(PROVISIONING, namespace, labels(PROVISIONING), takes=("catalog",), calls={NAME: (8182,)}),
        )

    def _url(self, service: str, port: int) -> str:
        return f"http://{service}.{self._config.namespace}.svc.cluster.local:{port}"

    def _secret_copies(self) -> list[SecretCopy]:
        credentials = {"client_id": "{{ .client_id }}", "client_secret": "{{ .client_secret }}"}
        root = {"credentials.yaml": _ROOT_CREDENTIALS, **credentials}
        login = {"username": "{{ .username }}", "password": "{{ .password }}", "jdbcUrl": self._jdbc_url}
        secrets = self._site.secrets
        return [
            SecretCopy("polaris-db", secrets[_LOGIN], login),
            SecretCopy("polaris-token-key", secrets[TOKEN_SECRET], {"symmetric.key": "{{ .key }}"}),
            SecretCopy("polaris-root", secrets[ROOT_SECRET], root),
            *(
                SecretCopy(f"polaris-client-{client}", secret, credentials)
                for client, secret in _clients(self._site).items()
            ),
            *([SecretCopy("polaris-storage", self._storage.secret)] if self._storage.secret else []),
        ]

    def _secret(self, name: str) -> str:
        """The Kubernetes Secret that is a copy of this one."""
        return self._copies[name].ref(self._config.namespace).name

    @property
    def _database_checksum(self) -> dict[str, str]:
        """The server's address is in a Secret, and nothing starts anew when that changes."""
        return {"checksum/database": checksum(self._jdbc_url)}

    @property
    def _secrets_checksum(self) -> dict[str, str]:
        keys = [self._storage.secret.name] if self._storage.secret else []
        read = [self._secret(name) for name in (_LOGIN, TOKEN_SECRET, *keys)]
        return self._site.restarts(self._config.namespace, *read)

    def _bootstrap(self, image: str) -> dict[str, Any]:
        login = self._secret(_LOGIN)
        container = {
            "name": "admin-tool",
            "image": image,
            "args": ["bootstrap", "-f", f"{_CREDENTIALS}/credentials.yaml"],
            "env": [
                {"name": "POLARIS_PERSISTENCE_TYPE", "value": "relational-jdbc"},
                secret_env("QUARKUS_DATASOURCE_USERNAME", secret=login, key="username"),
                secret_env("QUARKUS_DATASOURCE_PASSWORD", secret=login, key="password"),
                secret_env("QUARKUS_DATASOURCE_JDBC_URL", secret=login, key="jdbcUrl"),
            ],
            "volumeMounts": [{"name": "credentials", "mountPath": _CREDENTIALS, "readOnly": True}],
            "resources": resources(cpu="100m", memory="512Mi"),
        }
        secret = {
            "secretName": self._secret(ROOT_SECRET),
            "defaultMode": 0o440,
            "items": [{"key": "credentials.yaml", "path": "credentials.yaml"}],
        }
        spec = pod(
            containers=[container],
            user=_USER,
            volumes=[{"name": "credentials", "secret": secret}],
            placement=self._site.steady.values,
        )
        return job(BOOTSTRAP, spec=spec, deadline=_DEADLINE, annotations=self._database_checksum)

    def _values(self, telemetry: TelemetryRef | None) -> dict[str, Any]:
        config, version = self._config, charts.POLARIS.version
        login = {"username": "username", "password": "password", "jdbcUrl": "jdbcUrl"}
        signing = {"name": self._secret(TOKEN_SECRET), "symmetricKey": {"secretKey": "symmetric.key"}}
        return {
            **server_values(config, name=NAME, site=self._site, storage=self._storage, telemetry=telemetry),
            "image": {"repository": "docker.io/apache/polaris", "tag": version},
            "maintenance": {"image": {"repository": ADMIN_IMAGE, "tag": version}},
            "podDisruptionBudget": {"enabled": config.replicas > 1, "maxUnavailable": 1},
            "topologySpreadConstraints": spread(**{"app.kubernetes.io/instance": NAME}),
            "podAnnotations": {**self._database_checksum, **self._secrets_checksum},
            # The chart leaves Java 35 s to come up, which on a node that has just started is not enough.
            "livenessProbe": {"initialDelaySeconds": 60},
            # Until the Service has stopped sending requests here.
            "containerLifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
            "persistence": {
                "type": "relational-jdbc",
                "relationalJdbc": {"secret": {"name": self._secret(_LOGIN), **login}},
            },
            "realmContext": {"type": "default", "realms": [REALM], "requireHeader": False},
            "authentication": {"type": "internal", "tokenBroker": {"type": "symmetric-key", "secret": signing}},
            "advancedConfig": {"quarkus.datasource.jdbc.max-size": config.database_connections},
            **self._storage_keys(),
        }

    def _storage_keys(self) -> dict[str, Any]:
        if self._storage.secret is None:
            return {}
        name = self._secret(self._storage.secret.name)
        return {
            "storage": {"secret": {"name": name, "awsAccessKeyId": "access_key", "awsSecretAccessKey": "secret_key"}}
        }

    def _provisioning(self) -> list[dict[str, Any]]:
        credentials = {_directory("root"): self._secret(ROOT_SECRET)}
        credentials |= {_directory(client): self._secret(client_secret(client)) for client in self.ref.clients}
        return program_job(
            PROVISIONING,
            program="provision_polaris.py",
            spec=json.dumps(dataclasses.asdict(self._spec()), indent=2),
            site=self._site,
            credentials=credentials,
        )

    def _spec(self) -> program.Spec:
        storage = self._storage
        return program.Spec(
            url=self._url(NAME, 8181),
            health_url=f"{self._url(f'{NAME}-mgmt', 8182)}/q/health/ready",
            realm=REALM,
            root_credentials=_directory("root"),
            catalog=program.Catalog(
                name=self.ref.warehouse,
                default_base_location=storage.first.uri,
                storage=self._storage_config(),
                properties={
                    "polaris.config.drop-with-purge.enabled": either(self._config.drop_with_purge, "true", "false")
                },
            ),
            namespaces=tuple(
                program.Namespace((name,), namespace_location(storage, layer, name))
                for layer, name in self.ref.namespaces.items()
            ),
            catalog_roles=(program.CatalogRole(CATALOG_ROLE, ("CATALOG_MANAGE_CONTENT",)),),
            principal_roles=(program.PrincipalRole(PRINCIPAL_ROLE, (CATALOG_ROLE,)),),
            principals=tuple(
                program.Principal(client_id(client), _directory(client), (PRINCIPAL_ROLE,))
                for client in self.ref.clients
            ),
        )

    def _storage_config(self) -> dict[str, Any]:
        """The API's `storageConfigInfo`: in a cloud with an identity to lend, and never with one elsewhere."""
        storage = self._storage
        locations = storage.locations
        if storage.scheme == "gs":
            lent = self._site.lent_roles["catalog"]
            return {"storageType": "GCS", "allowedLocations": locations, "gcsServiceAccount": lent}
        common = {"storageType": "S3", "allowedLocations": locations, "region": storage.region}
        if storage.endpoint is not None:
            reach = {"endpoint": storage.endpoint, "pathStyleAccess": storage.path_style}
            return {**common, **reach, "stsUnavailable": True}
        # A lent role is narrowed down to what is named here: without its key, it could not decrypt.
        key = {} if storage.kms_key_arn is None else {"currentKmsKey": storage.kms_key_arn}
        return {**common, "roleArn": self._site.lent_roles["catalog"], **key}


def _clients(site: Site) -> dict[str, SecretRef]:
    """Who logs in, each with the secret that holds its credentials."""
    prefix = client_secret("")
    return {name.removeprefix(prefix): secret for name, secret in site.secrets.items() if name.startswith(prefix)}


def _directory(client: str) -> str:
    return f"{_CREDENTIALS}/{client}"


def _admin_image(values: Mapping[str, Any]) -> str:
    """The admin tool in exactly the servers' version, also where the file's `values` choose that."""
    return f"{values['maintenance']['image']['repository']}:{values['image']['tag']}"
