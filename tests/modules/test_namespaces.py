from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from floe_infra.kubernetes.config import QuotaConfig

from .stand_ins import Case


def namespaces(levels: Mapping[str, str], quota: QuotaConfig | None) -> Callable[[Any], Any]:
    from floe_infra.kubernetes.namespaces import Namespace

    def build(scope: Any) -> None:
        for name, level in levels.items():
            Namespace(scope, name, name=name, platform="acme-prod", level=level, quota=quota)

    return build


LEVELS = {"catalog": "restricted", "floe": "baseline"}
CASES = {
    "namespaces": Case("namespaces", {"name": "acme-prod", "namespaces": LEVELS}, namespaces(LEVELS, QuotaConfig())),
    "namespaces-endless": Case(
        "namespaces", {"name": "acme-prod", "namespaces": LEVELS, "quota": None}, namespaces(LEVELS, None)
    ),
    "namespaces-quota": Case(
        "namespaces",
        {"name": "acme-prod", "namespaces": LEVELS, "quota": {"pods": 50, "memory_gib": 160}},
        namespaces(LEVELS, QuotaConfig(pods=50, memory_gib=160)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct
