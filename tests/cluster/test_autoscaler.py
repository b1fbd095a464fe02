from __future__ import annotations

from typing import Any

from floe_infra.cluster.autoscaler import ClusterAutoscaler
from in_cluster import STEADY, identity, releases, site, synthesized


def values() -> dict[str, Any]:
    def make(stack: Any) -> None:
        account = identity("kube-system", "cluster-autoscaler")
        ClusterAutoscaler(stack, "autoscaler", site=site(), identity=account, version="1.34")

    return releases(synthesized(make))["cluster-autoscaler"]["values"]


def test_it_follows_the_clusters_version():
    assert values()["image"]["tag"] == "v1.34.0"


def test_it_scales_this_cluster_as_its_own_identity():
    made = values()
    assert made["autoDiscovery"] == {"clusterName": "acme-prod"}
    assert made["rbac"]["serviceAccount"]["annotations"] == identity("kube-system", "cluster-autoscaler").annotations


def test_it_stays_on_nodes_that_nobody_takes_away():
    made = values()
    assert {key: made[key] for key in STEADY} == STEADY
    assert made["containerSecurityContext"]["capabilities"] == {"drop": ["ALL"]}
