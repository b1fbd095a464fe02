"""The Kubernetes cluster and its node groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import (
    Cidr,
    Finding,
    GoogleKmsKey,
    KmsKeyArn,
    KubernetesName,
    LogRetentionDays,
    Matches,
    is_token,
)
from floe_infra.model import ANYWHERE, Disabled, Kind, Model
from floe_infra.sizing.gke import GkeNode
from floe_infra.sizing.instances import InstanceType, unequal
from floe_infra.sizing.machines import MachineType
from floe_infra.sizing.memory import Node

NODE_TYPE = "node-type"
"""The label that tells `spot` nodes from `on-demand` ones."""
_NOT_ON_THE_INTERNET = [
    IPv4Network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")
]


def _not_public(text: str) -> str | None:
    network = IPv4Network(text)
    if network.prefixlen == 0:
        return "is the whole internet"
    if any(network.overlaps(private) for private in _NOT_ON_THE_INTERNET):
        return "holds private addresses, which nobody has on the internet"
    return None


InstanceTypeName = Annotated[
    str,
    Matches(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "an EC2 instance type such as m5.xlarge", refuse=InstanceType.problem),
]
KubernetesVersion = Annotated[str, Matches(r"1\.[0-9]{2}", "a Kubernetes minor version such as 1.35, quoted")]
NodeGroupName = Annotated[
    str,
    Matches(r"[a-z]([a-z0-9-]{0,34}[a-z0-9])?", "at most 36 lower-case letters, digits and hyphens"),
]
"""EKS allows 63 characters; Terraform makes the name unique with a hyphen and 26 digits."""
AddonName = Literal["vpc-cni", "coredns", "kube-proxy", "aws-ebs-csi-driver", "metrics-server"]
AddonVersion = Annotated[
    str,
    Matches(
        r"v[0-9]+(\.[0-9]+){2}-eksbuild\.[0-9]+",
        "an add-on's version such as v1.12.1-eksbuild.2",
        "`aws eks describe-addon-versions --addon-name <name>` lists them",
    ),
]
_LABEL_KEY = r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LABEL_VALUE = r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?"


def _reserved(key: str) -> str | None:
    """https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction"""
    domain = key.partition("/")[0] if "/" in key else ""
    taken = ("kubernetes.io", "k8s.io", "eks.amazonaws.com", "cloud.google.com", "gke.io")
    return "belongs to Kubernetes or the cloud" if any(f".{domain}".endswith(f".{each}") for each in taken) else None


LabelKey = Annotated[
    str,
    Matches(
        _LABEL_KEY,
        "at most 63 letters, digits and any of -_. in between, after an optional domain and slash",
        refuse=_reserved,
    ),
]
LabelValue = Annotated[str, Matches(_LABEL_VALUE, "at most 63 letters, digits and any of -_. in between")]
PublicCidr = Annotated[
    Cidr,
    Matches(
        r"[0-9./]+",
        "a network of public addresses, such as the one your office has on the internet",
        "for a VPN or a connected network use private_access_cidrs",
        refuse=_not_public,
    ),
]
PrincipalArn = Annotated[
    str,
    Matches(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+",
        "the ARN of an IAM role or user: arn:aws:iam::<account>:role/<name>",
        "name the role itself instead of a session (arn:aws:sts::…:assumed-role/…); neither groups nor root work",
    ),
]


class TaintConfig(Model):
    """Keeps pods away that do not tolerate it."""

    key: LabelKey
    """The taint's key."""
    value: LabelValue = ""
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """What happens to pods that do not tolerate it."""


class NodeGroupConfig(Model):
    """Nodes of one kind, in an EC2 Auto Scaling group that EKS manages."""

    instance_types: Annotated[list[InstanceTypeName], Field(min_length=1, max_length=20)]
    """For spot at least three of equal vCPU, memory and architecture: the more pools, the rarer interruptions. For
    on-demand in order of preference."""
    capacity_type: Literal["on_demand", "spot"] = "on_demand"
    """Spot nodes cost a third and can be taken away with two minutes' notice."""
    min_size: Annotated[int, Field(ge=0, le=450)] = 1
    """Fewest nodes. Before raising it over the number of nodes that run, raise that number: EKS refuses otherwise."""
    max_size: Annotated[int, Field(ge=1, le=450)] = 3
    """Most nodes."""
    desired_size: Annotated[int, Field(ge=0, le=450)] | None = None
    """Nodes at the start, `min_size` when left out; afterwards the autoscaler's to decide."""
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    """Root volume of a node, encrypted gp3, in GiB."""
    labels: dict[LabelKey, LabelValue] = {}
    """Labels besides `node-type`, which is `spot` or `on-demand`."""
    taints: list[TaintConfig] = []
    """Taints; spot groups carry `spot=true:NoSchedule` besides."""

    type_kind: ClassVar[type[InstanceType]] = InstanceType
    node_kind: ClassVar[type[Node]] = Node
    equal_types: ClassVar[str] = "m5.xlarge, m5a.xlarge, m6i.xlarge"
    """For example."""

    @property
    def nodes(self) -> list[Node]:
        """One node of each type, without those that only Terraform knows."""
        names = (name for name in self.instance_types if not is_token(name))
        return [self.node_kind(self.type_kind.parse(name)) for name in names]

    @property
    def instance(self) -> InstanceType | None:
        """A type that stands for all of the group's, which have the same size; None while only Terraform knows them."""
        return next((node.type for node in self.nodes), None)

    def findings(self) -> Iterator[Finding]:
        """Sizes out of order, unequal types, spot pools that would vanish at once, labels and taints set twice."""
        yield from self._size_findings()
        yield from self._type_findings()
        if NODE_TYPE in self.labels:
            yield Finding(
                ("labels", NODE_TYPE), "follows from capacity_type", "any label but this", "remove it, or set the type"
            )
        for index, taint in enumerate(self.taints):
            if self.taints.index(taint) < index or (self.capacity_type == "spot" and taint.key == "spot"):
                yield Finding(("taints", index), f"the taint {taint.key!r} is there already", "each taint once")

    def _size_findings(self) -> Iterator[Finding]:
        if self.min_size > self.max_size:
            yield Finding(
                ("min_size",),
                f"min_size {self.min_size} is above max_size {self.max_size}",
                "min_size ≤ max_size",
                f"raise max_size to {self.min_size} or more",
            )
        elif self.desired_size is not None and not self.min_size <= self.desired_size <= self.max_size:
            yield Finding(
                ("desired_size",),
                f"desired_size {self.desired_size} lies outside {self.min_size} to {self.max_size}",
                "min_size ≤ desired_size ≤ max_size",
            )

    def _type_findings(self) -> Iterator[Finding]:
        path = ("instance_types",)
        names = self.instance_types
        for name, times in Counter(names).items():
            if times > 1:
                yield Finding(path, f"{name} is named {times} times", "each type once")
        if difference := unequal(names, self.type_kind):
            yield Finding(
                path,
                difference,
                "types of equal vCPU, memory and architecture in one group",
                f"make a second node group, or choose equal types such as {self.equal_types}",
            )
        # A token may stand for a whole list.
        if self.capacity_type == "spot" and len(set(names)) < 3 and not any(map(is_token, names)):
            yield Finding(
                path,
                f"a spot group of {len(set(names))} instance type(s) loses all its nodes at once",
                "at least three different types",
                f"add equal types such as {self.equal_types}",
            )


NODE_GROUPS = {
    "system": NodeGroupConfig(instance_types=["m5.xlarge"], min_size=3, max_size=6),
    "workers": NodeGroupConfig(
        instance_types=["m5.2xlarge", "m5a.2xlarge", "m5d.2xlarge", "m6i.2xlarge", "m6a.2xlarge"],
        capacity_type="spot",
        min_size=2,
        max_size=10,
    ),
}


class EksConfig(Kind):
    """An EKS cluster with a private endpoint."""

    kind: Literal["eks"] = "eks"
    """Amazon EKS."""
    version: KubernetesVersion = "1.35"
    """Kubernetes version; raised one minor at a time, never lowered."""
    public_access_cidrs: Annotated[list[PublicCidr], Field(max_length=40)] = []
    """Networks from which the API server may be reached over the internet; none when empty."""
    private_access_cidrs: Annotated[list[Cidr], Field(max_length=40)] = []
    """Networks (a VPN's, a connected VPC's, the deploying runner's) that reach the API server's private endpoint. Nodes
    and pods always do."""
    admin_arns: list[PrincipalArn] = []
    """IAM roles or users that administer the cluster. Not whoever creates it: EKS makes that one an administrator, and
    refuses to do it again."""
    node_groups: Annotated[dict[NodeGroupName, NodeGroupConfig], Field(min_length=1, max_length=30)] = NODE_GROUPS
    """By name. In a file, `system` and `workers` are there unless it says otherwise of them."""
    addon_versions: dict[AddonName, AddonVersion] = {}
    """Versions to pin, by add-on. When left out, what EKS prefers for the Kubernetes version when deploying."""
    log_retention_days: LogRetentionDays = 365
    """Days for which the control plane's logs are kept."""
    kms_key_arn: KmsKeyArn | None = None
    """An existing key that encrypts Kubernetes secrets and the logs, whose policy lets CloudWatch Logs use it; a new
    one when left out."""

    construct: ClassVar = "floe_infra.cluster.eks:EksCluster"
    clouds: ClassVar = frozenset({"aws"})

    def findings(self) -> Iterator[Finding]:
        """No home for what must not be interrupted; networks and administrators named twice."""
        yield from _no_home(self.node_groups)
        for key in ("public_access_cidrs", "private_access_cidrs", "admin_arns"):
            yield from _named_twice(key, getattr(self, key))


def _no_home(node_groups: Mapping[str, NodeGroupConfig]) -> Iterator[Finding]:
    if not any(
        group.capacity_type == "on_demand" and not group.taints and group.min_size > 0 for group in node_groups.values()
    ):
        yield Finding(
            ("node_groups",),
            "no node group carries what must not be interrupted: DNS, storage driver, catalog, operators",
            "at least one group with `capacity_type: on_demand`, min_size 1 or more, and no taints",
        )


def _named_twice(key: str, given: Sequence[str]) -> Iterator[Finding]:
    for index, value in enumerate(given):
        if given.index(value) < index:
            yield Finding((key, index), f"{value} is named twice", "each once")


class ExistingEksConfig(Kind):
    """An EKS cluster that is there already, with an OIDC provider in IAM."""

    kind: Literal["existing_eks"] = "existing_eks"
    """An existing EKS cluster."""
    name: Annotated[str, Matches(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", "an EKS cluster's name")]
    """Its name."""
    node_groups: dict[KubernetesName, NodeGroupConfig] = {}
    """What nodes it has; needed to check that everything finds room, changes nothing there."""

    construct: ClassVar = "floe_infra.cluster.existing_eks:ExistingEksCluster"
    clouds: ClassVar = frozenset({"aws"})


MachineTypeName = Annotated[
    str,
    Matches(r"[a-z][a-z0-9]*-[a-z0-9-]+", "a Google machine type such as n2-standard-4", refuse=MachineType.problem),
]
GkeNodeGroupName = Annotated[
    str,
    Matches(r"[a-z]([a-z0-9-]{0,23}[a-z0-9])?", "at most 25 lower-case letters, digits and hyphens"),
]
"""A node pool's name has 40 characters, of which Terraform and the processor's series take 15."""
GoogleZone = Annotated[str, Matches(r"[a-z]+-[a-z]+[1-9][0-9]?-[a-z]", "a Google Cloud zone such as europe-west4-a")]
Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
MAINTENANCE_HOURS = 6
"""How long a maintenance window is."""


class GkeNodeGroupConfig(NodeGroupConfig):
    """Nodes of one kind, in as many GKE node pools as they have machine types."""

    instance_types: Annotated[list[MachineTypeName], Field(min_length=1, max_length=10)]
    """Machine types of equal vCPU, memory and architecture; for spot at least three: the more there are, the rarer the
    interruptions. Each has a node pool of its own, and the sizes are shared out among them."""
    capacity_type: Literal["on_demand", "spot"] = "on_demand"
    """Spot nodes cost a third and can be taken away with half a minute's notice."""
    min_size: Annotated[int, Field(ge=0, le=450)] = 1
    """Fewest nodes, in all zones and of all types together."""
    max_size: Annotated[int, Field(ge=1, le=450)] = 3
    """Most nodes, in all zones and of all types together."""
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    """Boot disk of a node, balanced, in GiB."""

    type_kind: ClassVar[type[InstanceType]] = MachineType
    node_kind: ClassVar[type[Node]] = GkeNode
    equal_types: ClassVar[str] = "n2-standard-4, n2d-standard-4, e2-standard-4"

    def findings(self) -> Iterator[Finding]:
        """Besides: types of which there could be no node at all."""
        yield from super().findings()
        if self.max_size < len(self.instance_types):
            yield Finding(
                ("max_size",),
                f"max_size {self.max_size} leaves no node for some of {len(self.instance_types)} machine types",
                f"{len(self.instance_types)} or more",
            )


GKE_NODE_GROUPS = {
    "system": GkeNodeGroupConfig(instance_types=["n2-standard-4"], min_size=3, max_size=6),
    "workers": GkeNodeGroupConfig(
        instance_types=["n2-standard-8", "n2d-standard-8", "e2-standard-8"],
        capacity_type="spot",
        min_size=2,
        max_size=10,
    ),
}


class GkeConfig(Kind):
    """A GKE cluster with private nodes and a private endpoint."""

    kind: Literal["gke"] = "gke"
    """Google Kubernetes Engine."""
    version: KubernetesVersion | None = None
    """Least Kubernetes version, which the release channel must have; what the channel prefers when left out. GKE raises
    it by itself."""
    release_channel: Literal["rapid", "regular", "stable", "extended"] = "regular"
    """How soon GKE raises the version."""
    availability: Literal["regional", "zonal"] = "regional"
    """Control plane and nodes in three zones, or in one."""
    zone: GoogleZone | None = None
    """The zone of a zonal cluster; the region's first when left out."""
    public_access_cidrs: Annotated[list[PublicCidr], Field(max_length=40)] = []
    """Networks from which the API server may be reached over the internet; none when empty."""
    private_access_cidrs: Annotated[list[Cidr], Field(max_length=40)] = []
    """Networks (a VPN's, a connected one's, the deploying runner's) that reach the API server's private endpoint. Nodes
    and pods always do."""
    node_groups: Annotated[dict[GkeNodeGroupName, GkeNodeGroupConfig], Field(min_length=1, max_length=30)] = (
        GKE_NODE_GROUPS
    )
    """By name. In a file, `system` and `workers` are there unless it says otherwise of them."""
    maintenance_days: Annotated[list[Weekday], Field(min_length=1, max_length=7)] = ["SA", "SU"]
    """Days on which GKE may change the cluster."""
    maintenance_hour: Annotated[int, Field(ge=0, le=23)] = 1
    """The hour, in UTC, at which it may begin; for six hours."""
    log_retention_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """Days for which the control plane's logs are kept."""
    kms_key_name: GoogleKmsKey | None = None
    """An existing key in the same region that encrypts Kubernetes secrets, which GKE's service agent may use; `own_key`
    says what is done when left out."""
    own_key: bool = True
    """Encrypt Kubernetes secrets with a key made for it, rotated every 90 days; otherwise Google encrypts them with the
    rest of the control plane's disks. A key is never quite gone again, so `dev` does without."""

    construct: ClassVar = "floe_infra.cluster.gke:GkeCluster"
    clouds: ClassVar = frozenset({"gcp"})

    def findings(self) -> Iterator[Finding]:
        """No home for what must not be interrupted; too little time for maintenance; a zone of what has several."""
        yield from _no_home(self.node_groups)
        for key in ("public_access_cidrs", "private_access_cidrs", "maintenance_days"):
            yield from _named_twice(key, getattr(self, key))
        if len(set(self.maintenance_days)) == 1:
            # https://cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions#limitations
            message = f"{MAINTENANCE_HOURS} hours a week are too few: GKE wants 48 in every 32 days"
            yield Finding(("maintenance_days",), message, "two days or more")
        if self.zone and self.availability == "regional":
            yield Finding(
                ("zone",), "a regional cluster is in several zones", "only with availability: zonal", "remove it"
            )


class ExistingGkeConfig(Kind):
    """A GKE cluster that is there already, with Workload Identity and Dataplane V2 or another keeper of network
    policies."""

    kind: Literal["existing_gke"] = "existing_gke"
    """An existing GKE cluster."""
    name: Annotated[str, Matches(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", "a GKE cluster's name")]
    """Its name."""
    zone: GoogleZone | None = None
    """The zone that it is in, if it is zonal."""
    node_groups: dict[KubernetesName, GkeNodeGroupConfig] = {}
    """What nodes it has; needed to check that everything finds room, changes nothing there."""

    construct: ClassVar = "floe_infra.cluster.existing_gke:ExistingGkeCluster"
    clouds: ClassVar = frozenset({"gcp"})


def _not_relative_to_us(path: str) -> str | None:
    return "names another user's home" if path.startswith("~") and not path.startswith("~/") else None


class KubeconfigConfig(Kind):
    """A cluster that is there already, wherever it runs, as a kubeconfig says. Its pods have no identity in a cloud."""

    kind: Literal["kubeconfig"] = "kubeconfig"
    """An existing cluster, by kubeconfig."""
    context: Annotated[
        str, Matches(r"[^\s$%]{1,253}", "the name of a context, as `kubectl config get-contexts` has it")
    ]
    """The kubeconfig's context. Never the one that happens to be current: it may be another cluster's tomorrow."""
    path: Annotated[
        str,
        Matches(r"[^\s$%][^$%]*", "the path of a kubeconfig", "write `~/…` or /…", refuse=_not_relative_to_us),
    ] = "~/.kube/config"
    """The kubeconfig. A relative path is taken from the folder that holds the output folder."""
    node_groups: dict[KubernetesName, NodeGroupConfig] = {}
    """What nodes it has; needed to check that everything finds room, changes nothing there."""

    construct: ClassVar = "floe_infra.cluster.kubeconfig:KubeconfigCluster"
    clouds: ClassVar = ANYWHERE


ClusterConfig = Annotated[
    EksConfig | ExistingEksConfig | GkeConfig | ExistingGkeConfig | KubeconfigConfig | Disabled,
    Field(discriminator="kind"),
]
