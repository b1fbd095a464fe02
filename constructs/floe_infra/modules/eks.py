"""`terraform-modules/eks`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Field

from floe_infra.cluster.config import NODE_TYPE, AddonName, EksConfig, NodeGroupConfig, NodeGroupName, TaintConfig
from floe_infra.context import Context
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Choice, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.names import Name
from floe_infra.network.config import SubnetId, VpcId
from floe_infra.refs import NetworkRef

if TYPE_CHECKING:
    from constructs import Construct


class EksInputs(Model):
    """What the module asks for besides what the configuration does."""

    cluster_name: Name
    """The cluster's name; begins the names of everything."""
    vpc_id: VpcId
    """The VPC that the cluster is in."""
    subnet_ids: Annotated[list[SubnetId], Field(min_length=2)]
    """Private subnets in at least two zones, with a way out to the internet or endpoints for the AWS services."""
    node_groups: Annotated[dict[NodeGroupName, NodeGroupConfig], Field(min_length=1, max_length=30)]
    """By name. At least one of them, which nothing may interrupt, carries DNS, the storage driver and operators."""
    deletion_protection: bool = True
    """Let Terraform remove the cluster's key only 30 days after, instead of 7."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from cdktf import Fn

    from floe_infra.cluster.eks import EksCluster

    config = tokens.of(
        EksConfig,
        "var",
        names={"version": "kubernetes_version"},
        public_access_cidrs=tokens.texts("var.public_access_cidrs") if chosen["public_access_cidrs"] else [],
        node_groups={MEMBER: _node_group(chosen, tokens)},
        addon_versions={}
        if chosen["addon_versions"]
        else {name: tokens.text(f'var.addon_versions["{name}"]') for name in get_args(AddonName)},
        log_retention_days=tokens.number("var.log_retention_days"),
        kms_key_arn=None if chosen["kms_key_arn"] else tokens.text("var.kms_key_arn"),
    )
    network = NetworkRef(
        id=tokens.text("var.vpc_id"), cidr="", private_subnet_ids=tuple(tokens.texts("var.subnet_ids"))
    )
    cluster = EksCluster(scope, "module", config=config, context=context, network=network)
    ref = cluster.ref
    return {
        "cluster_name": Output(ref.name, "The cluster's name."),
        "cluster_endpoint": Output(ref.endpoint, "Its API server."),
        "cluster_certificate_authority": Output(ref.certificate_authority, "Who signs its certificate, in Base64."),
        "cluster_security_group_id": Output(ref.security_group_id, "What control plane, nodes and pods share."),
        "service_cidr": Output(
            Fn.try_([ref.service_cidr, ""]), "Where Services have their addresses; empty with IPv6."
        ),
        "oidc_issuer": Output(ref.oidc_issuer, "Who signs the service accounts' tokens."),
        "oidc_provider_arn": Output(cluster.oidc_provider.arn, "IAM's trust in them, for roles of service accounts."),
        "node_role_arn": Output(cluster.node_role.role.arn, "What the nodes do their work with."),
        "node_group_names": Output(
            {name: group.node_group.node_group_name for name, group in cluster.node_groups.items()},
            "What the node groups are called in EKS, by name.",
        ),
        "autoscaler_role_arn": Output(
            ref.autoscaler.role_arn if ref.autoscaler else None,
            "What Cluster Autoscaler acts as, with the service account `cluster-autoscaler` in `kube-system`.",
        ),
    }


def _node_group(chosen: Mapping[str, Any], tokens: Tokens) -> NodeGroupConfig:
    group: NodeGroupConfig = tokens.of(
        NodeGroupConfig,
        "each.value",
        capacity_type="spot" if chosen["spot"] else "on_demand",
        desired_size=None if chosen["desired_size"] else tokens.number("each.value.desired_size"),
        labels=tokens.entries("each.value.labels"),
        taints=[tokens.of(TaintConfig, "taint.value", effect=tokens.text("taint.value.effect"))],
    )
    return group


def _unpinned(path: tuple[str, ...]) -> str:
    return f'lookup(var.addon_versions, "{path[0].replace("_", "-")}", null) == null'


MODULE = Module(
    name="eks",
    summary="An EKS cluster with a private endpoint, its node groups, add-ons, and roles for service accounts.",
    inputs=(EksInputs, EksConfig),
    construct=EksConfig.construct,
    named={"version": "kubernetes_version"},
    build=_build,
    prefix="var.cluster_name",
    choices=(
        Choice("deletion_protection", "var.deletion_protection"),
        Choice("kms_key_arn", "var.kms_key_arn == null"),
        Choice("public_access_cidrs", "length(var.public_access_cidrs) > 0"),
        Choice("addon_versions", _unpinned),
        Choice("spot", 'each.value.capacity_type == "spot"'),
        Choice("desired_size", "each.value.desired_size == null"),
    ),
    each=Each("var.node_groups", ("name", "group")),
    nested={"taint": "each.value.taints"},
    renamed={"node_groups": "", "identities": "", "control_plane": "cluster"},
    sample={
        "cluster_name": "floe-runtime",
        "vpc_id": "vpc-0a1b2c3d4e5f60718",
        "subnet_ids": ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"],
        "node_groups": {
            "workers": {
                "instance_types": ["m5.xlarge"],
                "min_size": 2,
                "max_size": 10,
                "labels": {"team": "data"},
                "taints": [{"key": "dedicated"}],
            },
            "system": {"instance_types": ["m5.large"]},
        },
    },
    rules=(
        Rule(
            "node_groups",
            'anytrue([for group in var.node_groups : group.capacity_type == "on_demand" && '
            "length(group.taints) == 0 && group.min_size > 0])",
            "at least one group with capacity_type on_demand, min_size 1 or more, and no taints, for what must not be "
            "interrupted: DNS, storage driver, operators",
            '{ workers = { instance_types = ["m5.xlarge"], min_size = 0 } }',
        ),
        Rule(
            "node_groups",
            "alltrue([for group in var.node_groups : group.min_size <= coalesce(group.desired_size, group.min_size) && "
            "coalesce(group.desired_size, group.min_size) <= group.max_size])",
            "min_size ≤ desired_size ≤ max_size",
            '{ workers = { instance_types = ["m5.xlarge"], min_size = 5, max_size = 3 } }',
        ),
        Rule(
            "node_groups",
            "alltrue([for group in var.node_groups : length(distinct([for type in group.instance_types : "
            '"${replace(substr(type, 0, 1), "t", "m")} ${can(regex("^([cmr][0-9]+g|t4g)", type))} '
            '${try(split(".", type)[1], "")}"])) == 1])',
            "types of equal vCPU, memory and architecture in one group",
            '{ workers = { instance_types = ["m5.xlarge", "m6g.xlarge"] } }',
        ),
        Rule(
            "node_groups",
            "alltrue([for group in var.node_groups : "
            f'!contains(keys(group.labels), "{NODE_TYPE}") && !(group.capacity_type == "spot" && '
            'contains(group.taints[*].key, "spot"))])',
            f"the label {NODE_TYPE} and the taint spot follow from capacity_type",
            '{ workers = { instance_types = ["m5.xlarge"], labels = { node-type = "spot" } } }',
        ),
        Rule(
            "node_groups",
            'alltrue([for group in var.node_groups : group.capacity_type != "spot" || '
            "length(distinct(group.instance_types)) >= 3])",
            "a spot group has at least three different types, or it loses all its nodes at once",
            '{ workers = { instance_types = ["m5.xlarge"] }, '
            'spot = { instance_types = ["m5.xlarge"], capacity_type = "spot" } }',
        ),
    ),
)
