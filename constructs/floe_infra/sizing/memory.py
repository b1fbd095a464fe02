"""How much of an EKS node pods can have: from the instance type's name to what the scheduler gives away.

The arithmetic is that of the Amazon Linux 2023 node agent, so that a worker which can never be placed is refused
before anything is made, with every step of the calculation shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import Self

from floe_infra.sizing.instances import InstanceType

FIRMWARE_SHARE = 0.075
"""Part of the nominal memory that firmware and kernel keep. It differs by type and image (m5.xlarge: 4.4 %); this
is Karpenter's default, chosen not to overestimate most types (`VM_MEMORY_OVERHEAD_PERCENT`,
https://karpenter.sh/docs/reference/settings/)."""
EVICTION_MIB = 100
"""`evictionHard: memory.available` of the node agent
(https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go)."""
DAEMONSETS_MIB = 512
DAEMONSETS_MILLICPU = 250
"""What runs on every node. The add-ons ask for 50m (VPC CNI), 100m (kube-proxy), 30m and 120 MiB (EBS CSI); the
rest is for an agent of logs and traces."""

_CLASSIC = re.compile(r"[cmr]([5-7](?!zn)[a-z]*(-flex)?|8gd?)\.(?P<size>\w+)")
_CLASSIC_PODS = {
    "large": 29,
    **dict.fromkeys(("xlarge", "2xlarge"), 58),
    **dict.fromkeys(("4xlarge", "8xlarge", "9xlarge", "12xlarge"), 234),
}
_CLASSIC_MOST = 737
_BURSTABLE_PODS = {"medium": 17, "large": 35, "xlarge": 58, "2xlarge": 58}
_OTHER_PODS = {
    "large": 78,
    "xlarge": 118,
    "2xlarge": 158,
    **dict.fromkeys(("3xlarge", "4xlarge", "6xlarge"), 394),
    "8xlarge": 492,
    **dict.fromkeys(("12xlarge", "16xlarge"), 1010),
}
_OTHER_MOST = 1514


def max_pods(type: InstanceType) -> int:
    """Pods for which the node agent reserves memory: network interfaces × (addresses of each − 1) + 2.

    Exact for generations 5 to 7 and Graviton 4, whose sizes have the same interfaces throughout (but `m6in` and its
    like, which have fewer at 32xlarge). Newer families differ: they get the highest number of any family, so that
    too little is promised rather than too much. Source:
    https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/instance-info.jsonl
    """
    size = type.name.partition(".")[2]
    if type.name.startswith("t"):
        return _BURSTABLE_PODS[size]
    if _CLASSIC.fullmatch(type.name):
        return _CLASSIC_PODS.get(size, _CLASSIC_MOST)
    return _OTHER_PODS.get(size, _OTHER_MOST)


@dataclass(frozen=True)
class Node:
    """One node: its memory (MiB) and processors (millicores), and where they go. `str()` shows the derivation.

    This one is EKS'; what other clouds keep for themselves, their own classes say.
    """

    type: InstanceType

    eviction_mib: ClassVar[int] = EVICTION_MIB
    daemonsets_mib: ClassVar[int] = DAEMONSETS_MIB
    daemonsets_millicpu: ClassVar[int] = DAEMONSETS_MILLICPU

    @property
    def nominal_mib(self) -> int:
        """What the type is sold with."""
        return self.type.memory_gib * 1024

    @property
    def firmware_mib(self) -> int:
        """What the operating system never sees."""
        return round(self.nominal_mib * FIRMWARE_SHARE)

    @property
    def kubelet_mib(self) -> int:
        """`kubeReserved` memory: 255 MiB, and 11 MiB for each pod
        (`getMemoryMebibytesToReserve` in the file named at `EVICTION_MIB`)."""
        return 255 + 11 * max_pods(self.type)

    @property
    def allocatable_mib(self) -> int:
        """What the scheduler has to give."""
        return self.nominal_mib - self.firmware_mib - self.kubelet_mib - self.eviction_mib

    @property
    def worker_mib(self) -> int:
        """The largest pod that fits beside what runs on every node."""
        return self.allocatable_mib - self.daemonsets_mib

    @property
    def kubelet_millicpu(self) -> int:
        """`kubeReserved` CPU: 6 % of the first core, 1 % of the second, ½ % of the next two, ¼ % of all others
        (`getCPUMillicoresToReserve` in the same file)."""
        return 70 + 10 * (min(self.type.vcpu, 4) - 2) // 2 + 10 * max(self.type.vcpu - 4, 0) // 4

    @property
    def allocatable_millicpu(self) -> int:
        """What the scheduler has to give."""
        return 1000 * self.type.vcpu - self.kubelet_millicpu

    @property
    def worker_millicpu(self) -> int:
        """The largest pod that fits beside what runs on every node."""
        return self.allocatable_millicpu - self.daemonsets_millicpu

    def carries(self, memory_mib: int, cpu: float) -> bool:
        """Whether a pod of this size finds room on an otherwise empty node."""
        return memory_mib <= self.worker_mib and cpu * 1000 <= self.worker_millicpu

    def __str__(self) -> str:
        return (
            f"{self.type.name} has {self.nominal_mib} MiB - {self.firmware_mib} firmware and kernel "
            f"- {self.kubelet_mib} kubelet - {self.eviction_mib} eviction threshold "
            f"= {self.allocatable_mib} MiB allocatable - {self.daemonsets_mib} daemonsets "
            f"= {self.worker_mib} MiB for one worker; "
            f"{1000 * self.type.vcpu}m - {self.kubelet_millicpu}m kubelet = {self.allocatable_millicpu}m allocatable"
            f" - {self.daemonsets_millicpu}m daemonsets = {self.worker_millicpu}m CPU for one worker"
        )

    @classmethod
    def general_purpose(cls, architecture: str) -> Iterator[Self]:
        """Nodes of usual types, the smallest first."""
        family = "m6g" if architecture == "arm64" else "m5"
        for size in ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"):
            yield cls(InstanceType.parse(f"{family}.{size}"))


def smallest(memory_mib: int, cpu: float, architecture: str, kind: type[Node] = Node) -> Node | None:
    """The smallest general-purpose node that carries such a pod; None when even the largest does not.

    Args:
        kind: whose nodes.
    """
    return next((node for node in kind.general_purpose(architecture) if node.carries(memory_mib, cpu)), None)
