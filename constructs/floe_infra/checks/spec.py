"""What to ask of a platform, from its parts as their refs say: the same that everything handed over is made from.

The document goes with what is handed over, so that Terraform fills in what it alone knows, and no address is put
together twice. Its checks are those of `program`, as `program.run.read` reads them. They are written as plain data:
with the program itself, which speaks a dozen protocols, synthesis would take 40 ms longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from floe_infra.handoff import dagster_values
from floe_infra.handoff.config import CLIENT
from floe_infra.handoff.floe_runtime import FloeRuntime
from floe_infra.handoff.parts import LOGS_PREFIX, Parts
from floe_infra.needs import login
from floe_infra.refs import BucketRef, CatalogRef, DatabaseRef, SecretRef, StorageRef

DATABASE_PASSWORD = "DAGSTER_PG_PASSWORD"
"""The variable in which Dagster's own chart gives the password to its pods."""
_MANAGERS = {"external_secrets": "aws", "secret_manager": "google"}
"""By the kind of `secrets`, whose secret manager it is."""

Data = dict[str, Any]


def document(parts: Parts) -> str:
    """The checks, and where in the cluster they are made, as text: each check on a line."""
    checks = ({"name": name, "kind": kind, "what": what} for name, kind, what in _checks(parts))
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in checks)
    return f'{{"job": {json.dumps(_job(parts), ensure_ascii=False)},\n"checks": [\n{lines}\n]}}\n'


def _job(parts: Parts) -> Data | None:
    """As Dagster's pods: with their service account, their labels and so their network policies. None where nothing of
    the runtime's is in a cluster."""
    if parts.runtime is None:
        return None
    dagster, *_ = FloeRuntime.workloads(parts.runtime)
    return {
        "namespace": parts.runtime.namespace,
        "service_account": parts.runtime.service_account,
        "annotations": dict(parts.identity.annotations) if parts.identity else {},
        "labels": dict(dagster.labels),
        "placement": {key: value for key, value in parts.steady.values.items() if value},
    }


def _checks(parts: Parts) -> Iterator[tuple[str, str, Data]]:
    """What the platform's pipelines, and those who query its tables, need of it: name, kind and the rest.

    DuckDB and MotherDuck have no check: the one is inside the runs' own pods, and the other is reached by a protocol of
    its own, with DuckDB alone.
    """
    storage, catalog, compute = parts.storage, parts.catalog, parts.compute
    rest = _rest(parts, catalog) if catalog and catalog.uri else None
    if storage:
        for layer, bucket in storage.layers.items():
            yield f"storage {layer}", "Bucket", _layer(parts, storage, layer, bucket, rest)
        if storage.compute_logs:
            yield "storage compute logs", "Bucket", _bucket(parts, storage, storage.compute_logs, LOGS_PREFIX)
    if catalog:
        yield from _catalog(catalog, rest)
    if parts.database:
        yield "database", "PostgreSql", _database(parts, parts.database)
    if parts.telemetry:
        yield "telemetry grpc", "Otlp", {"url": parts.telemetry.otlp_grpc, "protocol": "grpc"}
        yield "telemetry http", "Otlp", {"url": parts.telemetry.otlp_http, "protocol": "http"}
    if parts.lineage_url:
        yield "lineage", "Lineage", {"url": parts.lineage_url, "namespace": parts.context.prefix}
    if compute and compute.engine == "trino":
        namespaces = list(catalog.namespaces.values()) if catalog else []
        url = f"http://{compute.host}:{compute.port}"
        yield "compute trino", "Trino", {"url": url, "catalog": compute.catalog, "namespaces": namespaces}
    if compute and compute.engine == "bigquery":
        variables = {
            "project": "GOOGLE_CLOUD_PROJECT",
            "location": "BIGQUERY_LOCATION",
            "dataset": "BIGQUERY_DATASET",
        }
        yield "compute bigquery", "BigQuery", {key: compute.environment[name] for key, name in variables.items()}


def _layer(parts: Parts, storage: StorageRef, layer: str, bucket: BucketRef, rest: Data | None) -> Data:
    """Where the layer's namespace has its tables."""
    catalog = parts.catalog
    namespace = catalog.namespaces.get(layer, layer) if catalog else layer
    lent = {"lender": rest, "namespace": namespace} if rest and catalog and catalog.vends_credentials else {}
    return {**_bucket(parts, storage, bucket, f"{namespace}/"), **lent}


def _bucket(parts: Parts, storage: StorageRef, bucket: BucketRef, prefix: str) -> Data:
    return {
        "uri": bucket.uri,
        "prefix": prefix,
        "region": storage.region,
        **({"endpoint": storage.endpoint} if storage.endpoint else {}),
        **({"path_style": True} if storage.path_style else {}),
        **({"keys": _storage_keys(parts, storage.secret)} if storage.secret else {}),
    }


def _storage_keys(parts: Parts, secret: SecretRef) -> Data:
    names = {"access_key": "AWS_ACCESS_KEY_ID", "secret_key": "AWS_SECRET_ACCESS_KEY"}
    entries = [_entry(key, variable, variable) for key, variable in names.items()]
    return _secret(parts, entries, secret, dagster_values.STORAGE_SECRET)


def _rest(parts: Parts, catalog: CatalogRef) -> Data:
    """One that speaks Iceberg's REST."""
    place = {"uri": catalog.uri, "warehouse": catalog.warehouse}
    if not catalog.scope:
        return place
    entries = [
        _entry("client_id", "POLARIS_CLIENT_ID", "polaris-client-id"),
        _entry("client_secret", "POLARIS_CLIENT_SECRET", "polaris-client-secret"),
    ]
    client = _secret(parts, entries, catalog.clients.get(CLIENT), dagster_values.CATALOG_SECRET)
    return {**place, "client": client, "scope": catalog.scope}


def _catalog(catalog: CatalogRef, rest: Data | None) -> Iterator[tuple[str, str, Data]]:
    namespaces = list(catalog.namespaces.values())
    if rest is None:
        reach = {"endpoint": catalog.endpoint} if catalog.endpoint else {}
        place = {"region": catalog.region, "databases": namespaces, "catalog_id": catalog.warehouse, **reach}
        yield "catalog glue", "Glue", place
        return
    if catalog.scope:
        yield "catalog login", "CatalogLogin", {"catalog": rest}
    yield "catalog namespaces", "Namespaces", {"catalog": rest, "namespaces": namespaces}


def _database(parts: Parts, database: DatabaseRef) -> Data:
    """Dagster's own login in the cluster; elsewhere the administrator's, since it is known by name."""
    entries = [_entry("username", "PGUSER"), _entry("password", "PGPASSWORD")]
    # RDS keeps the administrator's password itself, in AWS' secret manager.
    manager = "aws" if parts.config.database.kind == "rds" else None
    admin = _secret(parts, entries, database.secret, manager=manager)
    password = [_entry("password", DATABASE_PASSWORD, "postgresql-password")]
    inside = {
        "database": dagster_values.DATABASE,
        "user": login(dagster_values.DATABASE)["username"],
        "secret": {"entries": password, "kubernetes_name": dagster_values.DATABASE_SECRET},
    }
    return {
        "host": database.host,
        "port": database.port,
        "ssl_mode": database.ssl_mode,
        "outside": {"database": database.database, "secret": admin},
        **({"inside": inside} if parts.runtime else {}),
    }


def _entry(key: str, variable: str, kubernetes_key: str = "") -> Data:
    return {"key": key, "variable": variable, **({"kubernetes_key": kubernetes_key} if kubernetes_key else {})}


def _secret(
    parts: Parts,
    entries: list[Data],
    ref: SecretRef | None,
    kubernetes_name: str = "",
    *,
    manager: str | None = None,
) -> Data:
    """By the name that it has in the cloud's secret manager; the cluster's own is read by pods alone."""
    manager, context = manager or _MANAGERS.get(parts.config.secrets.kind), parts.context
    known: Mapping[str, Any] = {"entries": entries, **({"kubernetes_name": kubernetes_name} if kubernetes_name else {})}
    if ref is None or manager is None:
        return {**known}
    if manager == "google":
        return {**known, "manager": manager, "name": ref.remote_key, "project": context.account_id}
    reach = {"endpoint": context.endpoint} if context.endpoint else {}
    return {**known, "manager": manager, "name": ref.remote_key, "region": context.region, **reach}
