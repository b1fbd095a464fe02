"""Can one pod reach another? Answered from NetworkPolicies as they are written, by Kubernetes' own rules
(https://kubernetes.io/docs/concepts/services-networking/network-policies/)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from itertools import permutations
from typing import Any

from floe_infra.network.edges import Addresses, Edge, End, Workload
from floe_infra.network.policies import METADATA_NAME, Policy


@dataclass(frozen=True)
class Pod:
    """One pod."""

    namespace: str
    labels: Mapping[str, str]
    address: str | None = None
    """Its address, or a network that it is in, if rules for addresses shall hold for it: they do with VPC CNI, where
    pods have addresses of the VPC, and do not with Cilium, which knows pods as pods alone."""


@dataclass(frozen=True)
class Host:
    """What is no pod: an address, or a network, of which every address is meant. A token stands for itself."""

    address: str


class Reachability:
    """What policies allow.

    Args:
        policies: NetworkPolicy objects.
        namespaces: labels of namespaces, beside the one with the name, which all have.
    """

    def __init__(self, policies: Iterable[Policy], namespaces: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._policies = list(policies)
        self._namespaces = namespaces or {}

    def allows(self, client: Pod | Host, server: Pod | Host, port: int, protocol: str = "TCP") -> bool:
        """Whether the client may open a connection: its own policies must allow it, and the server's."""
        return self._lets("Egress", client, server, port, protocol) and self._lets(
            "Ingress", server, client, port, protocol
        )

    def _lets(self, direction: str, here: Pod | Host, there: Pod | Host, port: int, protocol: str) -> bool:
        """Policies add up: one that allows is enough, and without any for this direction all is allowed."""
        if isinstance(here, Host):
            return True
        specs = [each["spec"] for each in self._policies if _decides(each, direction, here)]
        rules = [rule for spec in specs for rule in spec.get(direction.lower()) or ()]
        return not specs or any(
            self._meets(rule.get("from" if direction == "Ingress" else "to"), here, there)
            and _has_port(rule.get("ports"), port, protocol)
            for rule in rules
        )

    def _meets(self, peers: Sequence[Mapping[str, Any]] | None, here: Pod, there: Pod | Host) -> bool:
        return not peers or any(self._is(peer, here, there) for peer in peers)

    def _is(self, peer: Mapping[str, Any], here: Pod, there: Pod | Host) -> bool:
        if "ipBlock" in peer:
            return there.address is not None and _lies_in(there.address, peer["ipBlock"])
        if isinstance(there, Host):
            return False
        namespaces = peer.get("namespaceSelector")
        labels = {**self._namespaces.get(there.namespace, {}), METADATA_NAME: there.namespace}
        placed = there.namespace == here.namespace if namespaces is None else _selects(namespaces, labels)
        return placed and _selects(peer.get("podSelector") or {}, there.labels)


def _decides(policy: Policy, direction: str, pod: Pod) -> bool:
    spec = policy["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    here = policy["metadata"]["namespace"] == pod.namespace
    return here and direction in types and _selects(spec["podSelector"], pod.labels)


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    equal = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(_fits(each, labels) for each in selector.get("matchExpressions") or ())


def _fits(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case unknown:
            raise ValueError(f"{unknown!r} is no operator of a selector")


def _has_port(ports: Sequence[Mapping[str, Any]] | None, port: int, protocol: str) -> bool:
    return not ports or any(
        each.get("protocol", "TCP") == protocol
        and ("port" not in each or each["port"] <= port <= each.get("endPort", each["port"]))
        for each in ports
    )


def _lies_in(address: str, block: Mapping[str, Any]) -> bool:
    """Whole, and clear of the exceptions."""
    if address == block["cidr"]:
        return True
    inner, outer = _network(address), _network(block["cidr"])
    if inner is None or outer is None or not inner.subnet_of(outer):
        return False
    return not any(hole and inner.overlaps(hole) for hole in map(_network, block.get("except") or ()))


def _network(text: str) -> IPv4Network | None:
    """None for a token, of which only Terraform knows the value."""
    try:
        network = ip_network(text)
    except ValueError:
        return None
    return network if isinstance(network, IPv4Network) else None


_ANY = 1
"""A port that nobody listens on: where it is open, all are."""


@dataclass(frozen=True)
class Reached:
    """That one end reaches another, by these TCP ports; by every port when there are none."""

    client: str
    server: str
    ports: tuple[int, ...]


def matrix(ends: Sequence[End], edges: Sequence[Edge], policies: Iterable[Policy]) -> list[Reached]:
    """Every pair of ends of which one reaches the other, as the policies, and not the edges, have it.

    Pods are tried by every port that is in an edge. Addresses are tried by the ports of their own edges, and as clients
    only where they are that: several parts of the platform can share them.
    """
    network, callers = Reachability(policies), [edge.client for edge in edges]
    tried = sorted({_ANY, *(port for edge in edges for port in edge.ports)})
    found = []
    for client, server in permutations(ends, 2):
        outside = isinstance(server, Addresses)
        if isinstance(client, Addresses) and (outside or client not in callers):
            continue
        ports = sorted({port for edge in edges if edge.server == server for port in edge.ports}) if outside else tried
        pairs = [(one, other) for one in _samples(client) for other in _samples(server)]
        reached = tuple(port for port in ports if all(network.allows(*pair, port) for pair in pairs))
        if reached:
            found.append(Reached(label(client), label(server), () if _ANY in reached else reached))
    return found


def all_ends(workloads: Iterable[Workload], edges: Sequence[Edge]) -> list[End]:
    """Each once: pods by namespace, then whoever else is in an edge."""
    pods: list[End] = sorted(workloads, key=label)
    others = sorted((end for edge in edges for end in (edge.client, edge.server) if end not in pods), key=label)
    return [*pods, *(end for index, end in enumerate(others) if end not in others[:index])]


def label(end: End) -> str:
    """What people call it: pods by `namespace/name`."""
    if isinstance(end, Addresses):
        return end.name
    return f"{end.namespace}/{end.name if isinstance(end, Workload) else '*'}"


def _samples(end: End) -> list[Pod | Host]:
    if isinstance(end, Addresses):
        return [Host(block.cidr) for block in end.blocks]
    return [Pod(end.namespace, end.labels if isinstance(end, Workload) else {})]
