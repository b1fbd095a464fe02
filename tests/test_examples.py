"""Every example is a platform, and names the files it points to."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_infra.config import load
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_examples_synthesize(file: Path, tmp_path: Path):
    config = load(file)
    stacks = synthesize(config, tmp_path / "cdktf.out")
    parts = ["foundation"] if config.cluster.kind == "none" else ["foundation", "services"]
    assert [stack.name for stack in stacks] == [f"floe-{config.environment}-{part}" for part in parts]
    assert all(stack.file.stat().st_size > 500 for stack in stacks)
