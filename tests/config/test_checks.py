"""The engine's pods find room on the node groups, all of them at once, and what else they need, or the reason why not
is said.

What other checks say stands with the room that they are about, and in `test_load.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from floe_infra.cluster.config import ExistingEksConfig, NodeGroupConfig
from floe_infra.compute.config import TrinoConfig
from floe_infra.config import PlatformConfig
from floe_infra.fields import Finding
from floe_infra.sizing.instances import InstanceType
from floe_infra.sizing.memory import Node

SPOT = {
    "m5.large": ["m5.large", "m5a.large", "m5d.large"],
    "m5.xlarge": ["m5.xlarge", "m5a.xlarge", "m5d.xlarge"],
    "m5.2xlarge": ["m5.2xlarge", "m5a.2xlarge", "m5d.2xlarge"],
    "r5.xlarge": ["r5.xlarge", "r5a.xlarge", "r5d.xlarge"],
}
GROUP = {"system": {"instance_types": ["m5.xlarge"], "max_size": 6}}


def platform(
    trino: dict[str, Any], node_groups: dict[str, Any] | None = None, environment: str = "prod", **sections: Any
) -> PlatformConfig:
    return PlatformConfig.model_validate(
        {
            "name": "acme",
            "environment": environment,
            "cloud": {"region": "eu-west-1", "account_id": "111122223333"},
            "cluster": {"kind": "existing_eks", "name": "shared", "node_groups": node_groups}
            if node_groups is not None
            else {"kind": "eks"},
            "compute": {"kind": "trino", **trino},
            "runtime": {"kind": "none"},
            **sections,
        }
    )


def findings(*arguments: Any, **sections: Any) -> list[Finding]:
    with pytest.raises(ValidationError) as error:
        platform(*arguments, **sections)
    return [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]


def finding(*arguments: Any, **sections: Any) -> Finding:
    [only] = findings(*arguments, **sections)
    return only


def spot(name: str, **fields: Any) -> dict[str, Any]:
    return {"instance_types": SPOT[name], "capacity_type": "spot", **fields}


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_default_nodes_of_each_tier_carry_trino(environment):
    assert platform({}, environment=environment).compute.memory.adds_up


def test_a_worker_on_nodes_for_duckdb_is_refused_with_the_derivation():
    found = finding({}, {**GROUP, "workers": spot("m5.xlarge")})
    assert found.path == ("compute", "memory_gib")
    start = "a worker of 28672 MiB and 7 CPU finds no room on any spot node; the largest, m5.xlarge has 16384 MiB"
    assert found.message.startswith(start)
    assert "= 13650 MiB for one worker" in found.message
    assert found.allowed == "at most 13 GiB and 3.67 CPU with these node groups"
    assert found.fix == "use m5.2xlarge or larger in a spot node group, or make the worker smaller"


def test_workers_processors_are_checked_too():
    assert finding({"cpu": 8}).path == ("compute", "cpu")


def test_on_demand_nodes_carry_no_spot_workers():
    groups = {"system": {"instance_types": ["m5.4xlarge"]}, "workers": spot("m5.xlarge")}
    assert "on any spot node" in finding({}, groups).message
    assert platform({"spot": False, "workers": 3}, groups)


def test_spot_workers_need_a_spot_group():
    found = finding({}, {"system": {"instance_types": ["m5.4xlarge"], "max_size": 9}})
    assert found.path == ("compute", "spot")
    assert found.fix == "add one, or set `spot: false`"


def test_the_coordinator_runs_on_demand():
    found = finding({"coordinator_memory_gib": 14})
    assert found.path == ("compute", "coordinator_memory_gib")
    assert found.message.startswith("a coordinator of 14336 MiB and 2 CPU finds no room on any on-demand node")
    assert found.fix == "use m5.2xlarge or larger in an on-demand node group, or make the coordinator smaller"
    assert finding({"coordinator_cpu": 4}).path == ("compute", "coordinator_cpu")


def test_the_coordinator_keeps_off_taints():
    tainted = {"instance_types": ["m5.4xlarge"], "taints": [{"key": "team", "value": "ml"}]}
    nodes = {"ml": tainted, "workers": spot("m5.2xlarge", max_size=9)}
    [found] = [each for each in findings({}, nodes) if each.path[0] == "compute"]
    assert found.path == ("compute",)
    assert "the coordinator runs on on-demand nodes" in found.message


def test_both_roles_are_told_at_once():
    found = findings({"coordinator_memory_gib": 14, "memory_gib": 64})
    assert [each.path[1] for each in found] == ["coordinator_memory_gib", "memory_gib"]


@pytest.mark.parametrize(("field", "key"), [({"workers": 11}, "workers"), ({"max_workers": 12}, "max_workers")])
def test_more_workers_than_nodes_can_hold_are_refused(field, key):
    found = finding(field)
    assert found.path == ("compute", key)
    assert found.message.endswith("need more than all spot nodes there can be: 10 m5.2xlarge × 1")
    assert found.allowed == "at most 10 with these node groups"


def test_several_workers_share_a_node():
    small = {"memory_gib": 6, "cpu": 1.5, "workers": 40}
    assert platform(small)
    assert "10 m5.2xlarge × 4" in finding({**small, "workers": 41}).message


def test_on_demand_the_coordinator_takes_one_place():
    groups = {"system": {"instance_types": ["m5.2xlarge"], "max_size": 5}}
    assert platform({"spot": False, "workers": 4}, groups)
    found = finding({"spot": False, "workers": 5}, groups)
    assert found.message.endswith("5 m5.2xlarge × 1, and the coordinator among them")
    assert found.allowed == "at most 4 with these node groups"


def test_values_that_place_pods_are_not_second_guessed():
    groups = {**GROUP, "trino": spot("m5.2xlarge", taints=[{"key": "trino"}], max_size=9)}
    tolerations = {"tolerations": [{"key": "trino", "operator": "Exists"}]}
    assert finding({}, groups).path == ("compute", "spot")
    assert platform({"values": {"worker": tolerations}}, groups)


def test_without_workers_only_the_coordinator_finds_room():
    assert platform({"workers": 0, "memory_gib": 512}, GROUP)


def test_nodes_of_which_nothing_is_known_are_not_judged():
    assert platform({"memory_gib": 512}, {})
    assert platform({"memory_gib": 512}, {"any": {"instance_types": ["${TfToken[TOKEN.0]}"]}})


def test_trino_needs_a_cluster():
    found = findings({}, cluster={"kind": "none"})
    assert ("compute",) in [each.path for each in found]
    assert "trino needs a cluster" in str(found)


WITHOUT_SECRETS = {"secrets": {"kind": "none"}, "database": {"kind": "none"}, "runtime": {"kind": "none"}}
MOTHERDUCK = {"kind": "motherduck", "database": "lake", "secret": "team/motherduck"}


def test_fault_tolerance_needs_a_bucket():
    found = finding({"fault_tolerant": True})
    assert found.path == ("compute", "fault_tolerant")
    assert found.fix == "set `storage: {exchange: true}`, or remove it"
    assert platform({"fault_tolerant": True}, storage={"exchange": True})


@pytest.mark.parametrize(
    ("compute", "runtime", "section"),
    [({"kind": "trino"}, "none", "compute"), (MOTHERDUCK, "floe", "runtime")],
    ids=["trino", "motherduck"],
)
def test_an_engine_with_secrets_needs_a_way_for_them_into_the_cluster(compute, runtime, section):
    """DuckDB's, and so MotherDuck's, processes are the runtime's."""
    off = {**WITHOUT_SECRETS, "lineage": {"kind": "none"}, "runtime": {"kind": runtime}}
    found = finding({}, compute=compute, catalog={"kind": "glue"}, **off)
    assert found.path == (section,)
    assert found.message.endswith("needs a secret operator, and `secrets` is `kind: none`")


def test_a_run_for_motherduck_finds_room_too():
    found = finding({}, GROUP, compute={**MOTHERDUCK, "memory_gib": 64})
    assert found.path == ("compute", "memory_gib")
    assert found.message.startswith("a worker of 65536 MiB and 2 CPU finds no room")


def test_a_run_beside_trino_finds_room_too():
    found = finding({}, runtime={"kind": "floe", "run_memory_gib": 64})
    assert found.path == ("runtime", "run_memory_gib")
    assert found.message.startswith("a run of 65536 MiB and 4 CPU finds no room on any node")
    assert found.fix == "use m5.8xlarge or larger in a node group, or make the run smaller"
    assert finding({}, runtime={"kind": "floe", "run_cpu": 16}).path == ("runtime", "run_cpu")


def test_a_run_without_any_engine_finds_room_too():
    off = {"kind": "none"}
    sizes = {"kind": "floe", "run_memory_gib": 64}
    assert finding({}, compute=off, runtime=sizes).path == ("runtime", "run_memory_gib")
    assert platform({}, compute=off)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_default_nodes_of_each_tier_carry_runs_beside_trino(environment):
    assert platform({}, environment=environment, runtime={"kind": "floe"}).runtime.kind == "floe"


def test_the_quota_carries_a_run_and_its_codes_server():
    tight = {"quota": {"memory_gib": 16, "cpu": 4}}
    found = findings({}, runtime={"kind": "floe"}, kubernetes=tight)
    assert [(each.path[-1], each.allowed) for each in found] == [("memory_gib", "at least 17"), ("cpu", "at least 5")]
    assert found[0].message.startswith("a run of 16384 MiB and 4 CPU and the server of its code request more")
    assert platform({}, runtime={"kind": "floe"}, kubernetes={"quota": None})


def test_no_layer_is_called_like_the_profile_of_all():
    found = finding({}, storage={"layers": ["raw", "default"]})
    assert found.path == ("storage", "layers", 1)


@pytest.mark.parametrize(
    ("catalog", "layers", "path"),
    [
        ({"warehouse": "gold"}, ["bronze", "gold"], ("catalog", "warehouse")),
        ({"warehouse": "lake", "namespaces": {"gold": "lake"}}, ["gold"], ("catalog", "namespaces", "gold")),
        ({}, ["acme_prod"], ("catalog", "warehouse")),
    ],
)
def test_no_namespace_is_called_like_the_warehouse(catalog, layers, path):
    found = finding({}, catalog={"kind": "polaris", **catalog}, storage={"layers": layers})
    assert found.path == path


def all_find_room(trino: TrinoConfig, cluster: ExistingEksConfig) -> bool:
    """Whether they do when they are placed one after the other, from each place that the coordinator may take."""
    nodes = [(group, node(group)) for group in cluster.node_groups.values() for _ in range(group.max_size)]
    homes = [
        home
        for home, (group, (memory_mib, millicpu)) in enumerate(nodes)
        if group.capacity_type == "on_demand" and not group.taints
        if memory_mib >= trino.coordinator_memory_gib * 1024 and millicpu >= trino.coordinator_cpu * 1000
    ]
    return any(workers_placed(trino, nodes, home) >= (trino.max_workers or trino.workers) for home in homes)


def workers_placed(trino: TrinoConfig, nodes: list[tuple[NodeGroupConfig, tuple[int, int]]], home: int) -> int:
    placed = 0
    for index, (group, (memory_mib, millicpu)) in enumerate(nodes):
        if group.taints or group.capacity_type != ("spot" if trino.spot else "on_demand"):
            continue
        if index == home:
            memory_mib -= trino.coordinator_memory_gib * 1024
            millicpu -= int(trino.coordinator_cpu * 1000)
        while memory_mib >= trino.memory_gib * 1024 and millicpu >= trino.cpu * 1000:
            memory_mib -= trino.memory_gib * 1024
            millicpu -= int(trino.cpu * 1000)
            placed += 1
    return placed


def node(group: NodeGroupConfig) -> tuple[int, int]:
    """What the smallest of a group's nodes has for pods."""
    nodes = [Node(InstanceType.parse(name)) for name in group.instance_types]
    return min(each.worker_mib for each in nodes), min(each.worker_millicpu for each in nodes)


def group(capacity: st.SearchStrategy[str], taints: st.SearchStrategy[list[dict[str, str]]]) -> st.SearchStrategy[Any]:
    types = st.sampled_from(sorted(SPOT.values()))
    return st.fixed_dictionaries(
        {"instance_types": types, "capacity_type": capacity, "max_size": st.integers(1, 6), "taints": taints}
    )


GROUPS = st.fixed_dictionaries(
    {
        "system": group(st.just("on_demand"), st.just([])),
        "workers": group(st.just("spot"), st.just([])),
    },
    optional={
        "other": group(st.sampled_from(["spot", "on_demand"]), st.sampled_from([[], [{"key": "own"}]])),
    },
)


@settings(max_examples=400, deadline=None)
@given(
    groups=GROUPS,
    spot=st.booleans(),
    workers=st.integers(0, 8),
    more=st.none() | st.integers(0, 2),
    memory_gib=st.integers(4, 28),
    cpu=st.sampled_from([0.5, 1, 1.5, 3]),
    coordinator_memory_gib=st.integers(4, 14),
    coordinator_cpu=st.sampled_from([0.5, 1, 1.5]),
)
def test_trino_is_accepted_just_when_all_of_it_finds_room(groups, workers, more, **trino):
    if more is not None and workers:
        trino["max_workers"] = workers + more
    cluster = ExistingEksConfig.model_validate({"name": "shared", "node_groups": groups})
    wanted = all_find_room(TrinoConfig(workers=workers, **trino), cluster)
    try:
        platform({"workers": workers, **trino}, groups)
    except ValidationError:
        assert not wanted
    else:
        assert wanted


@pytest.mark.parametrize("namespace", ["default", "kube-system"])
def test_namespaces_of_kubernetes_own_are_not_taken(namespace):
    found = finding({}, lineage={"kind": "marquez", "namespace": namespace})
    assert found.path == ("lineage", "namespace")
    assert found.message.startswith(f"{namespace} is Kubernetes' own")


def test_a_cluster_of_spot_nodes_alone_carries_nothing_that_must_stay():
    spot = {"instance_types": ["m5.4xlarge", "m5a.4xlarge", "m6i.4xlarge"], "capacity_type": "spot", "max_size": 9}
    cluster = {"kind": "existing_eks", "name": "theirs", "node_groups": {"workers": spot}}
    found = finding({}, cluster=cluster, compute={"kind": "duckdb"})
    assert found.path == ("cluster", "node_groups")
    assert "nothing carries databases" in found.message
