"""The Kubernetes cluster and its node groups."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from floe_infra.fields import Arn, Cidr, KubernetesName, Matches, invalid
from floe_infra.model import Disabled, Kind, Model
from floe_infra.sizing.instances import InstanceType, unequal

InstanceTypeName = Annotated[
    str,
    Matches(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "an EC2 instance type such as m5.xlarge", refuse=InstanceType.problem),
]
KubernetesVersion = Annotated[str, Matches(r"1\.[0-9]{2}", "a Kubernetes minor version such as 1.33, quoted")]


class TaintConfig(Model):
    """Keeps pods away that do not tolerate it."""

    key: str
    """The taint's key."""
    value: str = ""
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """What happens to pods that do not tolerate it."""


class NodeGroupConfig(Model):
    """Nodes of one kind, in an EC2 Auto Scaling group that EKS manages."""

    instance_types: Annotated[list[InstanceTypeName], Field(min_length=1, max_length=20)]
    """For spot at least three of equal vCPU, memory and architecture: the more pools, the rarer interruptions."""
    capacity_type: Literal["on_demand", "spot"] = "on_demand"
    """Spot nodes cost a third and can be taken away with two minutes' notice."""
    min_size: Annotated[int, Field(ge=0, le=450)] = 1
    """Fewest nodes."""
    max_size: Annotated[int, Field(ge=1, le=450)] = 3
    """Most nodes."""
    desired_size: Annotated[int, Field(ge=0, le=450)] | None = None
    """Nodes at the start, `min_size` when left out; afterwards the autoscaler's to decide."""
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    """Root volume of a node, encrypted gp3, in GiB."""
    labels: dict[str, str] = {}
    """Labels besides `node-type`, which is `spot` or `on-demand`."""
    taints: list[TaintConfig] = []
    """Taints; spot groups carry `spot=true:NoSchedule` besides."""

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if self.min_size > self.max_size:
            raise invalid(
                f"min_size {self.min_size} is above max_size {self.max_size}",
                allowed="min_size ≤ max_size",
                fix=f"raise max_size to {self.min_size} or more",
                field="min_size",
            )
        if self.desired_size is not None and not self.min_size <= self.desired_size <= self.max_size:
            raise invalid(
                f"desired_size {self.desired_size} lies outside {self.min_size} to {self.max_size}",
                allowed="min_size ≤ desired_size ≤ max_size",
                field="desired_size",
            )
        return self

    @model_validator(mode="after")
    def _check_pool(self) -> Self:
        if difference := unequal(self.instance_types):
            raise invalid(
                difference,
                allowed="types of equal vCPU, memory and architecture in one group",
                fix="make a second node group, or choose equal types such as m5.xlarge, m5a.xlarge, m6i.xlarge",
                field="instance_types",
            )
        if self.capacity_type == "spot" and len(set(self.instance_types)) < 3:
            raise invalid(
                f"a spot group of {len(set(self.instance_types))} instance type(s) loses all its nodes at once",
                allowed="at least three different types",
                fix="add equal types such as m5a.xlarge, m5d.xlarge, m6i.xlarge",
                field="instance_types",
            )
        return self


_NODE_GROUPS = {
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
    version: KubernetesVersion = "1.33"
    """Kubernetes version; raised one minor at a time."""
    public_access_cidrs: list[Cidr] = []
    """Networks from which the API server may be reached over the internet; none when empty."""
    admin_arns: list[Arn] = []
    """IAM roles or users that administer the cluster, besides whoever creates it."""
    node_groups: Annotated[dict[KubernetesName, NodeGroupConfig], Field(min_length=1, max_length=30)] = _NODE_GROUPS
    """By name; `system` and `workers` are there unless the file says otherwise of them."""
    addon_versions: dict[Literal["vpc-cni", "coredns", "kube-proxy", "aws-ebs-csi-driver"], str] = {}
    """Versions to pin, by add-on; EKS' default for the Kubernetes version when left out."""
    log_retention_days: Annotated[int, Field(ge=1, le=3653)] = 365
    """Days for which the control plane's logs are kept."""
    kms_key_arn: Arn | None = None
    """An existing key that encrypts Kubernetes secrets; a new one when left out."""

    construct: ClassVar = "floe_infra.cluster.eks:EksCluster"
    clouds: ClassVar = frozenset({"aws"})

    @model_validator(mode="after")
    def _check_placement(self) -> Self:
        if all(group.capacity_type == "spot" for group in self.node_groups.values()):
            raise invalid(
                "every node group is spot",
                allowed="at least one on-demand group: catalog, coordinator and operators must not be interrupted",
                fix="add a group with `capacity_type: on_demand`",
                field="node_groups",
            )
        return self


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


ClusterConfig = Annotated[EksConfig | ExistingEksConfig | Disabled, Field(discriminator="kind")]
