"""One node group in GKE: a node pool for each of its machine types."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_google.container_cluster import ContainerCluster
from cdktf_cdktf_provider_google.container_node_pool import (
    ContainerNodePool,
    ContainerNodePoolAutoscaling,
    ContainerNodePoolManagement,
    ContainerNodePoolNetworkConfig,
    ContainerNodePoolNodeConfig,
    ContainerNodePoolNodeConfigShieldedInstanceConfig,
    ContainerNodePoolNodeConfigTaint,
    ContainerNodePoolNodeConfigWorkloadMetadataConfig,
    ContainerNodePoolUpgradeSettings,
)
from constructs import Construct

from floe_infra.cluster.config import GkeNodeGroupConfig
from floe_infra.cluster.nodes import describe
from floe_infra.context import Context
from floe_infra.fields import is_token
from floe_infra.sizing.machines import MachineType

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
"""GKE's spelling of Kubernetes' taint effects."""


class GkeNodePools(Construct):
    """Nodes of one kind.

    GKE's autoscaler grows the pool whose machines can be had; where spot machines are, it takes any zone that has some
    rather than keep zones equal. Much of a node pool cannot be changed, only replaced. A new one then comes before the
    old one goes, hence the unique name.

    Args:
        id: the group's name.
        zones: how many the cluster's nodes are in.
        account: the email of the account that nodes do their work with.
        depends_on: what the nodes need to come up, and until their end.

    Attributes:
        ref: what pods find there.
        pools: by machine type.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: GkeNodeGroupConfig,
        cluster: ContainerCluster,
        zones: int,
        account: str,
        depends_on: Sequence[ITerraformDependable],
        context: Context,
    ) -> None:
        super().__init__(scope, id)
        self._config, self._cluster, self._zones = config, cluster, zones
        self._account, self._depends_on, self._context = account, depends_on, context
        self.ref = describe(id, config)
        types = config.instance_types
        desired = config.min_size if config.desired_size is None else config.desired_size
        sizes = zip(
            *(_shared_out(size, len(types)) for size in (config.min_size, desired, config.max_size)), strict=True
        )
        self.pools = {
            type: self._pool(_word(type, number), type, *shares)
            for number, (type, shares) in enumerate(zip(types, sizes, strict=True))
        }

    def _pool(self, id: str, type: str, least: int, desired: int, most: int) -> ContainerNodePool:
        return ContainerNodePool(
            self,
            id,
            name_prefix=f"{self.node.id}-{id}-",
            cluster=self._cluster.id,
            # For each zone: as many as are wanted, if there may be so many in all of them.
            initial_node_count=min(-(-desired // self._zones), most // self._zones),
            autoscaling=ContainerNodePoolAutoscaling(
                total_min_node_count=least,
                total_max_node_count=most,
                location_policy="ANY" if self.ref.spot else "BALANCED",
            ),
            management=ContainerNodePoolManagement(auto_repair=True, auto_upgrade=True),
            upgrade_settings=ContainerNodePoolUpgradeSettings(strategy="SURGE", max_surge=1, max_unavailable=0),
            network_config=ContainerNodePoolNetworkConfig(enable_private_nodes=True),
            node_config=self._node(type),
            depends_on=list(self._depends_on),
            lifecycle=TerraformResourceLifecycle(
                create_before_destroy=True,
                ignore_changes=["initial_node_count"],  # the autoscaler's
            ),
        )

    def _node(self, type: str) -> ContainerNodePoolNodeConfig:
        """Pods get tokens for their own accounts alone, never the node's."""
        return ContainerNodePoolNodeConfig(
            machine_type=type,
            spot=self.ref.spot,
            image_type="COS_CONTAINERD",
            disk_type="pd-balanced",
            disk_size_gb=self._config.disk_gib,
            service_account=self._account,
            # What the account may do, its roles say.
            oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
            workload_metadata_config=ContainerNodePoolNodeConfigWorkloadMetadataConfig(mode="GKE_METADATA"),
            shielded_instance_config=ContainerNodePoolNodeConfigShieldedInstanceConfig(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
            metadata={"disable-legacy-endpoints": "true"},
            labels=dict(self.ref.labels),
            taint=[
                ContainerNodePoolNodeConfigTaint(key=taint.key, value=taint.value, effect=_EFFECTS[taint.effect])
                for taint in self.ref.taints
            ],
            resource_labels=dict(self._context.labels),
        )


def _word(type: str, number: int) -> str:
    """The processor's series, as a group's types, which are equal, differ in nothing else."""
    return str(number) if is_token(type) else MachineType.parse(type).series


def _shared_out(size: int, parts: int) -> list[int]:
    """As equal as can be, and the first the largest."""
    return [size // parts + (number < size % parts) for number in range(parts)]
