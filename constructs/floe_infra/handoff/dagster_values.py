"""Values of floe-dagster, the chart of Dagster and the pipelines.

The chart mounts no platform.yaml and hands on no Secret by itself: every volume, mount and variable is spelled out.
"""

from __future__ import annotations

from typing import Any

from floe_infra.compute.duckdb import TEMP_DIRECTORY
from floe_infra.handoff.parts import LOGS_PREFIX, Parts
from floe_infra.kubernetes.objects import secret_env
from floe_infra.kubernetes.placement import Placement
from floe_infra.kubernetes.values import checksum
from floe_infra.needs import login

DATABASE = "dagster"
DATABASE_SECRET = "floe-dagster-postgresql-secret"
CATALOG_SECRET = "floe-dagster-catalog-secret"
STORAGE_SECRET = "floe-dagster-storage-secret"
COMPUTE_SECRET = "floe-dagster-compute-secret"

_FILE = "/etc/floe/platform.yaml"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_USER = 1000
"""`app` in floe-runtime's images."""

Values = dict[str, Any]


def dagster_values(parts: Parts, platform_yaml: str) -> Values:
    """The document. `platform_yaml` is the text of that file."""
    return {
        # Not among the chart's own defaults, and without them it does not render.
        "polarisInit": {"enabled": False},
        "postInstallValidation": {"enabled": False},
        "localAccess": {"enabled": False},
        "ingress": {"enabled": False},
        "floe": {
            "platformSpec": {"enabled": True, "mountPath": _FILE, "content": platform_yaml},
            "compiledArtifacts": {"enabled": False},
            "externalSecrets": {"enabled": False},
            "sealedSecrets": {"enabled": False},
        },
        "dagster": {
            **_identity(parts),
            **_database(parts),
            "migrate": {"enabled": True},
            "telemetry": {"enabled": False},
            **_logs(parts),
            "dagsterWebserver": _service(parts),
            "dagsterDaemon": _service(parts),
            "dagster-user-deployments": {
                "enabled": True,
                "enableSubchart": True,
                "deployments": [_pipelines(parts, platform_yaml)],
            },
            "runLauncher": {"type": "K8sRunLauncher", "config": {"k8sRunLauncher": {"runK8sConfig": _runs(parts)}}},
        },
    }


def _identity(parts: Parts) -> Values:
    assert parts.runtime
    account: Values = {"create": True}
    if parts.identity and parts.identity.annotations:
        account["annotations"] = dict(parts.identity.annotations)
    password = {"postgresqlSecretName": DATABASE_SECRET} if parts.database else {}
    return {"global": {**password, "serviceAccountName": parts.runtime.service_account}, "serviceAccount": account}


def _database(parts: Parts) -> Values:
    """The platform's PostgreSQL. Without one, the chart brings its own."""
    database = parts.database
    if database is None:
        return {}
    return {
        "generatePostgresqlPasswordSecret": False,
        "postgresql": {
            "enabled": False,
            "postgresqlHost": database.host,
            "postgresqlUsername": login(DATABASE)["username"],
            "postgresqlDatabase": DATABASE,
            "postgresqlParams": {"sslmode": database.ssl_mode},
            "service": {"port": database.port},
        },
    }


def _logs(parts: Parts) -> Values:
    storage = parts.storage
    if storage is None or storage.compute_logs is None:
        return {}
    place = {"bucket": storage.compute_logs.name, "prefix": LOGS_PREFIX}
    if storage.scheme == "gs":
        return {"computeLogManager": {"type": "GCSComputeLogManager", "config": {"gcsComputeLogManager": place}}}
    reach = {"endpointUrl": storage.endpoint} if storage.endpoint else {}
    config = {**place, "region": storage.region, **reach, "skipEmptyFiles": True}
    return {"computeLogManager": {"type": "S3ComputeLogManager", "config": {"s3ComputeLogManager": config}}}


def _service(parts: Parts) -> Values:
    """The webserver shows what runs have printed, and the daemon prints itself."""
    logs = parts.storage and parts.storage.compute_logs
    env = _storage_env(parts) if logs else []
    return {**({"env": env} if env else {}), **_placed(parts.steady)}


def _pipelines(parts: Parts, platform_yaml: str) -> Values:
    """The server of the pipelines' code. Runs have its variables and volumes too."""
    volume = {"name": "floe-dagster-platform", "items": [{"key": "platform.yaml", "path": "platform.yaml"}]}
    mount = {"name": "platform-config", "mountPath": _FILE, "subPath": "platform.yaml", "readOnly": True}
    return {
        "name": parts.context.name,
        "image": _image(parts),
        "port": 3030,
        # Nothing else starts the pod anew when platform.yaml changes.
        "annotations": {"checksum/platform": checksum(platform_yaml)},
        "env": _pipeline_env(parts),
        "volumes": [{"name": "platform-config", "configMap": volume}],
        "volumeMounts": [mount],
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}},
        **_placed(parts.steady),
    }


def _image(parts: Parts) -> Values:
    assert parts.runtime
    if parts.runtime.image is None:
        return {"pullPolicy": "IfNotPresent"}
    repository, _, tag = parts.runtime.image.rpartition(":")
    return {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}


def _pipeline_env(parts: Parts) -> list[Values]:
    """The variables of everything that runs pipelines' code."""
    env = [_env("FLOE_PLATFORM_FILE", _FILE), *_storage_env(parts)]
    if parts.storage and not parts.storage.secret:
        # floe-runtime's dbt profile wants both to be there. AWS' clients pass over what is empty, and take the role.
        env += [_env(name, "") for name in _KEYS]
    catalog = parts.catalog
    if catalog and catalog.scope:
        env += [
            _env("POLARIS_SCOPE", catalog.scope),
            secret_env("POLARIS_CLIENT_ID", secret=CATALOG_SECRET, key="polaris-client-id"),
            secret_env("POLARIS_CLIENT_SECRET", secret=CATALOG_SECRET, key="polaris-client-secret"),
        ]
    if parts.compute and parts.compute.engine == "motherduck":
        env.append(secret_env("MOTHERDUCK_TOKEN", secret=COMPUTE_SECRET, key="MOTHERDUCK_TOKEN"))
    return env


def _storage_env(parts: Parts) -> list[Values]:
    storage = parts.storage
    if storage is None:
        return []
    region = [_env("AWS_REGION", storage.region)] if storage.scheme == "s3" else []
    keys = [secret_env(name, secret=STORAGE_SECRET, key=name) for name in _KEYS] if storage.secret else []
    return [*region, *keys]


def _runs(parts: Parts) -> Values:
    """A run's pod. Its size is DuckDB's, which spills into a volume that goes with the pod."""
    run = parts.run
    mount = {"name": "duckdb-spill", "mountPath": TEMP_DIRECTORY}
    user = {"runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER, "runAsNonRoot": True}
    return {
        "containerConfig": {
            "resources": {"requests": run.resources, "limits": run.resources},
            "env": [_env(name, value) for name, value in run.environment.items()],
            "volumeMounts": [mount],
        },
        "podSpecConfig": {
            **_placed(parts.interruptible),
            "securityContext": user,
            "volumes": [{"name": "duckdb-spill", "emptyDir": {}}],
        },
        "jobSpecConfig": {"ttlSecondsAfterFinished": 600},
    }


def _placed(placement: Placement) -> Values:
    return {key: value for key, value in placement.values.items() if value}


def _env(name: str, value: str) -> Values:
    return {"name": name, "value": value}
