"""EC2 instance types: vCPU, memory and architecture, read from the name.

AWS names sizes by a rule (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html): within
the families here `large` has 2 vCPU, `xlarge` 4 and `Nxlarge` 4 N, and the family's letter gives GiB per vCPU. So
no table of hundreds of types goes stale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_GIB_PER_VCPU = {"c": 2, "m": 4, "r": 8}
_NAME = re.compile(r"(?P<family>[cmr])(?P<generation>[5-9])(?P<options>[a-z]*)\.(?P<size>large|\d*xlarge)")
_T3 = {"t3.medium": (2, 4), "t3.large": (2, 8), "t3.xlarge": (4, 16), "t3.2xlarge": (8, 32)}
_T_NAME = re.compile(r"t(?P<variant>3|3a|4g)\.(?P<size>medium|large|xlarge|2xlarge)")


@dataclass(frozen=True)
class InstanceType:
    """One EC2 instance type."""

    name: str
    vcpu: int
    memory_gib: int
    architecture: str
    """`amd64` or `arm64`, as Kubernetes spells them."""

    @classmethod
    def parse(cls, name: str) -> InstanceType:
        """Read a type's size from its name.

        Raises:
            ValueError: a family whose sizes do not follow the rule (GPU, storage and high-memory families).
        """
        if match := _NAME.fullmatch(name):
            multiple = match["size"].removesuffix("xlarge")
            vcpu = 2 if match["size"] == "large" else 4 * int(multiple or 1)
            architecture = "arm64" if "g" in match["options"] else "amd64"
            return cls(name, vcpu, vcpu * _GIB_PER_VCPU[match["family"]], architecture)
        if match := _T_NAME.fullmatch(name):
            vcpu, memory = _T3[f"t3.{match['size']}"]
            return cls(name, vcpu, memory, "arm64" if match["variant"] == "4g" else "amd64")
        raise ValueError(f"{name!r} is of no family whose size is known")

    @classmethod
    def problem(cls, name: str) -> str | None:
        """What is wrong with a name, or None."""
        try:
            cls.parse(name)
        except ValueError:
            return "is of no family whose size is known: c5 to c9, m5 to m9, r5 to r9 and their variants, t3, t3a, t4g"
        return None

    def __str__(self) -> str:
        return f"{self.name} ({self.vcpu} vCPU, {self.memory_gib} GiB, {self.architecture})"


def unequal(names: Sequence[str]) -> str | None:
    """How the types differ from the first one, or None when all are equal."""
    types = [InstanceType.parse(name) for name in names]
    for other in types[1:]:
        if (other.vcpu, other.memory_gib, other.architecture) != (
            types[0].vcpu,
            types[0].memory_gib,
            types[0].architecture,
        ):
            return f"{other} is not equal to {types[0]}"
    return None
