"""`terraform-modules/network-policies`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from floe_infra.context import Context
from floe_infra.fields import Cidr, KubernetesName
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.fold import code
from floe_infra.modules.site import site
from floe_infra.network.edges import INTERNET, PRIVATE, Addresses, Block, Workload

if TYPE_CHECKING:
    from constructs import Construct

    from floe_infra.network.policies import Policy


class IpBlockInputs(Model):
    """Addresses, as a NetworkPolicy's `ipBlock` has them."""

    cidr: Cidr
    """An IPv4 network."""
    except_: list[Cidr] = Field(default=[])
    """Networks in it that are not meant."""


class PeerInputs(Model):
    """One end of a connection: pods, or addresses."""

    namespace: KubernetesName | None = None
    """The namespace of the pods."""
    pod_labels: dict[str, str] = Field(default={})
    """Labels that they all have; all pods of the namespace when empty."""
    ip_blocks: list[IpBlockInputs] = Field(default=[])
    """Addresses, where it is no pods."""
    network: Literal["internet", "private", "api_server"] | None = None
    """Addresses that the module knows."""


class EdgeInputs(Model):
    """An allowed connection."""

    from_: PeerInputs
    """Who connects: pods of a `namespace`, those with all of `pod_labels`, or each when there are none; or else
    `ip_blocks`, each a `cidr` without those in `except`; or else a `network` that the module knows: `internet` (public
    addresses), `private` (those of RFC 1918 and RFC 6598) or `api_server`."""
    to: PeerInputs
    """Whom they connect to, likewise. One of the two is pods in `namespaces`."""
    ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(default=[])
    """The ports of the pods or servers, which Services may have under other numbers; every port when empty."""
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    """The ports' protocol."""


class NetworkPoliciesInputs(Model):
    """What the module asks for. The platform's own policies follow from its wiring."""

    namespaces: Annotated[list[KubernetesName], Field(min_length=1)]
    """Namespaces, which are there already. Their pods connect, and are connected to, along `edges` alone, and look up
    names: at port 53 of the pods of `kube-system` with the label `k8s-app: kube-dns`. It holds where the cluster's
    network plugin heeds NetworkPolicies."""
    edges: dict[KubernetesName, EdgeInputs]
    """The allowed connections, by name. Where it comes from pods in `namespaces` there is a policy `<name>-egress`, and
    where it goes to such pods a policy `<name>-ingress`: both, where both ends are."""
    api_server_cidrs: Annotated[list[Cidr], Field(min_length=1)] = Field(default=list(PRIVATE))
    """The network `api_server`: where the cluster's API server is, as pods reach it, and where it calls webhooks from.
    Where a network plugin looks at addresses before they become those of pods, as VPC CNI does, it holds the Services'
    network as well."""


def _build(scope: Construct, _: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.network.policies import NetworkPolicies, closed

    egress, ingress = (_allowing(tokens, *direction) for direction in _DIRECTIONS)
    made = NetworkPolicies(
        scope,
        "module",
        site=site("network-policies", tokens, context),
        policies={MEMBER: [*closed(MEMBER), egress, ingress]},
    )
    after = [made.ready[MEMBER]]
    return {
        "namespaces": Output([MEMBER], "The namespaces, for pods that must not start before their policies.", after)
    }


_DIRECTIONS = (("egress", "from", "to"), ("ingress", "to", "from"))
"""Each with where pods are in an edge, and where what they may connect with."""


def _allowing(tokens: Tokens, direction: str, here: str, there: str) -> Policy:
    """What an edge is at one end. At the other are pods, or blocks of addresses: of each as many as there are."""
    from floe_infra.network.policies import policy, rule, selector

    edge = f"{direction}_edge"
    pods, block, hole, port = (f"{direction}_{what}.value" for what in ("pods", "block", "hole", "port"))

    def labelled(namespace: Any, end: str) -> Workload:
        return Workload("", namespace, labels=tokens.entries(f"{edge}.value.{end}.pod_labels"))

    addresses = Addresses("", (Block(tokens.text(f"{block}.cidr"), but=(tokens.text(hole),)),))
    allowed = rule(
        there,
        [labelled(tokens.text(pods), there), addresses],
        (tokens.number(port),),
        tokens.text(f"{edge}.value.protocol"),
    )
    return policy(f"{edge}-{direction}", MEMBER, selector(labelled(MEMBER, here)), **{direction: [allowed]})


def _gone_through(direction: str, here: str, there: str) -> tuple[Each, ...]:
    edge, block = f"{direction}_edge", f"{direction}_block"
    end = f"{edge}.value.{there}"
    return (
        Each(f"{edge}.value.ports", ("", "port"), f"{direction}_port"),
        Each(f"{block}.value.except", ("", "network"), f"{direction}_hole"),
        Each(f"try(local.networks[{end}.network], {end}.ip_blocks)", ("", "block"), block),
        Each(f"{end}.namespace[*]", ("", "namespace"), f"{direction}_pods"),
        Each("var.edges", ("name", "edge"), edge, when=f"edge.{here}.namespace == each.key"),
    )


def _blocks(addresses: Addresses) -> list[dict[str, Any]]:
    return [{"cidr": block.cidr, "except": list(block.but)} for block in addresses.blocks]


_NETWORKS = {
    "internet": _blocks(INTERNET),
    "private": _blocks(Addresses("private", tuple(map(Block, PRIVATE)))),
    "api_server": "${[for cidr in var.api_server_cidrs : { cidr = cidr, except = [] }]}",
}
_ENDS = "alltrue(flatten([for edge in var.edges : [for end in [edge.from, edge.to] : {}]]))"

MODULE = Module(
    name="network-policies",
    summary="NetworkPolicies from connections: in its namespaces nothing is allowed in or out but along them, and DNS.",
    inputs=(NetworkPoliciesInputs,),
    construct="floe_infra.network.policies:NetworkPolicies",
    providers=("helm",),
    build=_build,
    each=Each("toset(var.namespaces)", ("", "namespace")),
    gone_through=tuple(each for direction in _DIRECTIONS for each in _gone_through(*direction)),
    locals={"networks": code(_NETWORKS)},
    renamed={"release": "policies"},
    rules=(
        Rule(
            "edges",
            _ENDS.format("length(compact([end.namespace, end.network, try(end.ip_blocks[0].cidr, null)])) == 1"),
            "each end is one of these: namespace, ip_blocks, network",
            '{ valid = { from = { namespace = "query" }, to = { namespace = "catalog", network = "internet" } } }',
        ),
        Rule(
            "edges",
            _ENDS.format("end.namespace != null || length(end.pod_labels) == 0"),
            "pod_labels are of pods in a namespace",
            '{ valid = { from = { namespace = "query" }, to = { network = "internet", pod_labels = { app = "x" } } } }',
        ),
        Rule(
            "edges",
            "alltrue([for edge in var.edges : "
            "length(setintersection(compact([edge.from.namespace, edge.to.namespace]), var.namespaces)) > 0])",
            "one of the two ends is pods in one of the namespaces",
            '{ valid = { from = { namespace = "elsewhere" }, to = { network = "internet" } } }',
        ),
    ),
    sample={
        "namespaces": ["catalog", "query"],
        "edges": {
            "trino-to-polaris": {
                "from": {"namespace": "query", "pod_labels": {"app.kubernetes.io/name": "trino"}},
                "to": {"namespace": "catalog", "pod_labels": {"app.kubernetes.io/name": "polaris"}},
                "ports": [8181],
            },
            "office-to-trino": {
                "from": {"ip_blocks": [{"cidr": "10.0.0.0/16"}]},
                "to": {"namespace": "query"},
                "ports": [8080],
            },
            "polaris-to-postgresql": {
                "from": {"namespace": "catalog"},
                "to": {"ip_blocks": [{"cidr": "10.1.0.0/16", "except": ["10.1.2.0/24"]}]},
                "ports": [5432],
            },
        },
    },
)
