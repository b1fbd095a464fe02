"""Moving the databases from one PostgreSQL server to another, inside the cluster: only there are both reached."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.database.databases import IMAGE, USER, login_secrets, whole
from floe_infra.kubernetes.objects import config_map, job, labels, pod, resources, secret_env
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum
from floe_infra.migration.config import MOVE, MOVED
from floe_infra.network.edges import Workload
from floe_infra.refs import DatabaseRef, KubernetesSecretRef

_DEADLINE = 900
"""Seconds; both servers have been there before."""
_PROGRAMS = ("move.sh", "move.sql")
_LOGINS = "/etc/databases"
_NEVER = "0 0 31 2 *"
"""As Kubernetes wants some time of a CronJob, even if it is suspended: the 31st of February."""


class Move(Construct):
    """A job that moves every application's database, kept as a suspended CronJob: `kubectl create job --from` starts
    it, as often as it takes.

    Args:
        old: the server in use.
        new: the new one, with databases and owners.

    Attributes:
        secrets: the administrators' logins and the owners', in the job's namespace.
        manifests: the CronJob.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        namespace: str,
        site: Site,
        old: DatabaseRef,
        new: DatabaseRef,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        run = _Run("copy", site=site, namespace=namespace, old=old, new=new, keys=("username", "password", "database"))
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=run.copies)
        self.manifests = site.manifests(
            self,
            "job",
            name=MOVE,
            namespace=namespace,
            manifests=[config_map(MOVE, run.programs), _never(MOVE, run.pod(MOVE))],
            after=[*self.secrets, *after],
        )

    @staticmethod
    def workloads(namespace: str) -> tuple[Workload, ...]:
        """The job, which talks to both servers."""
        return (Workload(MOVE, namespace, labels(MOVE), takes=("database", "migration")),)


class Moved(Construct):
    """A job that fails until every application's database is moved, so that none of them starts with an empty one.

    Args:
        old: the server that was in use.
        new: the one that is.

    Attributes:
        secrets: the administrators' logins and the databases' names, in the job's namespace.
        manifests: the job.
        ready: what uses a database comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        namespace: str,
        site: Site,
        old: DatabaseRef,
        new: DatabaseRef,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        run = _Run("check", site=site, namespace=namespace, old=old, new=new, keys=("database",))
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=run.copies)
        annotations = {"checksum/programs": checksum(run.programs)}
        self.manifests = site.manifests(
            self,
            "job",
            name=MOVED,
            namespace=namespace,
            manifests=[
                config_map(MOVED, run.programs),
                job(MOVED, spec=run.pod(MOVED), deadline=_DEADLINE, annotations=annotations),
            ],
            after=[*self.secrets, *after],
        )
        self.ready: list[ITerraformDependable] = [self.manifests.release]

    @staticmethod
    def workloads(namespace: str) -> tuple[Workload, ...]:
        """The job, which talks to both servers."""
        return (Workload(MOVED, namespace, labels(MOVED), takes=("database", "migration")),)


class _Run:
    """A pod that runs `move.sh`, and what it needs."""

    def __init__(
        self, step: str, *, site: Site, namespace: str, old: DatabaseRef, new: DatabaseRef, keys: Sequence[str]
    ) -> None:
        self._step, self._old, self._new, self._namespace = step, old, new, namespace
        self._placement = site.steady.values
        # The job that makes databases has copies of its own in the same namespace.
        self._admins = {
            prefix: SecretCopy(f"{step}-{server.secret.name}", server.secret, whole("username", "password"))
            for prefix, server in (("OLD_", old), ("", new))
        }
        self._logins = {
            application: SecretCopy(f"{step}-{secret.name}", secret, whole(*keys))
            for application, secret in login_secrets(site).items()
        }
        self.copies = [*self._admins.values(), *self._logins.values()]
        self.programs = {name: files("floe_infra.database.programs").joinpath(name).read_text() for name in _PROGRAMS}

    def pod(self, name: str) -> dict[str, Any]:
        """Its `spec`. A dump lies in `/tmp` until it is restored."""
        secrets = {application: copy.ref(self._namespace) for application, copy in self._logins.items()}
        container = {
            "name": name,
            "image": IMAGE,
            "command": ["sh", "/programs/move.sh", self._step, *(f"{_LOGINS}/{each}" for each in secrets)],
            "env": [*self._server("OLD_", self._old), *self._server("", self._new)],
            "volumeMounts": [
                {"name": "programs", "mountPath": "/programs", "readOnly": True},
                *({"name": f"login-{each}", "mountPath": f"{_LOGINS}/{each}", "readOnly": True} for each in secrets),
            ],
            "resources": resources(cpu="250m", memory="512Mi"),
        }
        volumes = [{"name": "programs", "configMap": {"name": name}}, *map(_volume, secrets, secrets.values())]
        return pod(containers=[container], user=USER, volumes=volumes, placement=self._placement)

    def _server(self, prefix: str, server: DatabaseRef) -> list[dict[str, Any]]:
        admin = self._admins[prefix].ref(self._namespace).name
        return [
            {"name": f"{prefix}PGHOST", "value": server.host},
            {"name": f"{prefix}PGPORT", "value": str(server.port)},
            {"name": f"{prefix}PGDATABASE", "value": "postgres"},
            {"name": f"{prefix}PGSSLMODE", "value": server.ssl_mode},
            secret_env(f"{prefix}PGUSER", secret=admin, key="username"),
            secret_env(f"{prefix}PGPASSWORD", secret=admin, key="password"),
        ]


def _volume(application: str, secret: KubernetesSecretRef) -> dict[str, Any]:
    return {"name": f"login-{application}", "secret": {"secretName": secret.name, "defaultMode": 0o440}}


def _never(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """What fails is not tried again: somebody should look at it first."""
    template = {"metadata": {"labels": labels(name)}, "spec": {"restartPolicy": "Never", **spec}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": labels(name)},
        "spec": {
            "schedule": _NEVER,
            "suspend": True,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"metadata": {"labels": labels(name)}, "spec": {"backoffLimit": 0, "template": template}},
        },
    }
