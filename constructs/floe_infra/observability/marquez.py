"""Marquez, which has no published chart: a server with its database elsewhere, and the pages that show lineage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.kubernetes.objects import (
    config_map,
    deployment,
    disruption_budget,
    labels,
    pod,
    resources,
    secret_env,
    service,
)
from floe_infra.kubernetes.placement import spread
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum
from floe_infra.needs import login_secret
from floe_infra.network.edges import Workload
from floe_infra.observability.config import MarquezConfig
from floe_infra.refs import DatabaseRef, LineageRef

NAME = "marquez"
WEB = "marquez-web"
PORT = 5000
_ADMIN_PORT = 5001
_WEB_PORT = 3000
_USER = 1000
"""Any but 0: the images name none, and nothing in them is written to."""
_FOLDER = "/etc/marquez"
_FILE = "marquez.yml"
_START = (
    # A shell as the first process, as in the image's own entrypoint, would keep the request to stop from Java.
    "exec java -XX:MaxRAMPercentage=60 -XX:+ExitOnOutOfMemoryError -Duser.timezone=UTC "
    f"-jar /usr/src/app/marquez-*.jar server {_FOLDER}/{_FILE}"
)
_MIGRATION = {"periodSeconds": 5, "failureThreshold": 120}
"""Ten minutes, in which a new version may change the tables, or wait for another server that does."""


class Marquez(Construct):
    """The server and the pages, as plain Kubernetes objects.

    Attributes:
        ref: where OpenLineage events go.
        secrets: the database's login, copied.
        manifests: everything else.
        ready: what sends comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: MarquezConfig,
        site: Site,
        database: DatabaseRef,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        login = SecretCopy("marquez-database", site.secrets[login_secret("marquez")])
        self.secrets = site.copy_secrets(self, "secrets", namespace=config.namespace, secrets=[login])
        configuration = json.dumps(_configuration(config), indent=2)
        # The images are built for this architecture only (https://github.com/MarquezProject/marquez/issues/2804).
        placement = site.steady.values
        placement["nodeSelector"] = {**placement["nodeSelector"], "kubernetes.io/arch": "amd64"}
        server = pod(
            containers=[_server(config, url=database.jdbc_url("marquez"), login=login.ref(config.namespace).name)],
            user=_USER,
            volumes=[{"name": "configuration", "configMap": {"name": NAME}}],
            placement=placement,
            topologySpreadConstraints=spread(**labels(NAME)),
            terminationGracePeriodSeconds=45,
        )
        pages = pod(
            containers=[_pages(config)],
            user=_USER,
            placement=placement,
            # Node as the first process does not heed the request to stop, and has nothing to finish.
            terminationGracePeriodSeconds=5,
        )
        self.manifests = site.manifests(
            self,
            NAME,
            name=NAME,
            namespace=config.namespace,
            manifests=[
                config_map(NAME, {_FILE: configuration}),
                deployment(
                    NAME,
                    replicas=config.replicas,
                    spec=server,
                    annotations={"checksum/configuration": checksum(configuration)},
                ),
                service(NAME, port=PORT),
                *([disruption_budget(NAME, labels(NAME))] if config.replicas > 1 else []),
                deployment(WEB, replicas=1, spec=pages),
                service(WEB, port=_WEB_PORT),
            ],
            after=[*self.secrets, *after],
        )
        self.ref = LineageRef(url=f"http://{NAME}.{config.namespace}.svc.cluster.local:{PORT}")
        self.ready = [self.manifests.release]

    @staticmethod
    def workloads(config: MarquezConfig) -> tuple[Workload, ...]:
        """The server and the pages."""
        return (
            Workload(NAME, config.namespace, labels(NAME), serves=(PORT,), metrics=(_ADMIN_PORT,), takes=("database",)),
            Workload(WEB, config.namespace, labels(WEB), pages=(_WEB_PORT,), calls={NAME: (PORT,)}),
        )


def _configuration(config: MarquezConfig) -> dict[str, Any]:
    """Marquez fills in `${…}` from its environment, as text, before it reads the document: hence the strings
    (https://www.dropwizard.io/en/release-2.1.x/manual/core.html#environment-variables)."""
    retention = {"dbRetention": {"retentionDays": config.retention_days}} if config.retention_days is not None else {}
    return {
        "server": {
            "applicationConnectors": [{"type": "http", "port": PORT, "httpCompliance": "RFC7230_LEGACY"}],
            "adminConnectors": [{"type": "http", "port": _ADMIN_PORT}],
        },
        "db": {
            "driverClass": "org.postgresql.Driver",
            "url": "${DATABASE_URL}",
            "user": "${DATABASE_USER}",
            "password": "${DATABASE_PASSWORD}",
            # Its defaults, 10 at once and up to 100, are more than a small server has for everybody.
            "initialSize": 1,
            "minSize": 1,
            "maxSize": config.max_connections,
            "checkConnectionOnBorrow": True,
        },
        "migrateOnStartup": True,
        # Its presence alone switches retention on, with seven days.
        **retention,
        "graphql": {"enabled": False},
        "search": {"enabled": False},
        "logging": {"level": "INFO", "appenders": [{"type": "console"}]},
    }


def _server(config: MarquezConfig, *, url: str, login: str) -> dict[str, Any]:
    return {
        "name": NAME,
        "image": config.image,
        "command": ["sh", "-c", _START],
        "env": [
            {"name": "DATABASE_URL", "value": url},
            secret_env("DATABASE_USER", secret=login, key="username"),
            secret_env("DATABASE_PASSWORD", secret=login, key="password"),
        ],
        "ports": [{"name": "http", "containerPort": PORT}, {"name": "admin", "containerPort": _ADMIN_PORT}],
        "volumeMounts": [{"name": "configuration", "mountPath": _FOLDER, "readOnly": True}],
        "startupProbe": {**_get("/ping", "admin"), **_MIGRATION},
        "livenessProbe": {**_get("/ping", "admin"), "failureThreshold": 6},
        # This one asks the database too, whose absence no restart would mend.
        "readinessProbe": _get("/healthcheck", "admin"),
        # Until the Service has stopped sending requests here.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
        "resources": resources(cpu=f"{config.cpu:g}", memory=f"{config.memory_mib}Mi"),
    }


def _pages(config: MarquezConfig) -> dict[str, Any]:
    return {
        "name": WEB,
        "image": config.web_image,
        "env": [
            {"name": "MARQUEZ_HOST", "value": NAME},
            {"name": "MARQUEZ_PORT", "value": str(PORT)},
            {"name": "WEB_PORT", "value": str(_WEB_PORT)},
        ],
        "ports": [{"name": "http", "containerPort": _WEB_PORT}],
        "livenessProbe": {**_get("/healthcheck", "http"), "failureThreshold": 6},
        "readinessProbe": _get("/healthcheck", "http"),
        "resources": resources(cpu="0.05", memory="192Mi"),
    }


def _get(path: str, port: str) -> Mapping[str, Any]:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 10, "timeoutSeconds": 5}
