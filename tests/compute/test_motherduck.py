from __future__ import annotations

import pytest
from cdktf import App, TerraformStack
from pydantic import ValidationError

from alone import PROD
from floe_infra.compute import MotherDuckConfig
from floe_infra.compute.motherduck import MotherDuck

GIVEN = {"database": "lake", "secret": "team/motherduck"}


def test_ref_says_what_duckdb_opens_and_how_large_its_pod_is():
    stack = TerraformStack(App(), "stack")
    ref = MotherDuck(stack, "compute", config=MotherDuckConfig(**GIVEN, memory_gib=2, cpu=0.5), context=PROD).ref
    assert (ref.engine, ref.path, ref.memory_mib, ref.cpu) == ("motherduck", "md:lake", 2048, 0.5)
    assert ref.environment == {
        "DUCKDB_MEMORY_LIMIT": "1536MiB",
        "DUCKDB_THREADS": "1",
        "DUCKDB_TEMP_DIRECTORY": "/tmp/duckdb",
    }
    assert "resource" not in stack.to_terraform()


@pytest.mark.parametrize("database", ["", "1st", "md:lake", "lake?motherduck_token=abc", "a b"])
def test_a_database_is_a_name_and_nothing_more(database):
    with pytest.raises(ValidationError):
        MotherDuckConfig(database=database, secret="team/motherduck")


@pytest.mark.parametrize("missing", GIVEN)
def test_what_nobody_can_guess_is_required(missing):
    with pytest.raises(ValidationError):
        MotherDuckConfig(**{key: value for key, value in GIVEN.items() if key != missing})
