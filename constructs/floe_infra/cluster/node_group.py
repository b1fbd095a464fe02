"""One managed node group with its launch template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdktf import Fn, ITerraformDependable, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.eks_cluster import EksCluster
from cdktf_cdktf_provider_aws.eks_node_group import (
    EksNodeGroup,
    EksNodeGroupLaunchTemplate,
    EksNodeGroupScalingConfig,
    EksNodeGroupTaint,
    EksNodeGroupUpdateConfig,
)
from cdktf_cdktf_provider_aws.launch_template import (
    LaunchTemplate,
    LaunchTemplateBlockDeviceMappings,
    LaunchTemplateBlockDeviceMappingsEbs,
    LaunchTemplateMetadataOptions,
    LaunchTemplateMonitoring,
    LaunchTemplateTagSpecifications,
)
from constructs import Construct

from floe_infra.cluster.config import NodeGroupConfig
from floe_infra.cluster.nodes import describe
from floe_infra.context import Context
from floe_infra.fields import is_token

_AMI_TYPES = {"amd64": "AL2023_x86_64_STANDARD", "arm64": "AL2023_ARM_64_STANDARD"}
_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
"""EKS' spelling of Kubernetes' taint effects."""
_ARM = "^([cmr][0-9]+g|t4g)"
"""Types with AWS' own processors."""


class NodeGroup(Construct):
    """Nodes of one kind.

    Most of a node group cannot be changed, only replaced. A new one then comes before the old one goes, hence the
    unique name. EKS itself drains nodes on updates and on spot interruptions, and tags the Auto Scaling group so that
    the Cluster Autoscaler finds it.

    Args:
        id: the group's name.
        tags: for instances, their volumes and network interfaces; Terraform's default tags do not reach them.
        depends_on: what the nodes need to come up, and until their end.

    Attributes:
        ref: what pods find there.
        launch_template: how the nodes' machines are made.
        node_group: the group.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: NodeGroupConfig,
        cluster: EksCluster,
        role_arn: str,
        subnet_ids: Sequence[str],
        tags: Mapping[str, str],
        depends_on: Sequence[ITerraformDependable],
        context: Context,
    ) -> None:
        super().__init__(scope, id)
        self.ref = describe(id, config)
        self.launch_template = self._launch_template(f"{context.prefix}-{id}", config.disk_gib, tags)
        self.node_group = EksNodeGroup(
            self,
            "node_group",
            cluster_name=cluster.name,
            node_group_name_prefix=f"{id}-",
            node_role_arn=role_arn,
            subnet_ids=list(subnet_ids),
            version=cluster.version,
            ami_type=_ami_type(config),
            capacity_type=config.capacity_type.upper(),
            instance_types=_in_stable_order(config),
            launch_template=EksNodeGroupLaunchTemplate(
                id=self.launch_template.id, version=Token.as_string(self.launch_template.latest_version)
            ),
            scaling_config=EksNodeGroupScalingConfig(
                min_size=config.min_size,
                max_size=config.max_size,
                desired_size=config.min_size if config.desired_size is None else config.desired_size,
            ),
            update_config=EksNodeGroupUpdateConfig(max_unavailable_percentage=33),
            labels=dict(self.ref.labels),
            taint=[
                EksNodeGroupTaint(key=taint.key, value=taint.value, effect=_effect(taint.effect))
                for taint in self.ref.taints
            ],
            depends_on=list(depends_on),
            lifecycle=TerraformResourceLifecycle(
                create_before_destroy=True,
                ignore_changes=["scaling_config[0].desired_size"],  # the autoscaler's
            ),
        )

    def _launch_template(self, name: str, disk_gib: int, tags: Mapping[str, str]) -> LaunchTemplate:
        """EKS adds image, security group and user data of its own."""
        return LaunchTemplate(
            self,
            "launch_template",
            name=name,
            description=f"Nodes of {name}",
            update_default_version=True,
            block_device_mappings=[
                LaunchTemplateBlockDeviceMappings(
                    device_name="/dev/xvda",
                    ebs=LaunchTemplateBlockDeviceMappingsEbs(
                        volume_size=disk_gib, volume_type="gp3", encrypted="true", delete_on_termination="true"
                    ),
                )
            ],
            # One hop: the node itself, and not the pods on it, which have identities of their own.
            metadata_options=LaunchTemplateMetadataOptions(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            monitoring=LaunchTemplateMonitoring(enabled=True),
            tag_specifications=[
                LaunchTemplateTagSpecifications(resource_type=kind, tags=dict(tags))
                for kind in ("instance", "volume", "network-interface")
            ],
        )


def _ami_type(config: NodeGroupConfig) -> str:
    """For the first type's architecture, which all share."""
    if config.instance:
        return _AMI_TYPES[config.instance.architecture]
    arm = Fn.can(Fn.regex(_ARM, Fn.element(config.instance_types, 0)))
    return Token.as_string(Fn.conditional(arm, _AMI_TYPES["arm64"], _AMI_TYPES["amd64"]))


def _effect(effect: str) -> str:
    return Fn.lookup(_EFFECTS, effect, "") if is_token(effect) else _EFFECTS[effect]


def _in_stable_order(config: NodeGroupConfig) -> list[str]:
    """For on-demand the order is the preference. For spot it means nothing to EKS, but another order in the file would
    make Terraform replace the group."""
    names = list(config.instance_types)
    if config.capacity_type != "spot":
        return names
    return Token.as_list(Fn.sort(names)) if any(map(is_token, names)) else sorted(names)
