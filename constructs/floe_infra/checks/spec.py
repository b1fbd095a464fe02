"""What to ask of a platform, from its parts as their refs say: the same that everything handed over is made from.

The document goes with what is handed over, so that Terraform fills in what it alone knows, and no address is put
together twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from floe_infra.checks.program.catalog import Catalog, CatalogLogin, Glue, Namespaces
from floe_infra.checks.program.credentials import Entry, Manager, Secret
from floe_infra.checks.program.lineage import Lineage
from floe_infra.checks.program.postgresql import Login, PostgreSql
from floe_infra.checks.program.query import BigQuery, Trino
from floe_infra.checks.program.run import Check, Kind, as_data
from floe_infra.checks.program.storage import Bucket
from floe_infra.checks.program.telemetry import Otlp
from floe_infra.handoff import dagster_values
from floe_infra.handoff.config import CLIENT
from floe_infra.handoff.floe_runtime import FloeRuntime
from floe_infra.handoff.parts import LOGS_PREFIX, Parts
from floe_infra.needs import login
from floe_infra.refs import BucketRef, CatalogRef, DatabaseRef, SecretRef, StorageRef

DATABASE_PASSWORD = "DAGSTER_PG_PASSWORD"
"""The variable in which Dagster's own chart gives the password to its pods."""
_MANAGERS: dict[str, Manager] = {"external_secrets": "aws", "secret_manager": "google"}
"""By the kind of `secrets`, whose secret manager it is."""


def document(parts: Parts) -> str:
    """Both as text, each check on a line."""
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in as_data(checks(parts)))
    return f'{{"job": {json.dumps(job(parts), ensure_ascii=False)},\n"checks": [\n{lines}\n]}}\n'


def checks(parts: Parts) -> list[Check]:
    """What the platform's pipelines, and those who query its tables, need of it.

    DuckDB and MotherDuck have no check: the one is inside the runs' own pods, and the other is reached by a protocol of
    its own, with DuckDB alone.
    """
    return [Check(name, what) for name, what in _checks(parts)]


def job(parts: Parts) -> dict[str, Any] | None:
    """Where in the cluster they are made: as Dagster's pods, with their service account, their labels and so their
    network policies. None where nothing of the runtime's is in a cluster."""
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


def _checks(parts: Parts) -> Iterator[tuple[str, Kind]]:
    storage, catalog, compute = parts.storage, parts.catalog, parts.compute
    rest = _rest(parts, catalog) if catalog and catalog.uri else None
    if storage:
        for layer, bucket in storage.layers.items():
            yield f"storage {layer}", _layer(parts, storage, layer, bucket, rest)
        if storage.compute_logs:
            yield "storage compute logs", _bucket(parts, storage, storage.compute_logs, LOGS_PREFIX)
    if catalog:
        yield from _catalog(catalog, rest)
    if parts.database:
        yield "database", _database(parts, parts.database)
    if parts.telemetry:
        yield "telemetry grpc", Otlp(parts.telemetry.otlp_grpc, "grpc")
        yield "telemetry http", Otlp(parts.telemetry.otlp_http, "http")
    if parts.lineage_url:
        yield "lineage", Lineage(parts.lineage_url, parts.context.prefix)
    if compute and compute.engine == "trino" and compute.catalog:
        namespaces = tuple(catalog.namespaces.values()) if catalog else ()
        yield "compute trino", Trino(f"http://{compute.host}:{compute.port}", compute.catalog, namespaces)
    if compute and compute.engine == "bigquery":
        told = compute.environment
        project, dataset = told["GOOGLE_CLOUD_PROJECT"], told["BIGQUERY_DATASET"]
        yield "compute bigquery", BigQuery(project, told["BIGQUERY_LOCATION"], dataset)


def _layer(parts: Parts, storage: StorageRef, layer: str, bucket: BucketRef, rest: Catalog | None) -> Bucket:
    """Where the layer's namespace has its tables."""
    catalog = parts.catalog
    namespace = catalog.namespaces.get(layer, layer) if catalog else layer
    lent = {"lender": rest, "namespace": namespace} if rest and catalog and catalog.vends_credentials else {}
    return _bucket(parts, storage, bucket, f"{namespace}/", **lent)


def _bucket(parts: Parts, storage: StorageRef, bucket: BucketRef, prefix: str, **more: Any) -> Bucket:
    return Bucket(
        uri=bucket.uri,
        prefix=prefix,
        region=storage.region,
        endpoint=storage.endpoint or "",
        path_style=storage.path_style,
        keys=_storage_keys(parts, storage.secret) if storage.secret else None,
        **more,
    )


def _storage_keys(parts: Parts, secret: SecretRef) -> Secret:
    names = {"access_key": "AWS_ACCESS_KEY_ID", "secret_key": "AWS_SECRET_ACCESS_KEY"}
    entries = tuple(Entry(key, variable, variable) for key, variable in names.items())
    return _secret(parts, secret, dagster_values.STORAGE_SECRET, entries)


def _rest(parts: Parts, catalog: CatalogRef) -> Catalog:
    assert catalog.uri
    if not catalog.scope:
        return Catalog(catalog.uri, catalog.warehouse)
    names = {"client_id": "POLARIS_CLIENT_ID", "client_secret": "POLARIS_CLIENT_SECRET"}
    keys = {"client_id": "polaris-client-id", "client_secret": "polaris-client-secret"}
    entries = tuple(Entry(key, variable, keys[key]) for key, variable in names.items())
    secret = _secret(parts, catalog.clients.get(CLIENT), dagster_values.CATALOG_SECRET, entries)
    return Catalog(catalog.uri, catalog.warehouse, secret, catalog.scope)


def _catalog(catalog: CatalogRef, rest: Catalog | None) -> Iterator[tuple[str, Kind]]:
    namespaces = tuple(catalog.namespaces.values())
    if rest is None:
        yield "catalog glue", Glue(catalog.region, namespaces, catalog.warehouse, catalog.endpoint or "")
        return
    if rest.client:
        yield "catalog login", CatalogLogin(rest)
    yield "catalog namespaces", Namespaces(rest, namespaces)


def _database(parts: Parts, database: DatabaseRef) -> PostgreSql:
    """Dagster's own login in the cluster; elsewhere the administrator's, since it is known by name."""
    entries = (Entry("username", "PGUSER"), Entry("password", "PGPASSWORD"))
    # RDS keeps the administrator's password itself, in AWS' secret manager.
    manager: Manager | None = "aws" if parts.config.database.kind == "rds" else None
    outside = Login(database.database, _secret(parts, database.secret, "", entries, manager))
    inside = None
    if parts.runtime:
        user = str(login(dagster_values.DATABASE)["username"])
        password = Entry("password", DATABASE_PASSWORD, "postgresql-password")
        inside = Login(dagster_values.DATABASE, Secret((password,), dagster_values.DATABASE_SECRET), user)
    return PostgreSql(database.host, database.port, database.ssl_mode, outside, inside)


def _secret(
    parts: Parts,
    ref: SecretRef | None,
    kubernetes_name: str,
    entries: tuple[Entry, ...],
    manager: Manager | None = None,
) -> Secret:
    """By the name that it has in the cloud's secret manager; the cluster's own is read by pods alone."""
    manager = manager or _MANAGERS.get(parts.config.secrets.kind)
    if ref is None or not manager:
        return Secret(entries, kubernetes_name)
    context = parts.context
    if manager == "google":
        return Secret(entries, kubernetes_name, manager, ref.remote_key, project=context.account_id)
    return Secret(
        entries, kubernetes_name, manager, ref.remote_key, region=context.region, endpoint=context.endpoint or ""
    )
