"""How engines and programs get at the catalog's tables: their properties, from the refs and nothing else.

No secret is among them. Where one belongs, Trino reads an environment variable, and PyIceberg is given it by whoever
calls it.
"""

from __future__ import annotations

from floe_infra.refs import CatalogRef, SecretRef, StorageRef
from floe_infra.unknown import either, otherwise

_CLIENT = {"CATALOG_CLIENT_ID": "{{ .client_id }}", "CATALOG_CLIENT_SECRET": "{{ .client_secret }}"}
_KEYS = {"STORAGE_ACCESS_KEY": "{{ .access_key }}", "STORAGE_SECRET_KEY": "{{ .secret_key }}"}


def trino_properties(catalog: CatalogRef, storage: StorageRef, *, release: int) -> dict[str, str]:
    """A catalog of Trino's Iceberg connector (https://trino.io/docs/current/object-storage/metastores.html), with
    `${ENV:…}` for what `trino_secrets` tells of.

    Args:
        release: Trino's.
    """
    return {"connector.name": "iceberg", **_trino_catalog(catalog), **_trino_storage(catalog, storage, release)}


def trino_secrets(catalog: CatalogRef, storage: StorageRef, *, client: str) -> list[tuple[SecretRef, dict[str, str]]]:
    """The secrets behind those properties, each with the environment variables to make of it: their names, and the
    templates of their values, as a copy of the secret takes them.

    Args:
        client: as whom Trino logs in to the catalog.
    """
    secrets = []
    if catalog.scope is not None:
        secrets.append((catalog.clients[client], _CLIENT))
    if keys := _own_keys(catalog, storage):
        secrets.append((keys, _KEYS))
    return secrets


def pyiceberg(catalog: CatalogRef, storage: StorageRef) -> dict[str, str]:
    """The properties of PyIceberg's `load_catalog` (https://py.iceberg.apache.org/configuration/).

    Left out, as they are secret: `credential` (`client_id:client_secret`) where the catalog has a scope, and
    `s3.access-key-id` and `s3.secret-access-key` where the storage has keys and the catalog lends none. PyIceberg also
    reads them from variables such as `PYICEBERG_CATALOG__DEFAULT__CREDENTIAL`. On Google, it finds what the pod may do
    by itself, unless the catalog lends it something.
    """
    if storage.scheme == "gs":
        return _pyiceberg_catalog(catalog)
    reach = {"s3.endpoint": storage.endpoint} if storage.endpoint is not None else {}
    style = {"s3.force-virtual-addressing": "false"} if storage.path_style else {}
    return {**_pyiceberg_catalog(catalog), "s3.region": storage.region, **reach, **style}


def _trino_catalog(catalog: CatalogRef) -> dict[str, str]:
    if catalog.uri is None:
        reach = {"hive.metastore.glue.endpoint-url": catalog.endpoint} if catalog.endpoint else {}
        return {"iceberg.catalog.type": "glue", "hive.metastore.glue.region": catalog.region, **reach}
    prefix = "iceberg.rest-catalog"
    login = {
        f"{prefix}.security": "OAUTH2",
        f"{prefix}.oauth2.server-uri": _token_uri(catalog.uri),
        f"{prefix}.oauth2.credential": "${ENV:CATALOG_CLIENT_ID}:${ENV:CATALOG_CLIENT_SECRET}",
        f"{prefix}.oauth2.scope": otherwise(catalog.scope, ""),
    }
    return {
        "iceberg.catalog.type": "rest",
        f"{prefix}.uri": catalog.uri,
        f"{prefix}.warehouse": catalog.warehouse,
        **(login if catalog.scope is not None else {f"{prefix}.security": "NONE"}),
        f"{prefix}.vended-credentials-enabled": _word(catalog.vends_credentials),
    }


def _trino_storage(catalog: CatalogRef, storage: StorageRef, release: int) -> dict[str, str]:
    if storage.scheme == "gs":
        # From 481 on it is called fs.gcs.enabled. Where nothing is lent, it takes what its service account may do.
        return {"fs.native-gcs.enabled": "true"}
    reach = {"s3.endpoint": storage.endpoint} if storage.endpoint is not None else {}
    style = {"s3.path-style-access": "true"} if storage.path_style else {}
    keys = {
        "s3.aws-access-key": "${ENV:STORAGE_ACCESS_KEY}",
        "s3.aws-secret-key": "${ENV:STORAGE_SECRET_KEY}",
    }
    return {
        # From 481 on it is called fs.s3.enabled, and this name still holds.
        "fs.native-s3.enabled": "true",
        "s3.region": storage.region,
        **reach,
        **style,
        **(keys if _own_keys(catalog, storage) else {}),
        **({} if catalog.vends_credentials or storage.endpoint is not None else _own_identity(release)),
    }


def _own_identity(release: int) -> dict[str, str]:
    """The service account's, where Trino would else fall back to the node's
    (https://github.com/trinodb/trino/issues/24096). Release 483 has taken away the first of these properties."""
    if release < 483:
        return {"s3.use-web-identity-token-credentials-provider": "true"}
    return {"s3.auth-type": "WEB_IDENTITY"}


def _pyiceberg_catalog(catalog: CatalogRef) -> dict[str, str]:
    if catalog.uri is None:
        reach = {"glue.endpoint": catalog.endpoint} if catalog.endpoint else {}
        return {"type": "glue", "glue.region": catalog.region, "glue.id": catalog.warehouse, **reach}
    login = {"scope": catalog.scope, "oauth2-server-uri": _token_uri(catalog.uri)} if catalog.scope else {}
    # It asks for credentials of its own accord, and Polaris answers with an error where it lends none.
    ask = {} if catalog.vends_credentials else {"header.X-Iceberg-Access-Delegation": ""}
    return {"type": "rest", "uri": catalog.uri, "warehouse": catalog.warehouse, **login, **ask}


def _token_uri(uri: str) -> str:
    return f"{uri}/v1/oauth/tokens"


def _own_keys(catalog: CatalogRef, storage: StorageRef) -> SecretRef | None:
    """The storage's keys, where a client needs them."""
    return None if catalog.vends_credentials else storage.secret


def _word(value: bool) -> str:
    return either(value, "true", "false")
