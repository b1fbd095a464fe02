from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_infra.sizing.instances import InstanceType
from floe_infra.sizing.memory import Node, max_pods, smallest


def node(name: str) -> Node:
    return Node(InstanceType.parse(name))


@pytest.mark.parametrize(
    ("name", "pods"),
    [
        ("m5.large", 29),
        ("m6a.xlarge", 58),
        ("m5d.2xlarge", 58),
        ("r7g.4xlarge", 234),
        ("m8g.24xlarge", 737),
        ("t3.medium", 17),
        ("t4g.large", 35),
    ],
)
def test_pods_by_network_interfaces(name, pods):
    """Of nodeadm's `instance-info.jsonl`: interfaces × (addresses − 1) + 2."""
    assert max_pods(InstanceType.parse(name)) == pods


@pytest.mark.parametrize(("name", "pods"), [("m8i.xlarge", 118), ("m8a.2xlarge", 158), ("m5zn.12xlarge", 737)])
def test_families_with_more_interfaces_are_never_underestimated(name, pods):
    assert max_pods(InstanceType.parse(name)) >= pods


@pytest.mark.parametrize(
    ("name", "memory_mib", "millicpu"),
    [("m5.large", 6904, 1930), ("m5.xlarge", 14162, 3920), ("m5.2xlarge", 29317, 7910), ("m5.4xlarge", 57691, 15890)],
)
def test_allocatable_as_karpenter_documents_it(name, memory_mib, millicpu):
    """https://karpenter.sh/docs/reference/instance-types/ (which rounds down)."""
    assert node(name).allocatable_mib == pytest.approx(memory_mib, abs=1)
    assert node(name).allocatable_millicpu == millicpu


def test_the_derivation_is_shown():
    assert str(node("m5.xlarge")) == (
        "m5.xlarge has 16384 MiB - 1229 firmware and kernel - 893 kubelet - 100 eviction threshold"
        " = 14162 MiB allocatable - 512 daemonsets = 13650 MiB for one worker;"
        " 4000m - 80m kubelet = 3920m allocatable - 250m daemonsets = 3670m CPU for one worker"
    )


def test_both_memory_and_processors_must_fit():
    assert node("m5.xlarge").carries(13650, 3.67)
    assert not node("m5.xlarge").carries(13651, 1)
    assert not node("m5.xlarge").carries(1024, 3.7)


def test_nothing_carries_what_is_larger_than_all():
    assert smallest(1024 * 1024, 4, "amd64") is None


@given(st.integers(1, 200 * 1024), st.floats(0.25, 60), st.floats(0, 1), st.sampled_from(["amd64", "arm64"]))
def test_less_never_needs_a_larger_node(memory_mib, cpu, share, architecture):
    node = smallest(memory_mib, cpu, architecture)
    lesser = smallest(int(memory_mib * share), cpu * share, architecture)
    assert node
    assert lesser
    assert node.carries(memory_mib, cpu)
    assert lesser.type.vcpu <= node.type.vcpu
