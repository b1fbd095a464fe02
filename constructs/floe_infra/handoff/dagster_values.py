"""Values of floe-dagster, the chart of Dagster and the pipelines.

The chart mounts no platform.yaml and hands on no Secret by itself: every volume, mount and variable is spelled out, for
the server of the pipelines' code and for runs. Runs could inherit the server's, but with them its size, which Dagster
lays over the one that is said of runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_infra.compute.duckdb import TEMP_DIRECTORY
from floe_infra.handoff.parts import LOGS_PREFIX, Parts
from floe_infra.kubernetes.config import QuotaConfig
from floe_infra.kubernetes.objects import secret_env
from floe_infra.kubernetes.placement import Placement
from floe_infra.kubernetes.values import checksum
from floe_infra.needs import login

DATABASE = "dagster"
DATABASE_SECRET = "floe-dagster-postgresql-secret"
CATALOG_SECRET = "floe-dagster-catalog-secret"
STORAGE_SECRET = "floe-dagster-storage-secret"
COMPUTE_SECRET = "floe-dagster-compute-secret"
MIGRATION = "floe-dagster-dagster-webserver-instance-migrate"
"""The job of Dagster's chart that migrates its database, as the release `floe-dagster` calls it."""

_FILE = "/etc/floe/platform.yaml"
_HOME = "/tmp/dagster_home"
_INSTANCE = "/opt/dagster/instance/dagster.yaml"
"""Where the entrypoint of floe-runtime's images looks for Dagster's configuration, and where it copies it."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_SERVICE = {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}
_START_SECONDS = 900
"""For which a run may wait for a node to be started and for its image, before Dagster gives it up."""
_AS_USER = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000, "runAsNonRoot": True}
"""The user in floe-runtime's images."""

_BESIDE_RUNS = QuotaConfig(pods=10, cpu=2, memory_gib=4)
"""What the rest of Dagster and Cube request together, rounded up."""

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
            "dagsterDaemon": {
                **_service(parts),
                "runMonitoring": {"enabled": True, "startTimeoutSeconds": _START_SECONDS},
                **_coordinator(parts),
            },
            "dagster-user-deployments": {
                "enabled": True,
                "enableSubchart": True,
                "deployments": [_pipelines(parts, platform_yaml)],
            },
            "runLauncher": {
                "type": "K8sRunLauncher",
                "config": {"k8sRunLauncher": {"imagePullPolicy": "IfNotPresent", "runK8sConfig": _runs(parts)}},
            },
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
    assert parts.runtime
    logs = parts.storage and parts.storage.compute_logs
    env = _storage_env(parts) if logs else []
    version = parts.runtime.dagster_version
    return {
        **({"image": {"tag": version}} if version else {}),
        **({"env": env} if env else {}),
        "resources": _SERVICE,
        **_placed(parts.steady),
    }


def _coordinator(parts: Parts) -> Values:
    """Runs beyond what the namespace may ask for wait in Dagster's queue: their pods would be turned away."""
    quota, run = parts.config.kubernetes.quota, parts.run
    if quota is None:
        return {}
    beside = _BESIDE_RUNS
    memory, cpu = (quota.memory_gib - beside.memory_gib) * 1024 / run.memory_mib, (quota.cpu - beside.cpu) / run.cpu
    most = max(1, int(min(memory, cpu, quota.pods - beside.pods)))
    config = {"queuedRunCoordinator": {"maxConcurrentRuns": most}}
    return {"runCoordinator": {"enabled": True, "type": "QueuedRunCoordinator", "config": config}}


def _pipelines(parts: Parts, platform_yaml: str) -> Values:
    """The server of the pipelines' code."""
    assert parts.runtime
    return {
        "name": parts.context.name,
        "image": _image(parts),
        "port": 3030,
        "podSecurityContext": _AS_USER,
        "includeConfigInLaunchedRuns": {"enabled": False},
        # Nothing else starts the pod anew when platform.yaml changes.
        "annotations": {"checksum/platform": checksum(platform_yaml)},
        "env": [*_pipeline_env(parts), *_variables(parts.runtime.env)],
        "volumes": _VOLUMES,
        "volumeMounts": _MOUNTS,
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}},
        **_placed(parts.steady),
    }


_VOLUMES = [
    {
        "name": "platform-config",
        "configMap": {"name": "floe-dagster-platform", "items": [{"key": "platform.yaml", "path": "platform.yaml"}]},
    },
    {
        "name": "instance-config",
        "configMap": {"name": "floe-dagster-instance", "items": [{"key": "dagster.yaml", "path": "dagster.yaml"}]},
    },
    {"name": "dagster-home", "emptyDir": {}},
]
_MOUNTS = [
    {"name": "platform-config", "mountPath": _FILE, "subPath": "platform.yaml", "readOnly": True},
    {"name": "instance-config", "mountPath": _INSTANCE, "subPath": "dagster.yaml", "readOnly": True},
    {"name": "dagster-home", "mountPath": _HOME},
]
"""Of everything that runs pipelines' code. A run brings a volume called dagster-instance itself."""


def _image(parts: Parts) -> Values:
    assert parts.runtime
    if parts.runtime.image is None:
        return {"pullPolicy": "IfNotPresent"}
    repository, _, tag = parts.runtime.image.rpartition(":")
    return {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}


def _pipeline_env(parts: Parts) -> list[Values]:
    """The variables of everything that runs pipelines' code."""
    env = [_env("FLOE_PLATFORM_FILE", _FILE), _env("DAGSTER_HOME", _HOME), *_storage_env(parts)]
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
    assert parts.runtime
    run = parts.run
    mount = {"name": "duckdb-spill", "mountPath": TEMP_DIRECTORY}
    return {
        "containerConfig": {
            "resources": {"requests": run.resources, "limits": run.resources},
            "env": [*_pipeline_env(parts), *_variables({**run.environment, **parts.runtime.env})],
            "volumeMounts": [*_MOUNTS, mount],
        },
        "podSpecConfig": {
            **_placed(parts.interruptible),
            "securityContext": _AS_USER,
            "volumes": [*_VOLUMES, {"name": "duckdb-spill", "emptyDir": {}}],
        },
        "jobSpecConfig": {"ttlSecondsAfterFinished": 600},
    }


def _placed(placement: Placement) -> Values:
    return {key: value for key, value in placement.values.items() if value}


def _variables(named: Mapping[str, str]) -> list[Values]:
    return [_env(name, value) for name, value in named.items()]


def _env(name: str, value: str) -> Values:
    return {"name": name, "value": value}
