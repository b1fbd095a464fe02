"""Edges as Kubernetes' NetworkPolicies: nothing is allowed in or out but along them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.kubernetes.site import Site
from floe_infra.network.edges import Addresses, Edge, End, Everyone, Workload

RELEASE = "network-policies"
METADATA_NAME = "kubernetes.io/metadata.name"
"""The label that Kubernetes itself puts on every namespace
(https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name)."""
_DNS = {"matchLabels": {"k8s-app": "kube-dns"}}
"""CoreDNS too, on EKS, GKE and kind."""

Policy = dict[str, Any]


class NetworkPolicies(Construct):
    """A release of policies for each of the platform's namespaces, and for no other.

    Args:
        policies: by namespace.

    Attributes:
        policies: the objects, by namespace.
        ready: by namespace, what its pods come after.
    """

    def __init__(self, scope: Construct, id: str, *, site: Site, policies: Mapping[str, Sequence[Policy]]) -> None:
        super().__init__(scope, id)
        self.policies = policies
        self.ready: dict[str, ITerraformDependable] = {
            namespace: site.manifests(self, namespace, name=RELEASE, namespace=namespace, manifests=manifests).release
            for namespace, manifests in policies.items()
        }


def policies_by_namespace(namespaces: Iterable[str], edges: Sequence[Edge]) -> dict[str, list[Policy]]:
    """For each namespace: a policy that allows nothing, one for DNS, and one for each end of an edge that lies in it.

    A connection is allowed when both ends allow it, so an edge between two of our pods is in two policies.
    """
    return {namespace: [*closed(namespace), *_allowing(namespace, edges)] for namespace in namespaces}


def closed(namespace: str) -> list[Policy]:
    """A policy that allows nothing, and one for DNS."""
    return [_deny(namespace), _dns(namespace)]


def _allowing(namespace: str, edges: Sequence[Edge]) -> list[Policy]:
    ends = [end for edge in edges for end in (edge.client, edge.server)]
    ours = {end.name: end for end in ends if not isinstance(end, Addresses) and end.namespace == namespace}
    return [
        policy(
            name,
            namespace,
            selector(end),
            ingress=[rule("from", [edge.client], edge.ports) for edge in edges if edge.server == end],
            egress=[rule("to", [edge.server], edge.ports) for edge in edges if edge.client == end],
        )
        for name, end in sorted(ours.items())
    ]


def _deny(namespace: str) -> Policy:
    """Selects everything and allows nothing, so that what no other policy allows is refused."""
    return policy("default-deny", namespace, {}, ingress=[], egress=[])


def _dns(namespace: str) -> Policy:
    """To names' servers, by UDP, and by TCP for long answers."""
    to_dns = {
        "to": [_pods("kube-system", _DNS)],
        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
    }
    return policy("dns", namespace, {}, egress=[to_dns])


def policy(name: str, namespace: str, selector: Mapping[str, Any], **rules: list[dict[str, Any]]) -> Policy:
    """A direction that has rules, or an empty list of them, is one that the policy decides on."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "floe-infra"},
        },
        "spec": {
            "podSelector": dict(selector),
            "policyTypes": [direction.capitalize() for direction in rules],
            **{direction: each for direction, each in rules.items() if each},
        },
    }


def rule(direction: str, ends: Sequence[End], ports: Sequence[int], protocol: str = "TCP") -> dict[str, Any]:
    """What is allowed `from` or `to` any of the ends, by these ports; by every port when there are none."""
    numbers = {"ports": [{"protocol": protocol, "port": port} for port in ports]} if ports else {}
    return {direction: [peer for end in ends for peer in _peers(end)], **numbers}


def _peers(end: End) -> list[dict[str, Any]]:
    """Namespaces are always named, also one's own: with a selector for all of them, or none, VPC CNI has refused what
    it should allow (https://github.com/aws/aws-network-policy-agent/issues/572,
    https://github.com/aws/amazon-network-policy-controller-k8s/issues/222)."""
    if isinstance(end, Addresses):
        return [
            {"ipBlock": {"cidr": block.cidr, **({"except": list(block.but)} if block.but else {})}}
            for block in end.blocks
        ]
    return [_pods(end.namespace, selector(end))]


def _pods(namespace: str, selector: Mapping[str, Any]) -> dict[str, Any]:
    """Both selectors in one peer: pods with these labels, in this namespace."""
    return {
        "namespaceSelector": {"matchLabels": {METADATA_NAME: namespace}},
        **({"podSelector": dict(selector)} if selector else {}),
    }


def selector(end: Workload | Everyone) -> dict[str, Any]:
    """What selects these pods in their namespace."""
    return {} if isinstance(end, Everyone) else {"matchLabels": dict(end.labels)}
