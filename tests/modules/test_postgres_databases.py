from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from floe_infra.database.config import ADMIN_SECRET, RdsConfig
from floe_infra.needs import login_secret

from .in_cluster import SITE, database, secret, site
from .stand_ins import Case

KEYS = ("username", "password", "database")


def databases(
    applications: Mapping[str, str], *, name: str = "postgres", special: bool = False, **server: Any
) -> Callable[[Any], Any]:
    from floe_infra.database.databases import Databases

    admin = secret(ADMIN_SECRET, "acme-prod/database-admin")
    logins = [secret(login_secret(application), key, *KEYS) for application, key in applications.items()]
    return lambda scope: Databases(
        scope,
        "database",
        config=RdsConfig(namespace="postgresql" if special else "database"),
        site=site("databases", admin, *logins, special=special),
        database=replace(database(admin, **server), database=name),
    )


ONE = {"nessie": "acme-prod/login-nessie"}
SEVERAL = {"dagster": "team/dagster", "marquez": "team/marquez", "query-log": "team/query_log"}
GIVEN = {"namespace": "database", "admin_secret": "acme-prod/database-admin"}
CASES = {
    "databases-one": Case(
        "postgres-databases",
        {**GIVEN, "database": {"host": "db.example.com"}, "applications": ONE},
        databases(ONE, host="db.example.com"),
    ),
    "databases-several": Case(
        "postgres-databases",
        {
            **GIVEN,
            **{name: value for name, value in SITE.items() if name != "chart_repository"},
            "namespace": "postgresql",
            "database": {"host": "10.0.0.7", "port": 6432, "name": "dagster", "ssl_mode": "disable"},
            "applications": SEVERAL,
        },
        databases(SEVERAL, special=True, host="10.0.0.7", port=6432, name="dagster", ssl_mode="disable"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert set(given[case].by_module) == {"helm_release databases", "helm_release databases-secrets"}
    assert given[case].by_module == given[case].by_construct
