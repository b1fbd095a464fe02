"""The engines' models: bounds, numbers that contradict each other, resource groups; what they need of the cloud."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from floe_infra.compute.config import TrinoConfig
from floe_infra.config import PlatformConfig
from floe_infra.fields import Finding
from floe_infra.needs import ExistingSecret, Needs, Password

GROUP = {"name": "all", "maxQueued": 100, "hardConcurrencyLimit": 10, "softMemoryLimit": "80%"}
INNER = ("rootGroups", 0, "subGroups", 0)


def findings(**fields: Any) -> list[Finding]:
    with pytest.raises(ValidationError) as error:
        TrinoConfig(**fields)
    return [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]


def finding(**fields: Any) -> Finding:
    [only] = findings(**fields)
    return only


def test_what_a_file_leaves_out():
    config = TrinoConfig()
    assert (config.namespace, config.version, config.workers, config.spot) == ("query", "481", 5, True)
    assert config.max_workers is None
    assert not config.fault_tolerant


@pytest.mark.parametrize(
    "field",
    [
        {"memory_gib": 3},
        {"coordinator_memory_gib": 1025},
        {"cpu": 0.25},
        {"workers": -1},
        {"max_workers": 0},
        {"max_memory_per_node_gib": 0},
        {"namespace": "Query"},
        {"version": 481},
        {"version": "latest"},
        {"catalogs": {}},
    ],
)
def test_bounds(field):
    with pytest.raises(ValidationError):
        TrinoConfig(**field)


@pytest.mark.parametrize("version", ["479", "483", "1000"])
def test_releases_that_know_polaris(version):
    assert TrinoConfig(version=version)


@pytest.mark.parametrize("version", ["478", "0478", "355"])
def test_older_releases_are_refused_with_the_reason(version):
    assert "OAuth2 setting of the Iceberg REST catalog" in finding(version=version).message


def test_overrides_reach_the_servers_that_work():
    assert TrinoConfig(max_memory_per_node_gib=4).memory.worker.per_node_mib == 4096
    assert TrinoConfig(max_memory_per_node_gib=4).memory.coordinator.per_node_mib == 2150
    assert TrinoConfig(max_memory_per_node_gib=4, workers=0).memory.coordinator.per_node_mib == 4096
    assert TrinoConfig(max_memory_per_query_gib=10).memory.query_mib == 10240


def test_a_query_that_takes_the_whole_heap_is_refused_with_the_derivation():
    found = finding(max_memory_per_node_gib=15)
    assert found.path == ("max_memory_per_node_gib",)
    assert "= 21504 MiB heap - 6452 headroom = 15052 MiB for queries; 15360 MiB, for one query" in found.message
    assert found.allowed == "at most 14 GiB with this memory_gib"
    assert TrinoConfig(max_memory_per_node_gib=14)


def test_without_workers_it_is_the_coordinators_heap():
    found = finding(workers=0, max_memory_per_node_gib=5)
    assert found.allowed == "at most 4 GiB with this coordinator_memory_gib"


def test_a_query_beyond_all_workers_is_refused_with_the_derivation():
    found = finding(max_memory_per_query_gib=100)
    assert found.path == ("max_memory_per_query_gib",)
    assert found.message.startswith("102400 MiB for one query are more than it can get of all servers together")
    assert found.message.endswith("half of it, 7526 MiB, for one query; 5 workers × 7526 = 37630 MiB")
    assert found.allowed == "at most 36 GiB with these numbers"
    assert TrinoConfig(max_memory_per_query_gib=36)


def test_with_autoscaling_a_query_may_have_what_comes_later():
    assert TrinoConfig(max_memory_per_query_gib=100, max_workers=14)


def test_autoscaling_goes_up_from_one():
    assert finding(max_workers=4).path == ("max_workers",)
    assert finding(workers=0, max_workers=4).path == ("workers",)
    assert TrinoConfig(max_workers=5)


@given(
    workers=st.integers(0, 20),
    more=st.none() | st.integers(-2, 20),
    memory_gib=st.integers(4, 64),
    coordinator_memory_gib=st.integers(4, 64),
    per_node=st.none() | st.integers(1, 40),
    per_query=st.none() | st.integers(1, 400),
)
def test_what_is_accepted_adds_up_in_trinos_eyes(
    workers, more, memory_gib, coordinator_memory_gib, per_node, per_query
):
    """`LocalMemoryManager` and `ClusterMemoryManager` check this, the former in every server; the last nobody does."""
    try:
        config = TrinoConfig(
            workers=workers,
            max_workers=None if more is None else max(workers + more, 1),
            memory_gib=memory_gib,
            coordinator_memory_gib=coordinator_memory_gib,
            max_memory_per_node_gib=per_node,
            max_memory_per_query_gib=per_query,
        )
    except ValidationError:
        assert more is not None or per_node or per_query
        return
    memory = config.memory
    for server in (memory.coordinator, memory.worker) if workers else (memory.coordinator,):
        assert 0 < server.per_node_mib + server.headroom_mib < server.heap_mib < server.limit_mib
    assert memory.query_mib < memory.total_mib
    server = memory.worker if workers else memory.coordinator
    assert memory.query_mib <= max(config.max_workers or workers, 1) * server.per_node_mib


def test_resource_groups():
    inner = {**GROUP, "subGroups": [{**GROUP, "name": "${USER}"}]}
    document = {"rootGroups": [inner], "selectors": [{"group": "all.${USER}"}], "cpuQuotaPeriod": "1h"}
    assert TrinoConfig(resource_groups=document).resource_groups == document


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"selectors": [{"group": "all"}]}, ()),
        ({"rootGroups": [GROUP]}, ()),
        ({"rootGroups": [], "selectors": [{"group": "all"}]}, ("rootGroups",)),
        ({"rootGroups": GROUP, "selectors": [{"group": "all"}]}, ("rootGroups",)),
        ({"rootGroups": [GROUP], "selectors": [{"user": "a"}]}, ("selectors", 0)),
        ({"rootGroups": [GROUP], "selectors": ["all"]}, ("selectors", 0)),
        ({"rootGroups": [GROUP], "selectors": [{"group": "all"}], "groups": []}, ("groups",)),
        ({"rootGroups": [{**GROUP, "subGroups": [{"name": "x"}]}], "selectors": [{"group": "all"}]}, INNER),
    ],
)
def test_resource_groups_that_trino_would_not_start_with(document, path):
    assert finding(resource_groups=document).path == ("resource_groups", *path)


def test_what_a_resource_group_lacks_is_named():
    found = finding(resource_groups={"rootGroups": [{"name": "all"}], "selectors": [{"group": "all"}]})
    assert found.message == "maxQueued, hardConcurrencyLimit, softMemoryLimit is required"


MOTHERDUCK = {"kind": "motherduck", "database": "lake", "secret": "team/motherduck"}


def platform(**sections: Any) -> PlatformConfig:
    """One in production, with everything but what is said."""
    cloud = {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"}
    return PlatformConfig.model_validate({"name": "acme", "environment": "prod", "cloud": cloud, **sections})


def trinos_needs(catalog: str, **trino: Any) -> Needs:
    return platform(compute={"kind": "trino", **trino}, catalog={"kind": catalog}, storage={"exchange": True}).needs[
        "compute"
    ]


def test_trino_has_an_identity_and_a_secret_of_its_own():
    need = trinos_needs("polaris", namespace="sql")
    assert (need.namespace, need.service_account) == ("sql", "trino")
    assert need.secrets == {"trino-shared-secret": {"shared_secret": Password(length=96)}}


@pytest.mark.parametrize(
    ("catalog", "storage", "reads"),
    [("polaris", None, ("catalog-client-trino",)), ("nessie", "read_write", ()), ("glue", "read_write", ())],
)
def test_trino_gets_at_the_tables_through_the_catalog_where_that_lends_access(catalog, storage, reads):
    need = trinos_needs(catalog)
    assert (need.storage, need.catalog, need.reads) == (storage, True, reads)


def test_trino_logs_in_with_what_the_catalog_makes_for_it():
    needs = platform(compute={"kind": "trino"}).needs
    assert set(needs["compute"].reads) <= needs["catalog"].secrets.keys()


def test_only_fault_tolerant_queries_use_the_bucket_for_intermediate_results():
    assert trinos_needs("polaris", fault_tolerant=True).exchange
    assert not trinos_needs("polaris").exchange


def test_the_runtime_reads_motherducks_token():
    """It is there already, and MotherDuck itself has no namespace."""
    needs = platform(compute=MOTHERDUCK).needs
    assert "compute" not in needs
    assert needs["runtime"].existing == {"motherduck": ExistingSecret("team/motherduck", ("token",))}
    assert platform(compute={"kind": "duckdb"}).needs["runtime"].existing == {}


@pytest.mark.parametrize(("environment", "memory_gib"), [("dev", 2), ("staging", 2), ("prod", 4)])
def test_motherduck_leaves_less_to_a_runs_pod_than_duckdb(environment, memory_gib):
    motherduck, duckdb = (
        platform(environment=environment, compute=compute).compute for compute in (MOTHERDUCK, {"kind": "duckdb"})
    )
    assert motherduck.memory_gib == memory_gib < duckdb.memory_gib
    assert motherduck.cpu < duckdb.cpu
