from __future__ import annotations

from dataclasses import replace

from floe_infra.kubernetes.placement import interruptible, spread, steady
from floe_infra.refs import NodeGroupRef, Taint
from in_cluster import CLUSTER


def group(name: str, **more) -> NodeGroupRef:
    given = {
        "labels": {"node-type": "on-demand"},
        "taints": (),
        "spot": False,
        "vcpu": 4,
        "memory_mib": 1,
        "max_size": 3,
    }
    return NodeGroupRef(name=name, **{**given, **more})


def test_what_must_stay_goes_where_nobody_takes_nodes_away():
    assert steady(CLUSTER).values == {"nodeSelector": {"node-type": "on-demand"}, "tolerations": []}


def test_what_can_go_tolerates_spot():
    assert interruptible(CLUSTER).values == {
        "nodeSelector": {"node-type": "spot"},
        "tolerations": [{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}],
    }


def test_without_spot_groups_everything_goes_to_the_others():
    cluster = replace(CLUSTER, node_groups=(group("system"),))
    assert interruptible(cluster) == steady(cluster)


def test_only_labels_that_all_groups_have_select():
    groups = (
        group("a", labels={"node-type": "on-demand", "team": "x"}),
        group("b", labels={"node-type": "on-demand", "team": "y"}),
        group("c", labels={"node-type": "gpu"}, taints=(Taint("gpu", "true", "NoSchedule"),)),
    )
    assert steady(replace(CLUSTER, node_groups=groups)).node_selector == {"node-type": "on-demand"}


def test_of_a_cluster_that_nothing_is_known_of_no_node_is_asked_for():
    unknown = replace(CLUSTER, node_groups=())
    assert steady(unknown).values == interruptible(unknown).values == {"nodeSelector": {}, "tolerations": []}


def test_replicas_lie_in_different_zones_where_there_is_room():
    [constraint] = spread(app="trino")
    assert constraint["topologyKey"] == "topology.kubernetes.io/zone"
    assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
    assert constraint["labelSelector"] == {"matchLabels": {"app": "trino"}}
