from __future__ import annotations

import pytest

from floe_infra.sizing.gke import GkeNode
from floe_infra.sizing.machines import MachineType
from floe_infra.sizing.memory import smallest


def node(name: str) -> GkeNode:
    return GkeNode(MachineType.parse(name))


@pytest.mark.parametrize(
    ("name", "reserved_mib"),
    [
        # 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % of the rest.
        ("n2-standard-2", round(0.25 * 4096 + 0.20 * (0.96 * 8192 - 4096))),
        ("n2-standard-4", round(0.25 * 4096 + 0.20 * 4096 + 0.10 * (16384 - 655 - 8192))),
        ("n2-standard-8", round(0.25 * 4096 + 0.20 * 4096 + 0.10 * 8192 + 0.06 * (32768 - 1311 - 16384))),
        ("n2-highmem-32", round(1024 + 819.2 + 819.2 + 0.06 * 112 * 1024 + 0.02 * (262144 - 10486 - 131072))),
    ],
)
def test_memory_that_gke_reserves(name, reserved_mib):
    assert node(name).kubelet_mib == pytest.approx(reserved_mib, abs=1)


def test_the_node_that_googles_page_shows_is_not_overestimated():
    """4 vCPU and 16 GiB: 13 498 416 KiB and 3920m can be allocated."""
    shown = node("n2-standard-4")
    assert shown.allocatable_millicpu == 3920
    assert 0.98 * 13_498_416 / 1024 < shown.allocatable_mib <= 13_498_416 / 1024


@pytest.mark.parametrize(("name", "reserved"), [("e2-medium", 1060), ("e2-standard-2", 70), ("n2-standard-8", 90)])
def test_processors_that_gke_reserves(name, reserved):
    assert node(name).kubelet_millicpu == reserved


def test_the_derivation_can_be_followed():
    assert str(node("n2-standard-8")) == (
        "n2-standard-8 has 32768 MiB - 1311 firmware and kernel - 3567 kubelet - 100 eviction threshold "
        "= 27790 MiB allocatable - 768 daemonsets = 27022 MiB for one worker; "
        "8000m - 90m kubelet = 7910m allocatable - 400m daemonsets = 7510m CPU for one worker"
    )


@pytest.mark.parametrize(
    ("memory_mib", "cpu", "architecture", "name"),
    [
        (26 * 1024, 7, "amd64", "n2-standard-8"),
        (28 * 1024, 7, "amd64", "n2-standard-16"),
        (4096, 1, "arm64", "t2a-standard-2"),
    ],
)
def test_the_smallest_node_for_a_pod(memory_mib, cpu, architecture, name):
    found = smallest(memory_mib, cpu, architecture, GkeNode)
    assert found
    assert found.type.name == name
