"""EC2 instance types: vCPU, memory and architecture, read from the name.

AWS names sizes by a rule (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html): within
the families here `large` has 2 vCPU, `xlarge` 4 and `Nxlarge` 4 N, and the family's letter gives GiB per vCPU. So
no table of hundreds of types goes stale. RDS calls its classes after the same types, with `db.` before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import Self

from floe_infra.fields import is_token

_GIB_PER_VCPU = {"c": 2, "m": 4, "r": 8}
_NAME = re.compile(
    r"(?P<family>[cmr])(?P<generation>[5-9])(?P<options>[agi]?[bdnz]{0,3}(-flex)?)"
    r"\.(?P<size>large|(|2|3|4|6|8|9|12|16|18|24|32|48|96)xlarge)"
)
_BURSTABLE = re.compile(r"t(3|3a|4g)\.(?P<size>\w+)")
_BURSTABLE_SIZES = {
    "micro": (2, 1),
    "small": (2, 2),
    "medium": (2, 4),
    "large": (2, 8),
    "xlarge": (4, 16),
    "2xlarge": (8, 32),
}
"""vCPU and GiB."""
SMALLEST_NODE_GIB = 4
"""Below this the kubelet and what every node runs leave no room, and the network takes too few pods."""


@dataclass(frozen=True)
class InstanceType:
    """One EC2 instance type."""

    name: str
    vcpu: int
    memory_gib: int
    architecture: str
    """`amd64` or `arm64`, as Kubernetes spells them."""

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a type's size from its name.

        Raises:
            ValueError: a family whose sizes do not follow the rule (GPU, storage and high-memory families, c5n).
        """
        if (match := _NAME.fullmatch(name)) and not name.startswith("c5n."):
            multiple = match["size"].removesuffix("xlarge")
            vcpu = 2 if match["size"] == "large" else 4 * int(multiple or 1)
            architecture = "arm64" if "g" in match["options"] else "amd64"
            return cls(name, vcpu, vcpu * _GIB_PER_VCPU[match["family"]], architecture)
        if (match := _BURSTABLE.fullmatch(name)) and match["size"] in _BURSTABLE_SIZES:
            vcpu, memory = _BURSTABLE_SIZES[match["size"]]
            return cls(name, vcpu, memory, "arm64" if name.startswith("t4g") else "amd64")
        raise ValueError(f"{name!r} is of no family and size that are known")

    @classmethod
    def problem(cls, name: str) -> str | None:
        """What is wrong with a type for a node, or None."""
        try:
            parsed = cls.parse(name)
        except ValueError:
            return (
                "is of no family and size that are known: c5 to c9, m5 to m9, r5 to r9 and their variants (but c5n), "
                "large or larger; t3, t3a, t4g, medium or larger"
            )
        if parsed.memory_gib < SMALLEST_NODE_GIB:
            return f"has {parsed.memory_gib} GiB; what every node runs needs one of {SMALLEST_NODE_GIB} GiB or more"
        return None

    def __str__(self) -> str:
        return f"{self.name} ({self.vcpu} vCPU, {self.memory_gib} GiB, {self.architecture})"


def unequal(names: Sequence[str], kind: type[InstanceType] = InstanceType) -> str | None:
    """How the types differ from the first one, or None when all are equal. Names known only later are passed over.

    Args:
        kind: whose names they are.
    """
    types = [kind.parse(name) for name in names if not is_token(name)]
    for other in types[1:]:
        if _size(other) != _size(types[0]):
            return f"{other} is not equal to {types[0]}"
    return None


def _size(type: InstanceType) -> tuple[int, int, str]:
    return type.vcpu, type.memory_gib, type.architecture
