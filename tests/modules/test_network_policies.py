"""What the module lets through is what the platform's own policies let through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import kubernetes_validate
import pytest

from floe_infra.kubernetes.config import NetworkPoliciesConfig
from floe_infra.network.edges import INTERNET, Addresses, Block, Edge, End, Everyone, Surroundings, Workload, wire
from floe_infra.network.policies import Policy, policies_by_namespace
from floe_infra.network.reachability import Host, Pod, Reachability, all_ends, matrix

from .in_cluster import site
from .stand_ins import Case, Planned

NAMESPACES = ("catalog", "query", "secrets")
NETWORK = "10.0.0.0/16"
"""The VPC's."""
BASTION = "10.1.2.0/24"
NETWORK_AND_SERVICES = (NETWORK, "172.20.0.0/16")


def pods(name: str, namespace: str, **more: Any) -> Workload:
    return Workload(name, namespace, {"app.kubernetes.io/name": name}, **more)


PARTS = {
    "catalog": [
        pods("polaris", "catalog", serves=(8181,), metrics=(8182,), takes=("database",), cloud=True),
        pods("provisioning", "catalog", takes=("catalog",), calls={"polaris": (8182,)}),
    ],
    "compute": [
        pods("coordinator", "query", serves=(8080,), takes=("catalog",), calls={"worker": (8080,)}, cloud=True),
        pods("worker", "query", takes=("catalog",), calls={"coordinator": (8080,)}, cloud=True, elsewhere=(9092,)),
        pods("ranger", "query", open_within=True, pages=(6080,)),
    ],
    "secrets": [pods("operator", "secrets", api_server=True, webhooks=(10250,), metrics=(8080,), cloud=True)],
}
WORKLOADS = [each for section in PARTS.values() for each in section]
EDGES = wire(
    PARTS,
    takes={"compute": ("catalog",), "catalog": ("database",)},
    around=Surroundings(
        networks=(NETWORK,),
        services=NETWORK_AND_SERVICES[1],
        in_cloud={"database": (Addresses("PostgreSQL", (Block(NETWORK),)), 5432)},
    ),
    config=NetworkPoliciesConfig.model_validate(
        {
            "metrics_from": ["monitoring"],
            "edges": [
                {"client": "namespace/superset", "server": "compute", "port": 8080},
                {"client": BASTION, "server": "catalog", "port": 8181},
            ],
        }
    ),
)
"""All that the platform's wiring has: refs, jobs, open namespaces, the cloud, the API server, metrics, people."""


def peer(end: End) -> dict[str, Any]:
    if isinstance(end, Everyone):
        return {"namespace": end.namespace}
    if isinstance(end, Workload):
        return {"namespace": end.namespace, "pod_labels": dict(end.labels)}
    if end == INTERNET:
        return {"network": "internet"}
    if [block.cidr for block in end.blocks] == list(NETWORK_AND_SERVICES):
        return {"network": "api_server"}
    return {"ip_blocks": [{"cidr": block.cidr, "except": list(block.but)} for block in end.blocks]}


def variables(namespaces: Iterable[str], edges: Sequence[Edge]) -> dict[str, Any]:
    return {
        "namespaces": list(namespaces),
        "edges": {
            f"edge-{index}": {"from": peer(edge.client), "to": peer(edge.server), "ports": list(edge.ports)}
            for index, edge in enumerate(edges)
        },
        "api_server_cidrs": list(NETWORK_AND_SERVICES),
    }


def construct(namespaces: Iterable[str], edges: Sequence[Edge]) -> Callable[[Any], Any]:
    from floe_infra.network.policies import NetworkPolicies

    return lambda scope: NetworkPolicies(
        scope, "policies", site=site("network-policies"), policies=policies_by_namespace(namespaces, edges)
    )


ODD = [
    Edge(WORKLOADS[0], INTERNET),
    Edge(Everyone("catalog"), Everyone("query"), (53, 8080)),
    Edge(Addresses("several", (Block("10.0.0.0/8", ("10.1.0.0/16", "10.2.0.0/16")), Block(BASTION))), WORKLOADS[0]),
]
CASES = {
    "network-policies-none": Case("network-policies", variables(["a", "b"], []), construct(["a", "b"], [])),
    "network-policies-small-platform": Case(
        "network-policies", variables(NAMESPACES, EDGES), construct(NAMESPACES, EDGES)
    ),
    "network-policies-odd": Case(
        "network-policies", variables(["catalog", "query"], ODD), construct(["catalog", "query"], ODD)
    ),
}


def policies(releases: Mapping[str, Any]) -> list[Policy]:
    return [policy for release in releases.values() for policy in release["values"]["manifests"]]


def allowed(policy: Policy) -> Iterator[str]:
    """Each direction, peer and port of a policy, with which pods it selects: however they are spread over policies."""
    spec, namespace = policy["spec"], policy["metadata"]["namespace"]
    for direction in spec["policyTypes"]:
        whose = f"{namespace} {_plain(spec['podSelector'])} {direction}"
        rules = spec.get(direction.lower(), [])
        if not spec["podSelector"] and not rules:
            yield f"{whose}: nothing"
        for rule in rules:
            for peer in rule["to" if direction == "Egress" else "from"]:
                for port in rule.get("ports") or ["all"]:
                    yield f"{whose}: {_plain(peer)} {_plain(port)}"


def _plain(value: Any) -> Any:
    """Without what is empty, as which Kubernetes reads what is left out."""
    if isinstance(value, dict):
        return {key: plain for key, each in sorted(value.items()) if (plain := _plain(each)) not in ({}, [])}
    return value


@pytest.mark.parametrize("case", CASES)
def test_releases_are_those_of_the_construct_and_policies_allow_the_same(case: str, given: dict[str, Planned]):
    module, own = given[case].by_module, given[case].by_construct
    assert module.keys() == own.keys()
    assert [{**each, "values": None} for each in module.values()] == [{**each, "values": None} for each in own.values()]
    assert {line for each in policies(module) for line in allowed(each)} == {
        line for each in policies(own) for line in allowed(each)
    }


def test_who_reaches_whom_is_what_it_is_on_the_platform(given: dict[str, Planned]):
    planned = given["network-policies-small-platform"]
    ends = all_ends(WORKLOADS, EDGES)
    module, own = (matrix(ends, EDGES, policies(each)) for each in (planned.by_module, planned.by_construct))
    assert module == own
    assert len(module) > 20


@cache
def ports() -> tuple[int, ...]:
    return tuple(sorted({1, 22, 53, 443, *(port for edge in EDGES for port in edge.ports)}))


@pytest.mark.parametrize("stranger", [Pod("query", {"app": "x"}), Pod("elsewhere", {}), Host("169.254.169.254")])
def test_strangers_reach_nobody_more_than_on_the_platform(stranger: Pod | Host, given: dict[str, Planned]):
    planned = given["network-policies-small-platform"]
    module, own = (Reachability(policies(each)) for each in (planned.by_module, planned.by_construct))
    ours = [Pod(each.namespace, each.labels) for each in WORKLOADS]
    for pod in ours:
        for port in ports():
            assert module.allows(stranger, pod, port) == own.allows(stranger, pod, port)
            assert module.allows(pod, stranger, port) == own.allows(pod, stranger, port)
    assert not any(module.allows(pod, stranger, port) for pod in ours for port in ports() if pod.namespace == "catalog")


def test_a_named_pod_reaches_a_named_port():
    """The wiring is what it says it is: else two would be equal that allow nothing."""
    network = Reachability([each for all in policies_by_namespace(NAMESPACES, EDGES).values() for each in all])
    worker, polaris = (Pod(each.namespace, each.labels) for each in (WORKLOADS[3], WORKLOADS[0]))
    assert [port for port in ports() if network.allows(worker, polaris, port)] == [8181]


@pytest.mark.parametrize("case", CASES)
def test_kubernetes_takes_them(case: str, given: dict[str, Planned]):
    for policy in policies(given[case].by_module):
        kubernetes_validate.validate(policy, "1.33", strict=True)
