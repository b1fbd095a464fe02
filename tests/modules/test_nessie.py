from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from floe_infra.catalog.config import NessieConfig
from floe_infra.needs import login_secret

from .in_cluster import ACCOUNT, LAKE, ROLE, SITE, STORAGE, TELEMETRY, database, secret, site
from .stand_ins import Case


def nessie(*, server: Mapping[str, Any], special: bool = False, **config: Any) -> Callable[[Any], Any]:
    from floe_infra.catalog.nessie import Nessie

    login = secret(login_secret("nessie"), "acme-prod/login-nessie")
    place = site("nessie", login, special=special, account=ACCOUNT if special else None, lent_roles={"catalog": ROLE})
    return lambda scope: Nessie(
        scope,
        "catalog",
        config=NessieConfig.model_validate(config),
        site=place,
        storage=STORAGE,
        database=database(login, **server),
        telemetry=TELEMETRY if special else None,
    )


NESSIE = {**LAKE, "warehouse": "lake", "namespace": "catalog", "database_secret": "acme-prod/login-nessie"}
CASES = {
    "nessie-default": Case(
        "nessie",
        {**NESSIE, "storage_role_arn": ROLE, "database": {"host": "db.example.com"}},
        nessie(warehouse="lake", server={"host": "db.example.com"}),
    ),
    "nessie-all": Case(
        "nessie",
        {
            **NESSIE,
            **SITE,
            "namespace": "lake",
            "storage_role_arn": ROLE,
            "service_account_annotations": ACCOUNT,
            "database": {"host": "db.example.com", "port": 6432, "ssl_mode": "verify-full"},
            "otlp_endpoint": TELEMETRY.otlp_grpc,
            "namespaces": {"gold": "marts"},
            "replicas": 1,
            "max_replicas": None,
            "memory_gib": 4,
            "cpu": 1.5,
            "database_connections": 7,
            "values": {"image": {"pullPolicy": "Always"}, "replicaCount": 3},
        },
        nessie(
            server={"host": "db.example.com", "port": 6432, "ssl_mode": "verify-full"},
            special=True,
            warehouse="lake",
            namespace="lake",
            namespaces={"gold": "marts"},
            replicas=1,
            max_replicas=None,
            memory_gib=4,
            cpu=1.5,
            database_connections=7,
            values={"image": {"pullPolicy": "Always"}, "replicaCount": 3},
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct
