"""The databases on the platform's PostgreSQL server, each with an owner of its own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Protocol

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.database.config import ADMIN_SECRET
from floe_infra.kubernetes.objects import config_map, job, labels, pod, resources, secret_env
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum
from floe_infra.needs import login_secret
from floe_infra.network.edges import Workload
from floe_infra.refs import DatabaseRef, KubernetesSecretRef, SecretRef

NAME = "databases"
IMAGE = "docker.io/library/postgres:16"
USER = 999
"""`postgres` in that image."""
_DEADLINE = 900
"""Seconds: the image has to be pulled, and a new server may still be starting."""
_PROGRAMS = ("databases.sh", "databases.sql")
_LOGINS = "/etc/databases"


class HasDatabases(Protocol):
    """What the job needs to know of a configuration."""

    @property
    def namespace(self) -> str: ...


class Databases(Construct):
    """A job that makes each application's database and its owner, or makes them as they should be again.

    It runs after every change of the server, of the applications and of their logins. Only the job has the
    administrator's login, and only while it runs.

    Args:
        database: the server.

    Attributes:
        ref: what other parts take: the server.
        secrets: the administrator's login and those to make valid, in the job's namespace.
        manifests: the job.
        ready: what uses a database comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: HasDatabases,
        site: Site,
        database: DatabaseRef,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self.ref = database
        # Under the secret's own name: when another server takes this one's place, the job waits for another login.
        admin = SecretCopy(database.secret.name, database.secret, whole("username", "password"))
        logins = {
            application: SecretCopy(secret.name, secret, whole("username", "password", "database"))
            for application, secret in login_secrets(site).items()
        }
        self.secrets = site.copy_secrets(self, "secrets", namespace=config.namespace, secrets=[admin, *logins.values()])
        namespace = config.namespace
        self.manifests = site.manifests(
            self,
            "job",
            name=NAME,
            namespace=namespace,
            manifests=_manifests(
                database,
                admin=admin.ref(namespace),
                logins={application: copy.ref(namespace) for application, copy in logins.items()},
                placement=site.steady.values,
            ),
            after=[*self.secrets, *after],
        )
        self.ready = [self.manifests.release]

    @staticmethod
    def workloads(config: HasDatabases) -> tuple[Workload, ...]:
        """The job."""
        return (Workload(NAME, config.namespace, labels(NAME), takes=("database",)),)


_PREFIX = login_secret("")


def login_secrets(site: Site) -> dict[str, SecretRef]:
    """By application, the secret with its database's owner's login."""
    return {
        name.removeprefix(_PREFIX): secret
        for name, secret in site.secrets.items()
        if name.startswith(_PREFIX) and name != ADMIN_SECRET
    }


def whole(*keys: str) -> dict[str, str]:
    """These keys of a secret as they are, for a copy."""
    return {key: f"{{{{ .{key} }}}}" for key in keys}


def _manifests(
    server: DatabaseRef,
    *,
    admin: KubernetesSecretRef,
    logins: dict[str, KubernetesSecretRef],
    placement: dict[str, Any],
) -> list[dict[str, Any]]:
    programs = {program: files("floe_infra.database.programs").joinpath(program).read_text() for program in _PROGRAMS}
    directories = {application: f"{_LOGINS}/{application}" for application in logins}
    container = {
        "name": NAME,
        "image": IMAGE,
        "command": ["sh", "/programs/databases.sh", *directories.values()],
        "env": [
            {"name": "PGHOST", "value": server.host},
            {"name": "PGPORT", "value": str(server.port)},
            {"name": "PGDATABASE", "value": server.database},
            {"name": "PGSSLMODE", "value": server.ssl_mode},
            secret_env("PGUSER", secret=admin.name, key="username"),
            secret_env("PGPASSWORD", secret=admin.name, key="password"),
        ],
        "volumeMounts": [
            {"name": "programs", "mountPath": "/programs", "readOnly": True},
            *(
                {"name": f"login-{application}", "mountPath": directory, "readOnly": True}
                for application, directory in directories.items()
            ),
        ],
        "resources": resources(cpu="50m", memory="64Mi"),
    }
    volumes = [
        {"name": "programs", "configMap": {"name": NAME}},
        *(
            {"name": f"login-{application}", "secret": {"secretName": secret.name, "defaultMode": 0o440}}
            for application, secret in logins.items()
        ),
    ]
    spec = pod(containers=[container], user=USER, volumes=volumes, placement=placement)
    return [
        config_map(NAME, programs),
        job(NAME, spec=spec, deadline=_DEADLINE, annotations={"checksum/programs": checksum(programs)}),
    ]
