"""What many tests need: small platforms, and their synthesized Terraform as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from floe_infra.config import PlatformConfig
from floe_infra.runtime import fast_import

fast_import.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is slow starts first, so that no worker is left alone with it; much of it waits for Terraform."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


Stacks = dict[str, dict[str, Any]]
"""Synthesized stacks by the part of their name after `<name>-<environment>-`."""

_BASE: dict[str, Any] = {
    "name": "acme",
    "environment": "prod",
    "cloud": {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"},
}
_OFF = {
    section: {"kind": "none"}
    for section, field in PlatformConfig.model_fields.items()
    if hasattr(field.default, "clouds") and section != "state"
}


@pytest.fixture
def config() -> Callable[..., PlatformConfig]:
    """`config(storage={…})` makes a platform of the sections named, with everything else off."""

    def make(**sections: Any) -> PlatformConfig:
        return PlatformConfig.model_validate({**_BASE, **_OFF, **sections})

    return make


@pytest.fixture
def synth(tmp_path: Path, config: Callable[..., PlatformConfig]) -> Callable[..., Stacks]:
    """`synth(storage={…})["foundation"]` is the Terraform JSON of such a platform."""
    from cdktf import App

    from floe_infra.platform import FloePlatform

    def make(given: PlatformConfig | None = None, **sections: Any) -> Stacks:
        app = App(outdir=str(tmp_path / "cdktf.out"))
        FloePlatform(app, "platform", given or config(**sections))
        app.synth()
        return {
            path.parent.name.split("-", 2)[2]: json.loads(path.read_text())
            for path in (tmp_path / "cdktf.out" / "stacks").glob("*/cdk.tf.json")
        }

    return make
