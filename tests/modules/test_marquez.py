from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from floe_infra.needs import login_secret
from floe_infra.observability.config import MarquezConfig

from .in_cluster import SITE, database, secret, site
from .stand_ins import Case

SERVER = {"host": "db.example.com"}
SPECIAL = {"host": "db.example.com", "port": 6432, "ssl_mode": "verify-full"}
ALL = {
    "namespace": "lineage",
    "memory_mib": 2000,
    "cpu": 1.5,
    "max_connections": 7,
    "retention_days": 90,
    "image": "registry.example.com/marquez:0.51.1",
    "web_image": "registry.example.com:5000/marquez-web:0.51.1",
}


def marquez(server: Mapping[str, Any], *, special: bool = False, **config: Any) -> Callable[[Any], Any]:
    from floe_infra.observability.marquez import Marquez

    login = secret(login_secret("marquez"), "acme-prod/login-marquez")
    return lambda scope: Marquez(
        scope,
        "lineage",
        config=MarquezConfig.model_validate(config),
        site=site("marquez", login, special=special),
        database=database(login, **server),
    )


def case(server: Mapping[str, Any], *, special: bool = False, **config: Any) -> Case:
    where = {key: value for key, value in SITE.items() if key != "chart_repository"} if special else {}
    variables = {"namespace": "observability", "database_secret": "acme-prod/login-marquez", "database": server}
    return Case("marquez", {**variables, **where, **config}, marquez(server, special=special, **config))


CASES = {
    "marquez-default": case(SERVER),
    "marquez-all": case(SPECIAL, special=True, replicas=3, **ALL),
    "marquez-none": case(SERVER, replicas=1),
    "marquez-one-that-forgets": case(SERVER, replicas=1, retention_days=1),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct
