"""Values of floe-cube, the chart of Cube: where it queries, and where it keeps what it has computed before.

Its pods run as the namespace's default service account, since the chart lets none be named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from floe_infra.handoff.dagster_values import COMPUTE_SECRET
from floe_infra.handoff.parts import Parts
from floe_infra.kubernetes.objects import secret_env
from floe_infra.refs import StorageRef

SECRET = "floe-cube-secrets"
STORAGE_SECRET = "floe-cube-s3"
KEYS = {"access-key": "AWS_ACCESS_KEY_ID", "secret-key": "AWS_SECRET_ACCESS_KEY"}
"""The keys of the Secret with access to storage, and what AWS calls them."""

_STORE_GIB = 20

Values = dict[str, Any]


def cube_values(parts: Parts) -> Values:
    """The document."""
    several = parts.config.environment in ("staging", "prod")
    return {
        "devMode": False,
        "database": {"type": _database(parts)},
        # The chart's own path is not where it mounts the schema, and nobody makes the ConfigMap with the artifacts.
        "floe": {
            "schemaPath": "schema",
            "schemaMountPath": "/cube/conf/schema",
            "compiledArtifacts": {"enabled": False},
        },
        "api": {"replicaCount": 2 if several else 1, **_process(parts)},
        "refreshWorker": _process(parts),
        "preAggregations": {"external": parts.preaggregations is not None},
        "cubeStore": _store(parts),
        **{key: value for key, value in parts.steady.values.items() if value},
    }


def needs_keys(parts: Parts) -> bool:
    """Whether Cube wants keys to storage that the platform does not make: in a cloud, nobody else needs any."""
    storage = parts.storage
    if storage is None or storage.secret:
        return False
    return parts.preaggregations is not None or reads_files(parts)


def reads_files(parts: Parts) -> bool:
    """Whether Cube itself reads the tables' files, with DuckDB."""
    return _database(parts) == "duckdb" and not _motherduck(parts)


def _database(parts: Parts) -> str:
    engine = parts.compute.engine if parts.compute else "duckdb"
    return engine if engine in ("trino", "bigquery") else "duckdb"


def _motherduck(parts: Parts) -> bool:
    return parts.compute is not None and parts.compute.engine == "motherduck"


def _process(parts: Parts) -> Values:
    """Of the API and of the refresh worker, which share nothing."""
    return {"envFrom": [{"secretRef": {"name": SECRET}}], "extraEnv": [*_source(parts), *_observed(parts)]}


def _source(parts: Parts) -> list[Values]:
    external = [] if parts.preaggregations else [_env("CUBEJS_EXTERNAL_DEFAULT", "false")]
    return [*_engine(parts), *external]


def _engine(parts: Parts) -> list[Values]:
    compute, storage = parts.compute, parts.storage
    if compute and compute.engine == "trino":
        schema = [_env("CUBEJS_DB_SCHEMA", list(parts.catalog.namespaces.values())[-1])] if parts.catalog else []
        return [
            _env("CUBEJS_DB_HOST", compute.host or ""),
            _env("CUBEJS_DB_PORT", str(compute.port)),
            _env("CUBEJS_DB_USER", "cube"),
            _env("CUBEJS_DB_PRESTO_CATALOG", compute.catalog or ""),
            *schema,
        ]
    if compute and compute.engine == "bigquery":
        return [
            _env("CUBEJS_DB_BQ_PROJECT_ID", compute.environment["GOOGLE_CLOUD_PROJECT"]),
            _env("CUBEJS_DB_BQ_LOCATION", compute.environment["BIGQUERY_LOCATION"]),
        ]
    if _motherduck(parts):
        return [secret_env("CUBEJS_DB_DUCKDB_MOTHERDUCK_TOKEN", secret=COMPUTE_SECRET, key="MOTHERDUCK_TOKEN")]
    return _duckdb(storage) if storage and storage.scheme == "s3" else []


def _duckdb(storage: StorageRef) -> list[Values]:
    """Cube's DuckDB asks no catalog: it reads Parquet files by their paths, and wants keys of its own."""
    prefix = "CUBEJS_DB_DUCKDB_S3"
    env = [
        _env(f"{prefix}_REGION", storage.region),
        _key(storage, f"{prefix}_ACCESS_KEY_ID", "access-key"),
        _key(storage, f"{prefix}_SECRET_ACCESS_KEY", "secret-key"),
    ]
    if storage.endpoint:
        url = urlsplit(storage.endpoint)
        env += [
            _env(f"{prefix}_ENDPOINT", url.netloc),
            _env(f"{prefix}_USE_SSL", "true" if url.scheme == "https" else "false"),
            _env(f"{prefix}_URL_STYLE", "path" if storage.path_style else "vhost"),
        ]
    return env


def _observed(parts: Parts) -> list[Values]:
    telemetry, lineage = parts.telemetry, parts.lineage_url
    return [
        *([_env("OTEL_EXPORTER_OTLP_ENDPOINT", telemetry.otlp_grpc)] if telemetry else []),
        *([_env("OTEL_SERVICE_NAME", "floe-cube")] if telemetry else []),
        *([_env("OPENLINEAGE_URL", lineage)] if lineage else []),
        *([_env("OPENLINEAGE_NAMESPACE", parts.context.prefix)] if lineage else []),
    ]


def _store(parts: Parts) -> Values:
    """One replica: the chart names the first pod alone as a worker."""
    storage, bucket = parts.storage, parts.preaggregations
    if storage is None or bucket is None:
        return {"enabled": False}
    kept = {"storageClass": parts.storage_class} if parts.storage_class else {}
    disk = {"enabled": True, "size": f"{_STORE_GIB}Gi", **kept}
    return {"enabled": True, "replicaCount": 1, "persistence": disk, "extraEnv": _store_env(storage, bucket.name)}


def _store_env(storage: StorageRef, bucket: str) -> list[Values]:
    """The chart gives its S3 settings to the API alone, so the store is told here
    (https://cube.dev/docs/product/configuration/reference/environment-variables)."""
    if storage.scheme == "gs":
        return [_env("CUBESTORE_GCS_BUCKET", bucket)]
    if storage.endpoint:
        prefix = "CUBESTORE_MINIO"
        return [
            _env(f"{prefix}_SERVER_ENDPOINT", storage.endpoint),
            _env(f"{prefix}_BUCKET", bucket),
            _env(f"{prefix}_REGION", storage.region),
            _key(storage, f"{prefix}_ACCESS_KEY_ID", "access-key"),
            _key(storage, f"{prefix}_SECRET_ACCESS_KEY", "secret-key"),
        ]
    return [
        _env("CUBESTORE_S3_BUCKET", bucket),
        _env("CUBESTORE_S3_REGION", storage.region),
        _key(storage, "CUBESTORE_AWS_ACCESS_KEY_ID", "access-key"),
        _key(storage, "CUBESTORE_AWS_SECRET_ACCESS_KEY", "secret-key"),
    ]


def _key(storage: StorageRef, name: str, key: str) -> Values:
    """Where nothing of ours makes the Secret, pods start without it, as they do where their account has a role."""
    variable: dict[str, Any] = secret_env(name, secret=STORAGE_SECRET, key=key)
    if storage.secret:
        return variable
    reference: Mapping[str, Any] = variable["valueFrom"]["secretKeyRef"]
    return {**variable, "valueFrom": {"secretKeyRef": {**reference, "optional": True}}}


def _env(name: str, value: str) -> Values:
    return {"name": name, "value": value}
