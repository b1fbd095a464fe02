from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from floe_infra.refs import IdentityRef

from .in_cluster import CONTEXT, NODES, SITE, site
from .stand_ins import Case

ROLE = "arn:aws:iam::111122223333:role/acme-prod-kube-system.cluster-autoscaler"


def add_ons(version: str, *, special: bool = False) -> Callable[[Any], Any]:
    from floe_infra.cluster.access import disks
    from floe_infra.cluster.autoscaler import ClusterAutoscaler
    from floe_infra.kubernetes.disks import Disks

    place = site("eks-add-ons", special=special)
    place = replace(place, cluster=replace(place.cluster, name="acme-prod"), context=CONTEXT)
    account = IdentityRef("kube-system", "cluster-autoscaler", "", ROLE, {"eks.amazonaws.com/role-arn": ROLE})

    def build(scope: Any) -> None:
        Disks(scope, "disks", storage=disks(default=True))
        ClusterAutoscaler(scope, "autoscaler", site=place, identity=account, version=version)

    return build


CLUSTER = {"cluster_name": "acme-prod", "region": "eu-west-1", "autoscaler_role_arn": ROLE}
CASES = {
    "add-ons-default": Case("eks-add-ons", CLUSTER, add_ons("1.35")),
    "add-ons-all": Case(
        "eks-add-ons",
        {
            **CLUSTER,
            "kubernetes_version": "1.34",
            "node_selector": NODES,
            "chart_repository": SITE["chart_repository"],
        },
        add_ons("1.34", special=True),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct
