"""The foundation of every environment, whole: what a change of code changes in somebody's cloud shows here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from floe_infra.config import load
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param("floe-infra.yaml", id="production"),
        pytest.param("examples/aws-staging.yaml", id="staging"),
        pytest.param("examples/aws-dev.yaml", id="dev"),
        pytest.param("examples/local.yaml", id="local"),
    ],
)
def test_foundation(file, tmp_path, snapshot):
    [stack] = synthesize(load(ROOT / file), tmp_path / "cdktf.out")
    assert json.loads(stack.file.read_text()) == snapshot(extension_class=JSONSnapshotExtension)
