from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_infra.runtime import providers
from floe_infra.runtime.emulator import Emulator

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "terraform-modules"

HAS_AWS = any("aws" in name for mirror in providers.mirrors() for name in mirror.providers)


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator
