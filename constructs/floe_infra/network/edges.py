"""Who may talk to whom in the cluster: every ref that one part takes from another is an edge between their pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from floe_infra.kubernetes.config import NAMESPACE, EdgeConfig, NetworkPoliciesConfig

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""Networks that nobody reaches over the internet (RFC 1918, RFC 6598)."""
LINK_LOCAL = "169.254.0.0/16"
"""Among them 169.254.169.254, where a node's own credentials are."""
HTTPS = 443
API_SERVER = (HTTPS, 6443)
"""As a Service, and on many clusters as itself."""
WITHIN = "within-namespace"


@dataclass(frozen=True)
class Workload:
    """Pods that are alike to everybody else: which they are, where they listen, and what they call. All ports are TCP.

    Attributes:
        name: theirs and their policy's; unique within the namespace.
        labels: what selects them, and nobody else in the namespace.
        serves: ports that the section's ref names; whoever takes the ref may call them.
        pages: ports for people and their programs, which the file must name as clients.
        metrics: ports for Prometheus, likewise.
        webhooks: ports that the API server calls.
        takes: sections whose refs they use; their own, for a job that sets the service up.
        calls: other workloads of their section, by name, each with the ports.
        cloud: they call the cloud's APIs, for other reasons than a ref.
        elsewhere: ports of servers that the file names and that are neither ours nor the cloud's.
        networks: likewise, where the file says in which network such a server is, by that.
        api_server: they call the cluster's API server.
        open_within: pods of their namespace talk to each other as they like: their charts are not ours.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    serves: tuple[int, ...] = ()
    pages: tuple[int, ...] = ()
    metrics: tuple[int, ...] = ()
    webhooks: tuple[int, ...] = ()
    takes: tuple[str, ...] = ()
    calls: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    cloud: bool = False
    elsewhere: tuple[int, ...] = ()
    networks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    api_server: bool = False
    open_within: bool = False

    @property
    def listens(self) -> tuple[int, ...]:
        """Every port that anybody may be let in to."""
        return (*self.serves, *self.pages, *self.metrics, *self.webhooks)


@dataclass(frozen=True)
class Everyone:
    """All pods of a namespace."""

    namespace: str

    @property
    def name(self) -> str:
        """Their policy's."""
        return WITHIN


@dataclass(frozen=True)
class Block:
    """Addresses of a network, but for some."""

    cidr: str
    but: tuple[str, ...] = ()


@dataclass(frozen=True)
class Addresses:
    """What is no pod: servers in the cloud, people, the internet."""

    name: str
    blocks: tuple[Block, ...]


INTERNET = Addresses("internet", (Block("0.0.0.0/0", (*PRIVATE, LINK_LOCAL)),))
METADATA = Addresses("metadata server", (Block("169.254.169.254/32"), Block("169.254.169.252/32")))
METADATA_PORTS = (80, 988)
"""Where pods on GKE ask who they are
(https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity)."""

TUNNEL = Workload("konnectivity-agent", "kube-system", labels={"k8s-app": "konnectivity-agent"})
"""Pods through which GKE's API server calls webhooks (https://github.com/tigera/operator/pull/5212). A block of
addresses does not admit them: Dataplane V2, which is Cilium, knows pods by their labels alone
(https://docs.cilium.io/en/stable/security/policy/language/#ip-cidr-based)."""

End = Workload | Everyone | Addresses


@dataclass(frozen=True)
class Edge:
    """An allowed connection, to these TCP ports; to every port when there are none."""

    client: End
    server: End
    ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What lies around the pods.

    Attributes:
        networks: where servers of the cloud have private addresses; `PRIVATE` when nobody knows.
        services: where the cluster's Services have theirs, if the cluster is in these networks: VPC CNI looks at an
            address before it becomes a pod's.
        in_cloud: by section, what stands for it outside of the cluster, with the port.
        gke: whether pods learn who they are from the metadata server, and the API server calls them through others.
        apis: whether there is a cloud whose APIs can be called.
        internet: whether pods that call the cloud, or servers elsewhere, may do so at public addresses.
    """

    networks: tuple[str, ...] = PRIVATE
    services: str | None = None
    in_cloud: Mapping[str, tuple[Addresses, int]] = field(default_factory=dict)
    gke: bool = False
    apis: bool = True
    internet: bool = True

    @property
    def cloud(self) -> Addresses:
        """The cloud's APIs, at public addresses or at endpoints in our own network."""
        return self._beside("cloud", self.networks)

    @property
    def elsewhere(self) -> Addresses:
        """Servers of whose address only the name is known."""
        return self._beside("elsewhere", PRIVATE)

    @property
    def api_server(self) -> Addresses:
        """The cluster's own; it also calls from there. Of a cluster that is there already only that it is private."""
        return Addresses("API server", tuple(map(Block, (*self.networks, self.services) if self.services else PRIVATE)))

    def _beside(self, name: str, networks: Sequence[str]) -> Addresses:
        return Addresses(name, (*map(Block, networks), *(INTERNET.blocks if self.internet else ())))


def wire(
    parts: Mapping[str, Sequence[Workload]],
    *,
    takes: Mapping[str, Sequence[str]],
    around: Surroundings,
    config: NetworkPoliciesConfig,
) -> list[Edge]:
    """Every allowed connection, but for those that all pods need: names are looked up everywhere.

    Args:
        parts: by section, its pods.
        takes: by section, the sections whose refs it is given.
        config: what the file allows besides.
    """
    wired = [
        edge
        for section, workloads in parts.items()
        for workload in workloads
        for edge in (
            *_taken(workload, [section, *takes.get(section, ())], parts, around),
            *_beside(workload, workloads, config.metrics_from),
            *_around(workload, around),
        )
    ]
    named = (edge for extra in config.edges for edge in _named(extra, parts))
    return [*wired, *named]


def _taken(
    client: Workload, given: Sequence[str], parts: Mapping[str, Sequence[Workload]], around: Surroundings
) -> Iterator[Edge]:
    """What the refs lead to: pods, or what is in the cloud in their place."""
    for section in client.takes:
        if section not in given:
            continue
        servers = [server for server in parts.get(section, ()) if server.serves]
        yield from (Edge(client, server, server.serves) for server in servers)
        if not servers and section in around.in_cloud:
            addresses, port = around.in_cloud[section]
            yield Edge(client, addresses, (port,))


def _beside(workload: Workload, section: Sequence[Workload], scrapers: Sequence[str]) -> Iterator[Edge]:
    """Pods of the same section or namespace, and those that read metrics."""
    by_name = {other.name: other for other in section}
    yield from (Edge(workload, by_name[name], ports) for name, ports in workload.calls.items())
    if workload.open_within:
        yield Edge(Everyone(workload.namespace), Everyone(workload.namespace))
    if workload.metrics:
        yield from (Edge(Everyone(scraper), workload, workload.metrics) for scraper in scrapers)


def _around(workload: Workload, around: Surroundings) -> Iterator[Edge]:
    """What is no pod."""
    if workload.cloud and around.apis:
        yield Edge(workload, around.cloud, (HTTPS,))
    if workload.elsewhere:
        yield Edge(workload, around.elsewhere, workload.elsewhere)
    yield from (Edge(workload, Addresses(cidr, (Block(cidr),)), ports) for cidr, ports in workload.networks.items())
    if workload.api_server:
        yield Edge(workload, around.api_server, API_SERVER)
    if workload.webhooks:
        yield Edge(around.api_server, workload, workload.webhooks)
        if around.gke:
            yield Edge(TUNNEL, workload, workload.webhooks)
    if around.gke and (workload.cloud or set(workload.takes) & set(around.in_cloud)):
        yield Edge(workload, METADATA, METADATA_PORTS)


def _named(extra: EdgeConfig, parts: Mapping[str, Sequence[Workload]]) -> Iterator[Edge]:
    """What the file names: a section's pods, as servers those that listen on the port, if any say so."""
    servers = _ends(extra.server, parts)
    listening = [end for end in servers if isinstance(end, Workload) and extra.port in end.listens]
    for client in _ends(extra.client, parts):
        yield from (Edge(client, server, (extra.port,)) for server in listening or servers)


def _ends(text: str, parts: Mapping[str, Sequence[Workload]]) -> Sequence[End]:
    if text in parts:
        return parts[text]
    if text.startswith(NAMESPACE):
        return [Everyone(text.removeprefix(NAMESPACE))]
    return [Addresses(text, (Block(text),))]
