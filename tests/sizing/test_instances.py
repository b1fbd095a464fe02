from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_infra.sizing.instances import InstanceType, unequal


@pytest.mark.parametrize(
    ("name", "vcpu", "memory_gib", "architecture"),
    [
        ("m5.large", 2, 8, "amd64"),
        ("m5a.xlarge", 4, 16, "amd64"),
        ("m6idn.32xlarge", 128, 512, "amd64"),
        ("c7i-flex.2xlarge", 8, 16, "amd64"),
        ("r8gd.4xlarge", 16, 128, "arm64"),
        ("m5zn.3xlarge", 12, 48, "amd64"),
        ("c5.9xlarge", 36, 72, "amd64"),
        ("t3.micro", 2, 1, "amd64"),
        ("t4g.2xlarge", 8, 32, "arm64"),
    ],
)
def test_size_is_read_from_the_name(name, vcpu, memory_gib, architecture):
    assert InstanceType.parse(name) == InstanceType(name, vcpu, memory_gib, architecture)


@pytest.mark.parametrize("name", ["m5.7xlarge", "m5.medium", "c5n.large", "p5.48xlarge", "m4.large", "t3.4xlarge", ""])
def test_unknown_families_and_sizes_are_refused(name):
    with pytest.raises(ValueError, match="family and size"):
        InstanceType.parse(name)
    assert "c5 to c9" in (InstanceType.problem(name) or "")


@given(st.text(max_size=20))
def test_a_problem_is_words_or_nothing(name):
    problem = InstanceType.problem(name)
    assert problem is None or problem.split()[0] in {"is", "has"}


def test_nodes_need_4_gib():
    assert InstanceType.problem("t3.medium") is None
    assert InstanceType.problem("t3.small") == "has 2 GiB; what every node runs needs one of 4 GiB or more"


def test_pools_are_compared_by_size_and_architecture():
    assert unequal(["m5.xlarge", "m5a.xlarge", "m6i.xlarge"]) is None
    assert unequal(["m5.xlarge", "m6g.xlarge"]) == (
        "m6g.xlarge (4 vCPU, 16 GiB, arm64) is not equal to m5.xlarge (4 vCPU, 16 GiB, amd64)"
    )
    assert "r5.large" in (unequal(["m5.large", "m5a.large", "r5.large"]) or "")


def test_tokens_are_not_compared():
    assert unequal(["m5.xlarge", "${TfToken[TOKEN.0]}"]) is None
