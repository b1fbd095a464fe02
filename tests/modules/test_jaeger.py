from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from floe_infra.kubernetes.site import Site
from floe_infra.modules.definition import ModuleContext
from floe_infra.observability.config import TRACES_SECRET, JaegerConfig

from .in_cluster import SITE, secret, site
from .stand_ins import Case

SEARCH = {"kind": "opensearch", "server_urls": ["https://a.example.com:9200", "https://b.example.com:9200"]}
VALUES = {"userconfig": {"processors": {"batch": {"timeout": "${env:BATCH_TIMEOUT}"}}}, "jaeger": {"replicas": 2}}


class FastDisks(Site):
    """A cluster with a StorageClass that somebody else has made."""

    storage_class = "fast"


def jaeger(*, special: bool = False, **config: Any) -> Callable[[Any], Any]:
    from floe_infra.observability.jaeger import Jaeger

    place = site("jaeger", secret(TRACES_SECRET, "acme-prod/search"), special=special)
    given = {**vars(place), "context": ModuleContext(name="acme", environment="prod", region="", account_id="")}
    made = FastDisks(**given) if special else Site(**given)
    return lambda scope: Jaeger(scope, "traces", config=JaegerConfig.model_validate(config), site=made)


def case(*, special: bool = False, **config: Any) -> Case:
    variables = {"namespace": "observability", **config, **({**SITE, "storage_class": "fast"} if special else {})}
    return Case("jaeger", variables, jaeger(special=special, **config))


CASES = {
    "jaeger-default": case(),
    "jaeger-on-a-volume": case(
        special=True,
        storage={"kind": "badger", "size_gib": 30, "days": 2},
        memory_mib=4000,
        cpu=1.5,
    ),
    "jaeger-in-memory": case(storage={"kind": "memory", "max_traces": 500}, namespace="traces"),
    "jaeger-in-opensearch": case(storage=SEARCH),
    "jaeger-all": case(
        special=True,
        namespace="traces",
        storage={
            **SEARCH,
            "kind": "elasticsearch",
            "secret": "acme-prod/search",
            "index_prefix": "lake",
            "days": 30,
        },
        replicas=3,
        memory_mib=1001,
        values=VALUES,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct
