"""Which nodes a pod may run on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from floe_infra.refs import ClusterRef, NodeGroupRef

ZONE = "topology.kubernetes.io/zone"


@dataclass(frozen=True)
class Placement:
    """Node selector and tolerations, in Kubernetes' spelling."""

    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: list[dict[str, str]] = field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """As most charts, and pods themselves, take it."""
        return {"nodeSelector": self.node_selector, "tolerations": self.tolerations}


def steady(cluster: ClusterRef) -> Placement:
    """For everything single or stateful: nodes that nobody takes away. Where the file does not say what nodes there
    are, anywhere that wants no toleration."""
    groups = [group for group in cluster.node_groups if not group.spot and not group.taints]
    return Placement(node_selector=_common_labels(groups))


def interruptible(cluster: ClusterRef) -> Placement:
    """For what finishes, or starts again, within two minutes' notice: spot nodes, where there are any."""
    groups = [group for group in cluster.node_groups if group.spot]
    if not groups:
        return steady(cluster)
    taints = {taint.key: taint for group in groups for taint in group.taints}
    tolerations = [
        {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
        for taint in taints.values()
    ]
    return Placement(node_selector=_common_labels(groups), tolerations=tolerations)


def spread(**labels: str) -> list[dict[str, Any]]:
    """Topology spread constraints: replicas with these labels over the zones, where there is room."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": ZONE,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels},
        }
    ]


def _common_labels(groups: list[NodeGroupRef]) -> dict[str, str]:
    """The labels that all of the groups carry."""
    if not groups:
        return {}
    first, *others = (group.labels for group in groups)
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}
