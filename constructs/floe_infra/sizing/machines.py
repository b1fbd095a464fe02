"""Google's machine types: vCPU, memory and architecture, read from the name.

Google says both in the name (https://cloud.google.com/compute/docs/machine-resource#naming_convention): `n2-standard-8`
has 8 vCPU, and `standard` is 4 GiB for each of them. Only which sizes a series has is a table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from typing_extensions import Self

from floe_infra.sizing.instances import SMALLEST_NODE_GIB, InstanceType

_SMALL = {2, 4, 8, 16}
_SIZES = {
    "e2": _SMALL | {32},
    "n2": _SMALL | {32, 48, 64, 80, 96},
    "n2d": _SMALL | {32, 48, 64, 80, 96},
    "c2d": _SMALL | {32, 56, 112},
    "c3": {4, 8, 22, 44, 88, 176},
    "c3d": {4, 8, 16, 30, 60, 90, 180, 360},
    "t2d": _SMALL | {32, 48, 60},
    "t2a": _SMALL | {32, 48},
}
"""vCPU of the series whose nodes and volumes can be balanced persistent disks; newer ones (N4, C4) take Hyperdisks
alone, and a volume cannot move between the two
(https://cloud.google.com/compute/docs/general-purpose-machines, https://cloud.google.com/compute/docs/disks)."""
_GIB_PER_VCPU = {"standard": 4, "highmem": 8, "highcpu": 2}
_LEAN = {"e2", "n2", "n2d"}
"""Whose `highcpu` has 1 GiB for each vCPU."""
_LARGEST_OF_E2_HIGHMEM = 16
_STANDARD_ONLY = {"t2d", "t2a"}
_NAME = re.compile(r"(?P<series>[a-z][0-9][a-z]?)-(?P<class>standard|highmem|highcpu)-(?P<vcpu>[0-9]+)")
_MEDIUM = "e2-medium"


@dataclass(frozen=True)
class MachineType(InstanceType):
    """One machine type of Google's."""

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a type's size from its name.

        Raises:
            ValueError: a series that nodes here cannot be of, or a size that the series does not have.
        """
        if name == _MEDIUM:
            return cls(name, 2, 4, "amd64")  # of both processors it has a half
        match = _NAME.fullmatch(name)
        if not match or int(match["vcpu"]) not in _SIZES.get(match["series"], ()):
            raise ValueError(f"{name!r} is of no series and size that are known")
        series, kind, vcpu = match["series"], match["class"], int(match["vcpu"])
        too_large = series == "e2" and kind == "highmem" and vcpu > _LARGEST_OF_E2_HIGHMEM
        if too_large or (series in _STANDARD_ONLY and kind != "standard"):
            raise ValueError(f"{name!r} is no size of its series")
        gib = 1 if kind == "highcpu" and series in _LEAN else _GIB_PER_VCPU[kind]
        return cls(name, vcpu, vcpu * gib, "arm64" if series == "t2a" else "amd64")

    @classmethod
    def problem(cls, name: str) -> str | None:
        """What is wrong with a type for a node, or None."""
        try:
            parsed = cls.parse(name)
        except ValueError:
            return (
                f"is of no series and size that are known: {', '.join(_SIZES)}, each with its standard, highmem and "
                f"highcpu sizes of 2 vCPU or more; {_MEDIUM}"
            )
        if parsed.memory_gib < SMALLEST_NODE_GIB:
            return f"has {parsed.memory_gib} GiB; what every node runs needs one of {SMALLEST_NODE_GIB} GiB or more"
        return None

    @property
    def series(self) -> str:
        """The part of the name that is the processor's."""
        return self.name.partition("-")[0]
