from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_infra.runtime import providers
from floe_infra.runtime.emulator import Emulator

from .stand_ins import Planned, planned

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "terraform-modules"

HAS_AWS = any("aws" in name for mirror in providers.mirrors() for name in mirror.providers)


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Planned]:
    """Of a file's `CASES`, what Helm would be given."""
    return planned(request.module.CASES, tmp_path_factory.mktemp("given"))
