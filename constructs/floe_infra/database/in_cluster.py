"""PostgreSQL in the cluster, for development and laptops."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.database.config import IN_CLUSTER_ADMIN_SECRET, IN_CLUSTER_NAME, InClusterDatabaseConfig
from floe_infra.database.databases import IMAGE, USER, Databases
from floe_infra.kubernetes.objects import config_map, labels, pod, resources, service, volume_claim
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum
from floe_infra.network.edges import Workload
from floe_infra.refs import DatabaseRef
from floe_infra.terraform import keep

NAME = IN_CLUSTER_NAME
PORT = 5432
ENGINE_VERSION = IMAGE.rpartition(":")[2]
_CLIENTS = "local all all scram-sha-256\nhostssl all all all scram-sha-256\n"
"""Nobody gets in without a password, nor over the network without TLS
(https://www.postgresql.org/docs/16/auth-pg-hba-conf.html)."""
_DATA, _CONFIGURATION, _TLS, _ADMIN = "/var/lib/postgresql/data", "/configuration", "/tls", "/admin"


class InClusterDatabase(Databases):
    """The databases on a PostgreSQL server that is in the cluster too.

    The server lies beside them and not within, so that it stays where it is when another kind of server takes over.

    Attributes:
        server: the server and its disk.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: InClusterDatabaseConfig,
        site: Site,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        server = InClusterServer(scope, NAME, config=config, site=site, after=after)
        super().__init__(scope, id, config=config, site=site, database=server.ref, after=server.ready)
        self.server = server

    @staticmethod
    def workloads(config: InClusterDatabaseConfig) -> tuple[Workload, ...]:  # type: ignore[override]
        """The server and the job."""
        return *InClusterServer.workloads(config), *Databases.workloads(config)


class InClusterServer(Construct):
    """A PostgreSQL server that speaks TLS only, with one disk and no standby.

    Its certificate is made at each start and signed by nobody: connections are encrypted as they are elsewhere
    (`sslmode=require`), and clients cannot tell the server from another. The administrator's password is the secret's
    from each start on; raising the secret's generation starts the server anew.

    Attributes:
        ref: what other parts take: the server.
        secrets: the administrator's password, in the server's namespace.
        manifests: the server and its disk.
        ready: what uses the server comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: InClusterDatabaseConfig,
        site: Site,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        namespace = config.namespace
        self.ref = DatabaseRef(
            host=f"{NAME}.{namespace}.svc.cluster.local",
            port=PORT,
            database=config.database_name,
            user=config.username,
            secret=site.secrets[IN_CLUSTER_ADMIN_SECRET],
            engine_version=ENGINE_VERSION,
        )
        admin = SecretCopy(f"{NAME}-admin", self.ref.secret, {"password": "{{ .password }}"})
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=[admin])
        self.manifests = site.manifests(
            self,
            "server",
            name=NAME,
            namespace=namespace,
            manifests=_manifests(config, site, admin.ref(namespace).name),
            after=[*self.secrets, *after],
        )
        keep(self.manifests.release, site.context)
        self.ready = [self.manifests.release]

    @staticmethod
    def workloads(config: InClusterDatabaseConfig) -> tuple[Workload, ...]:
        """The server."""
        return (Workload(NAME, config.namespace, labels(NAME), serves=(PORT,)),)


def _manifests(config: InClusterDatabaseConfig, site: Site, admin: str) -> list[dict[str, Any]]:
    program = files("floe_infra.database.programs").joinpath("prepare.sh").read_text()
    configuration = {"prepare.sh": program, "pg_hba.conf": _CLIENTS}
    return [
        config_map(NAME, configuration),
        volume_claim(NAME, gib=config.storage_gib, storage_class=site.storage_class, keep=site.context.keeps_data),
        service(NAME, port=PORT, protocol="postgresql"),
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": NAME, "labels": labels(NAME)},
            "spec": {
                "serviceName": NAME,
                "replicas": 1,
                "selector": {"matchLabels": labels(NAME)},
                "template": {
                    "metadata": {
                        "labels": labels(NAME),
                        "annotations": {"checksum/configuration": checksum(configuration)},
                    },
                    "spec": _pod(config, admin, site.steady.values),
                },
            },
        },
    ]


def _pod(config: InClusterDatabaseConfig, admin: str, placement: dict[str, Any]) -> dict[str, Any]:
    """The image's stop signal is PostgreSQL's fast shutdown, so it needs time to write, and nothing else, to stop."""
    environment = {
        "PGDATA": f"{_DATA}/pgdata",  # not the volume's root, where a file system may keep things of its own
        "POSTGRES_USER": config.username,
        "POSTGRES_DB": config.database_name,
        "POSTGRES_PASSWORD_FILE": f"{_ADMIN}/password",
        "POSTGRES_INITDB_ARGS": "--data-checksums --auth=scram-sha-256",
    }
    common: dict[str, Any] = {
        "image": IMAGE,
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "volumeMounts": [
            {"name": "data", "mountPath": _DATA},
            {"name": "tls", "mountPath": _TLS},
            {"name": "run", "mountPath": "/var/run/postgresql"},
            {"name": "shared-memory", "mountPath": "/dev/shm"},
            {"name": "configuration", "mountPath": _CONFIGURATION, "readOnly": True},
            {"name": "admin", "mountPath": _ADMIN, "readOnly": True},
        ],
        "resources": resources(cpu=str(config.cpu), memory=f"{config.memory_gib}Gi"),
    }
    return pod(
        init_containers=[
            {"name": "prepare", "command": ["sh", f"{_CONFIGURATION}/prepare.sh", _TLS], **common},
        ],
        containers=[
            {
                "name": NAME,
                "args": ["postgres", *_settings(config)],
                "ports": [{"name": NAME, "containerPort": PORT}],
                **_probes(config.username),
                **common,
            }
        ],
        user=USER,
        volumes=[
            {"name": "data", "persistentVolumeClaim": {"claimName": NAME}},
            {"name": "tls", "emptyDir": {}},
            {"name": "run", "emptyDir": {}},
            # Kubernetes' own has 64 MiB, and queries that run in parallel need more.
            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}},
            {"name": "configuration", "configMap": {"name": NAME}},
            {"name": "admin", "secret": {"secretName": admin, "defaultMode": 0o440}},
        ],
        placement=placement,
        terminationGracePeriodSeconds=120,
    )


def _settings(config: InClusterDatabaseConfig) -> list[str]:
    settings = {
        "hba_file": f"{_CONFIGURATION}/pg_hba.conf",
        "ssl": "on",
        "ssl_cert_file": f"{_TLS}/tls.crt",
        "ssl_key_file": f"{_TLS}/tls.key",
        "shared_buffers": f"{config.memory_gib * 256}MB",
        "log_min_duration_statement": "1000",  # milliseconds
        "log_statement": "none",  # the log would else hold passwords that are set
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _probes(user: str) -> dict[str, Any]:
    """By TCP: while the image makes a new server, that listens to its socket alone. A server that answers without
    taking connections (pg_isready's status 1) starts up or recovers, and is not to be killed for it."""
    ready = f"pg_isready -q -h 127.0.0.1 -p {PORT} -U {user}"
    alive = f"{ready} || [ $? -eq 1 ]"
    return {
        "startupProbe": _probe(ready, periodSeconds=5, failureThreshold=120),
        "readinessProbe": _probe(ready, periodSeconds=10, failureThreshold=3),
        "livenessProbe": _probe(alive, periodSeconds=15, failureThreshold=6),
    }


def _probe(command: str, **timing: int) -> dict[str, Any]:
    return {"exec": {"command": ["sh", "-c", command]}, "timeoutSeconds": 5, **timing}
