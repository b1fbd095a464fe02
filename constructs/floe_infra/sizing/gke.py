"""How much of a GKE node pods can have, by Google's own arithmetic
(https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes#memory_and_cpu_reservations)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import Self

from floe_infra.sizing.machines import MachineType
from floe_infra.sizing.memory import Node

_FIRMWARE_SHARE = 0.04
"""Part of the nominal memory that firmware and kernel keep: 3 % of the node with 16 GiB that the page above shows, and
somewhat more of smaller ones."""
_STEPS = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06))
"""GiB, one after the other, and which part of them is reserved; of what is beyond, 2 %."""
_BEYOND = 0.02
_SHARED_CORE_MILLICPU = 1060
"""Reserved on E2 types that share their cores."""


@dataclass(frozen=True)
class GkeNode(Node):
    """One node in GKE with Container-Optimized OS and up to 110 pods."""

    daemonsets_mib: ClassVar[int] = 768
    daemonsets_millicpu: ClassVar[int] = 400
    """Dataplane V2 (`anetd`), Fluent Bit, the agents of metrics, the collector of Managed Prometheus, the metadata
    server, the disks' driver; about 700 MiB and 350m together, and no two versions of GKE agree."""

    @property
    def firmware_mib(self) -> int:
        """What the operating system never sees."""
        return round(self.nominal_mib * _FIRMWARE_SHARE)

    @property
    def kubelet_mib(self) -> int:
        """Reserved for Kubernetes and the system."""
        rest, reserved = self.nominal_mib - self.firmware_mib, 0.0
        for gib, share in _STEPS:
            part = min(rest, gib * 1024)
            reserved += part * share
            rest -= part
        return round(reserved + rest * _BEYOND)

    @property
    def kubelet_millicpu(self) -> int:
        """The same steps as EKS', which took them over from GKE."""
        return _SHARED_CORE_MILLICPU if self.type.name == "e2-medium" else super().kubelet_millicpu

    @classmethod
    def general_purpose(cls, architecture: str) -> Iterator[Self]:
        """Nodes of usual types, the smallest first."""
        series, sizes = ("t2a", (2, 4, 8, 16, 32, 48)) if architecture == "arm64" else ("n2", (2, 4, 8, 16, 32, 48, 64))
        for vcpu in sizes:
            yield cls(MachineType.parse(f"{series}-standard-{vcpu}"))
