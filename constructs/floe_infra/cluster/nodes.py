"""What a node group offers to pods, as the file describes it."""

from __future__ import annotations

from floe_infra.cluster.config import NODE_TYPE, NodeGroupConfig
from floe_infra.refs import NodeGroupRef, Taint

SPOT_TAINT = Taint(key="spot", value="true", effect="NoSchedule")
"""Only pods that say they can be interrupted get to spot nodes."""


def describe(name: str, config: NodeGroupConfig) -> NodeGroupRef:
    """The group's labels, taints and the size of its nodes."""
    spot = config.capacity_type == "spot"
    taints = [Taint(key=taint.key, value=taint.value, effect=taint.effect) for taint in config.taints]
    return NodeGroupRef(
        name=name,
        labels={NODE_TYPE: "spot" if spot else "on-demand", **config.labels},
        taints=tuple([SPOT_TAINT, *taints] if spot else taints),
        spot=spot,
        vcpu=config.instance.vcpu if config.instance else 0,
        memory_mib=config.instance.memory_gib * 1024 if config.instance else 0,
        max_size=config.max_size,
    )
