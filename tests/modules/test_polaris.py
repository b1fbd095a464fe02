from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from floe_infra.catalog.config import ROOT_SECRET, TOKEN_SECRET, PolarisConfig, client_secret
from floe_infra.needs import login_secret
from floe_infra.refs import StorageRef

from .in_cluster import ACCOUNT, LAKE, LAYERS, ROLE, SITE, STORAGE, TELEMETRY, database, secret, site
from .stand_ins import Case

CREDENTIALS = ("client_id", "client_secret")
LOGIN = secret(login_secret("polaris"), "acme-prod/login-polaris")
SECRETS = (
    LOGIN,
    secret(ROOT_SECRET, "acme-prod/polaris-root", *CREDENTIALS),
    secret(TOKEN_SECRET, "acme-prod/polaris-token-key", "key"),
)
SERVER = {"host": "db.example.com"}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
KEYS = secret("storage-keys", "acme-prod/storage", "access_key", "secret_key")
POLARIS = {
    **LAKE,
    "warehouse": "lake",
    "namespace": "catalog",
    "database": SERVER,
    "database_secret": "acme-prod/login-polaris",
    "root_secret": "acme-prod/polaris-root",
    "token_key_secret": "acme-prod/polaris-token-key",
}
ALL = {
    "namespace": "lake",
    "namespaces": {"gold": "marts"},
    "replicas": 1,
    "max_replicas": None,
    "memory_gib": 4,
    "cpu": 1.5,
    "database_connections": 7,
    "drop_with_purge": False,
}
VALUES = {"image": {"tag": "1.7.1", "pullPolicy": "Always"}, "replicaCount": 3}


def polaris(
    *clients: str,
    server: Mapping[str, Any] = SERVER,
    storage: StorageRef = STORAGE,
    special: bool = False,
    **config: Any,
) -> Callable[[Any], Any]:
    from floe_infra.catalog.polaris import Polaris

    signing_in = [secret(client_secret(client), f"acme-prod/client-{client}", *CREDENTIALS) for client in clients]
    place = site(
        "polaris",
        *SECRETS,
        *signing_in,
        special=special,
        account=ACCOUNT if special else None,
        lent_roles={"catalog": ROLE},
    )
    return lambda scope: Polaris(
        scope,
        "catalog",
        config=PolarisConfig.model_validate({"warehouse": "lake", **config}),
        site=place,
        storage=storage,
        database=database(LOGIN, **server),
        telemetry=TELEMETRY if special else None,
    )


def of_clients(*clients: str) -> dict[str, str]:
    return {client: f"acme-prod/client-{client}" for client in clients}


SPECIAL = {"host": "db.example.com", "port": 6432, "ssl_mode": "verify-full"}
MINIO = {"endpoint": "http://minio:9000", "secret": "acme-prod/storage"}
MIRRORED = {"maintenance": {"image": {"repository": "registry.example.com/admin"}}}
CASES = {
    "polaris-default": Case("polaris", {**POLARIS, "storage_role_arn": ROLE}, polaris()),
    "polaris-all": Case(
        "polaris",
        {
            **POLARIS,
            **SITE,
            **ALL,
            "storage_role_arn": ROLE,
            "kms_key_arn": KEY,
            "service_account_annotations": ACCOUNT,
            "database": SPECIAL,
            "clients": of_clients("runtime", "trino"),
            "otlp_endpoint": TELEMETRY.otlp_grpc,
            "values": VALUES,
        },
        polaris(
            "runtime",
            "trino",
            server=SPECIAL,
            storage=dataclasses.replace(STORAGE, kms_key_arn=KEY),
            special=True,
            values=VALUES,
            **ALL,
        ),
    ),
    "polaris-minio": Case(
        "polaris",
        {**POLARIS, "s3_compatible": MINIO, "clients": of_clients("trino")},
        polaris(
            "trino", storage=dataclasses.replace(STORAGE, endpoint=MINIO["endpoint"], path_style=True, secret=KEYS)
        ),
    ),
    "polaris-hosts-with-the-buckets-name": Case(
        "polaris",
        {**POLARIS, "s3_compatible": {**MINIO, "path_style": False}, "max_replicas": 2, "values": MIRRORED},
        polaris(
            storage=dataclasses.replace(STORAGE, endpoint=MINIO["endpoint"], secret=KEYS),
            max_replicas=2,
            values=MIRRORED,
        ),
    ),
    "polaris-one-bucket": Case(
        "polaris",
        {**POLARIS, "storage_role_arn": ROLE, "layers": dict.fromkeys(LAYERS, LAYERS["bronze"])},
        polaris(storage=dataclasses.replace(STORAGE, layers=dict.fromkeys(LAYERS, STORAGE.layers["bronze"]))),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct
