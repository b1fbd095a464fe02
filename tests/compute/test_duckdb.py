from __future__ import annotations

import pytest
from cdktf import App, TerraformStack
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alone import PROD
from floe_infra.compute import DuckDbConfig
from floe_infra.compute.duckdb import DuckDb, memory_limit_mib, threads


def test_limits_follow_the_pod():
    stack = TerraformStack(App(), "stack")
    ref = DuckDb(stack, "compute", config=DuckDbConfig(memory_gib=8, cpu=3), context=PROD).ref
    assert (ref.engine, ref.memory_mib, ref.cpu) == ("duckdb", 8192, 3)
    assert ref.environment == {
        "DUCKDB_MEMORY_LIMIT": "6144MiB",
        "DUCKDB_THREADS": "3",
        "DUCKDB_TEMP_DIRECTORY": "/tmp/duckdb",
    }
    assert "resource" not in stack.to_terraform()


@given(st.integers(1, 1024 * 1024))
def test_a_quarter_of_the_pod_is_left_to_python(pod_mib):
    assert pod_mib * 0.75 - 1 < memory_limit_mib(pod_mib) <= pod_mib * 0.75


@given(st.floats(0.25, 128))
def test_there_is_always_a_thread(cpu):
    assert 1 <= threads(cpu) < cpu + 1


@pytest.mark.parametrize("field", [{"memory_gib": 0}, {"memory_gib": 1025}, {"cpu": 0.1}])
def test_bounds(field):
    with pytest.raises(ValidationError):
        DuckDbConfig(**field)
