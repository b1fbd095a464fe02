from __future__ import annotations

import pytest

from floe_infra.sizing.instances import unequal
from floe_infra.sizing.machines import MachineType


@pytest.mark.parametrize(
    ("name", "vcpu", "gib", "architecture"),
    [
        ("e2-medium", 2, 4, "amd64"),
        ("e2-standard-2", 2, 8, "amd64"),
        ("n2-standard-8", 8, 32, "amd64"),
        ("n2d-highmem-16", 16, 128, "amd64"),
        ("n2-highcpu-32", 32, 32, "amd64"),
        ("c2d-highcpu-32", 32, 64, "amd64"),
        ("c3-standard-22", 22, 88, "amd64"),
        ("c3d-highmem-30", 30, 240, "amd64"),
        ("t2d-standard-60", 60, 240, "amd64"),
        ("t2a-standard-4", 4, 16, "arm64"),
    ],
)
def test_a_name_says_it_all(name, vcpu, gib, architecture):
    machine = MachineType.parse(name)
    assert (machine.vcpu, machine.memory_gib, machine.architecture) == (vcpu, gib, architecture)
    assert MachineType.problem(name) is None
    assert str(machine) == f"{name} ({vcpu} vCPU, {gib} GiB, {architecture})"


@pytest.mark.parametrize(
    "name",
    [
        "n4-standard-8",  # Hyperdisks alone
        "c4a-standard-8",
        "n1-standard-4",
        "n2-standard-6",
        "c3-standard-16",
        "e2-highmem-32",
        "t2d-highmem-8",
        "a2-highgpu-1g",
        "c3-standard-8-lssd",
        "n2-custom-4-8192",
        "e2-micro",
        "m5.xlarge",
    ],
)
def test_what_nodes_cannot_be_of(name):
    with pytest.raises(ValueError, match="series"):
        MachineType.parse(name)
    assert "is of no series and size that are known" in (MachineType.problem(name) or "")


def test_what_is_too_small_for_a_node():
    assert "has 2 GiB" in (MachineType.problem("n2-highcpu-2") or "")


def test_types_of_equal_size():
    assert unequal(["n2-standard-8", "n2d-standard-8", "e2-standard-8"], MachineType) is None
    assert unequal(["n2-standard-8", "n2-highmem-8"], MachineType) == (
        "n2-highmem-8 (8 vCPU, 64 GiB, amd64) is not equal to n2-standard-8 (8 vCPU, 32 GiB, amd64)"
    )
    assert "arm64" in (unequal(["t2d-standard-4", "t2a-standard-4"], MachineType) or "")
