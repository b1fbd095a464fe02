"""Files for those who query the tables: PyIceberg, Trino, DuckDB and dbt, all from the one catalog that there is.

None holds a secret. Which variables each of them reads is in `.env.example`, by name.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from floe_infra.catalog.clients import pyiceberg, trino_properties
from floe_infra.compute.config import TrinoConfig
from floe_infra.compute.duckdb import TEMP_DIRECTORY
from floe_infra.handoff.document import to_yaml
from floe_infra.handoff.parts import Parts
from floe_infra.refs import CatalogRef, StorageRef

_TRINO = 481
"""Where the platform has none of its own, the release that the properties are written for."""


def client_files(parts: Parts) -> dict[str, str]:
    """By name, their text; none where there is no catalog, or nothing to keep tables in."""
    if parts.catalog is None or parts.storage is None:
        return {}
    return {
        "pyiceberg.yaml": _pyiceberg(parts.catalog, parts.storage),
        "trino/iceberg.properties": _trino(parts, parts.catalog, parts.storage),
        "duckdb-attach.sql": _duckdb(parts.catalog, parts.storage),
        "dbt/profiles.yml": _dbt(parts, parts.catalog, parts.storage),
        ".env.example": _variables(parts, parts.catalog, parts.storage),
    }


def _pyiceberg(catalog: CatalogRef, storage: StorageRef) -> str:
    return to_yaml(
        {"catalog": {"default": pyiceberg(catalog, storage)}},
        "For PyIceberg, as ~/.pyiceberg.yaml or in the directory that PYICEBERG_HOME names.",
        *_what_pyiceberg_reads(catalog, storage),
    )


def _what_pyiceberg_reads(catalog: CatalogRef, storage: StorageRef) -> list[str]:
    login = ["PYICEBERG_CATALOG__DEFAULT__CREDENTIAL is <client id>:<client secret>."] if catalog.scope else []
    keys = not catalog.vends_credentials and storage.scheme == "s3"
    return [*login, *(["It takes AWS credentials from the environment."] if keys else [])]


def _trino(parts: Parts, catalog: CatalogRef, storage: StorageRef) -> str:
    """The same that the platform's own Trino has; for one that is elsewhere."""
    compute = parts.config.compute
    release = int(compute.version) if isinstance(compute, TrinoConfig) else _TRINO
    properties = trino_properties(catalog, storage, release=release)
    lines = [f"{key}={value}" for key, value in properties.items()]
    return "\n".join([f"# For Trino {release}, as etc/catalog/lakehouse.properties.", *lines, ""])


def _duckdb(catalog: CatalogRef, storage: StorageRef) -> str:
    """https://duckdb.org/docs/stable/core_extensions/iceberg/iceberg_rest_catalogs"""
    extensions = ["iceberg", "httpfs", *(["aws"] if _duckdb_finds_keys(catalog, storage) else [])]
    loads = [f"INSTALL {name}; LOAD {name};" for name in extensions]
    secrets = [_duckdb_keys(storage)] if _duckdb_finds_keys(catalog, storage) else []
    if catalog.scope:
        secrets.append(_duckdb_login(catalog))
    comments = ["-- For DuckDB's command line: duckdb -init duckdb-attach.sql"]
    if catalog.scope:
        comments.append("-- Elsewhere there is no getenv(): put in the credentials by the program's own means.")
    return "\n".join([*comments, *loads, *secrets, *_duckdb_tables(catalog), ""])


def _duckdb_finds_keys(catalog: CatalogRef, storage: StorageRef) -> bool:
    return not catalog.vends_credentials and storage.scheme == "s3"


def _duckdb_keys(storage: StorageRef) -> str:
    """From the environment, or whatever AWS' clients look for."""
    options = ["TYPE s3", "PROVIDER credential_chain", f"REGION {_sql(storage.region)}"]
    if storage.endpoint:
        url = urlsplit(storage.endpoint)
        options += [f"ENDPOINT {_sql(url.netloc)}", f"USE_SSL {'true' if url.scheme == 'https' else 'false'}"]
    if storage.path_style:
        options.append("URL_STYLE 'path'")
    return f"CREATE OR REPLACE SECRET storage (\n    {_lines(options)}\n);"


def _duckdb_login(catalog: CatalogRef) -> str:
    options = [
        "TYPE iceberg",
        "CLIENT_ID getenv('POLARIS_CLIENT_ID')",
        "CLIENT_SECRET getenv('POLARIS_CLIENT_SECRET')",
        f"OAUTH2_SERVER_URI {_sql(f'{catalog.uri}/v1/oauth/tokens')}",
        f"OAUTH2_SCOPE {_sql(catalog.scope or '')}",
    ]
    return f"CREATE OR REPLACE SECRET catalog (\n    {_lines(options)}\n);"


def _duckdb_tables(catalog: CatalogRef) -> list[str]:
    """An emulator's Glue cannot be attached, and to attach AWS' own in its place would be worse than nothing."""
    if catalog.uri is None and catalog.endpoint:
        return [
            "-- An emulator's Glue knows no Iceberg REST, so there is no catalog to attach. A table is read by its",
            "-- newest metadata file, which PyIceberg's table.metadata_location and `aws glue get-table` tell:",
            "-- FROM iceberg_scan('s3://<bucket>/<table>/metadata/<file>.metadata.json');",
        ]
    # It has no schema of its own, so that another is chosen with it.
    return [_duckdb_attach(catalog), f'USE lakehouse."{list(catalog.namespaces.values())[-1]}";']


def _duckdb_attach(catalog: CatalogRef) -> str:
    if catalog.uri is None:
        options = ["TYPE iceberg", "ENDPOINT_TYPE 'glue'", "SECRET storage"]
    else:
        login = "SECRET catalog" if catalog.scope else "AUTHORIZATION_TYPE 'none'"
        lent = [] if catalog.vends_credentials else ["ACCESS_DELEGATION_MODE 'none'"]
        options = ["TYPE iceberg", f"ENDPOINT {_sql(catalog.uri)}", login, *lent]
    return f"ATTACH {_sql(catalog.warehouse)} AS lakehouse (\n    {_lines(options)}\n);"


def _lines(options: list[str]) -> str:
    return ",\n    ".join(options)


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _dbt(parts: Parts, catalog: CatalogRef, storage: StorageRef) -> str:
    compute, name = parts.compute, parts.context.environment
    target: dict[str, Any]
    if compute and compute.engine == "trino":
        target = {
            "type": "trino",
            "method": "none",
            "host": compute.host,
            "port": compute.port,
            "user": "dbt",
            "database": compute.catalog,
            "schema": list(catalog.namespaces.values())[-1],
            "threads": 4,
        }
    else:
        run = parts.run
        limits = {"memory_limit": run.memory_limit, "temp_directory": TEMP_DIRECTORY}
        target = {
            "type": "duckdb",
            "path": parts.database_path,
            **({"threads": run.threads, "settings": limits} if compute else {}),
            # dbt-duckdb's plugin reads tables with PyIceberg.
            "plugins": [{"module": "iceberg", "config": {"catalog": "default", **pyiceberg(catalog, storage)}}],
        }
    return to_yaml(
        {parts.context.prefix: {"target": name, "outputs": {name: target}}},
        "For dbt outside of floe-runtime, which makes a profile of its own.",
        *_what_pyiceberg_reads(catalog, storage),
    )


def _variables(parts: Parts, catalog: CatalogRef, storage: StorageRef) -> str:
    """Names alone, for whoever works from outside the cluster."""
    blocks = [("Where platform.yaml is.", ["FLOE_PLATFORM_FILE"])]
    if catalog.scope:
        names = ["POLARIS_CLIENT_ID", "POLARIS_CLIENT_SECRET", "POLARIS_SCOPE"]
        blocks.append(("The catalog's client, for floe-runtime and DuckDB.", names))
        blocks.append(("The same as <client id>:<client secret>.", ["PYICEBERG_CATALOG__DEFAULT__CREDENTIAL"]))
        blocks.append(("The same for Trino.", ["CATALOG_CLIENT_ID", "CATALOG_CLIENT_SECRET"]))
    if storage.scheme == "s3":
        names = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        blocks.append(("Storage; dbt wants the keys to be there, if only empty.", names))
    if storage.secret and not catalog.vends_credentials:
        blocks.append(("The same for Trino.", ["STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"]))
    if parts.compute and parts.compute.engine == "motherduck":
        blocks.append(("MotherDuck.", ["MOTHERDUCK_TOKEN"]))
    return "\n".join(f"# {what}\n" + "".join(f"{name}=\n" for name in names) for what, names in blocks)
