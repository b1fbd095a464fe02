"""Every example, whole: what a change of code changes in somebody's cloud and cluster shows here."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from chart_values import emitted_values
from floe_infra.config import load
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[1]
EXAMPLES = {
    "production": "floe-infra.yaml",
    "staging": "examples/aws-staging.yaml",
    "dev": "examples/aws-dev.yaml",
    "nessie": "examples/aws-nessie.yaml",
    "fault-tolerant": "examples/aws-fault-tolerant.yaml",
    "duckdb": "examples/aws-duckdb.yaml",
    "company": "examples/aws-prod.yaml",
    "vault": "examples/aws-vault.yaml",
    "sealed-secrets": "examples/local-sealed-secrets.yaml",
    "sops": "examples/aws-sops.yaml",
    "local": "examples/local.yaml",
    "local-cluster": "examples/local-cluster.yaml",
    "gcp": "examples/gcp-prod.yaml",
    "bigquery": "examples/gcp-bigquery.yaml",
}
LIKE_ANOTHERS = {
    *((example, "foundation") for example in ("nessie", "fault-tolerant", "duckdb", "company", "local-cluster")),
    ("bigquery", "services"),
}
"""But for a name, a size or another bucket."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_stacks(example, tmp_path, snapshot):
    for stack in synthesize(load(ROOT / EXAMPLES[example]), tmp_path / "cdktf.out"):
        part = stack.name.rpartition("-")[2]
        if (example, part) not in LIKE_ANOTHERS:
            document = readable(json.loads(stack.file.read_text()))
            assert document == snapshot(name=part, extension_class=JSONSnapshotExtension)


def readable(stack: dict[str, Any]) -> dict[str, Any]:
    """Helm's values decoded, that a difference can be read; of programs and of what is handed over, whether
    they have changed."""
    for release in stack.get("resource", {}).get("helm_release", {}).values():
        release["values"] = [_shortened(emitted_values(release, text=None))]
    return stack | {"output": _shortened(stack.get("output", {}))}


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, str) and len(value) > 2000:
        return f"{value[:60]}… ({hashlib.sha256(value.encode()).hexdigest()[:12]})"
    return value
