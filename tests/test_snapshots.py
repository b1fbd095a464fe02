"""Every example, whole: what a change of code changes in somebody's cloud and cluster shows here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from chart_values import emitted_values
from floe_infra.config import load
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param("floe-infra.yaml", id="production"),
        pytest.param("examples/aws-staging.yaml", id="staging"),
        pytest.param("examples/aws-dev.yaml", id="dev"),
        pytest.param("examples/aws-nessie.yaml", id="nessie"),
        pytest.param("examples/aws-duckdb.yaml", id="duckdb"),
        pytest.param("examples/local.yaml", id="local"),
        pytest.param("examples/local-cluster.yaml", id="local-cluster"),
    ],
)
def test_stacks(file, tmp_path, snapshot):
    for stack in synthesize(load(ROOT / file), tmp_path / "cdktf.out"):
        part = stack.name.rpartition("-")[2]
        document = with_values_as_data(json.loads(stack.file.read_text()))
        assert document == snapshot(name=part, extension_class=JSONSnapshotExtension)


def with_values_as_data(stack: dict[str, Any]) -> dict[str, Any]:
    """Helm's values decoded, that a difference can be read."""
    for release in stack.get("resource", {}).get("helm_release", {}).values():
        release["values"] = [emitted_values(release, text=None)]
    return stack
