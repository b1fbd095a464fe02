from __future__ import annotations

import json
from pathlib import Path

import pytest

from floe_infra.cli.bootstrap_state import _BEGINNINGS, _stack
from floe_infra.config import load

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("example", "bucket"), [("floe-infra.yaml", "aws_s3_bucket"), ("examples/gcp-prod.yaml", "google_storage_bucket")]
)
def test_the_bucket_is_made_with_a_state_on_disk_and_its_own_state_moves_into_it(example, bucket, tmp_path):
    config = load(ROOT / example)
    backends = []
    for state in (_BEGINNINGS, config.state):
        stack = _stack(config, config.state, tmp_path / "cdktf.out", state=state)
        document = json.loads(stack.file.read_text())
        assert stack.name == "floe-prod-state"
        assert [block.get("bucket") or block["name"] for block in document["resource"][bucket].values()] == [
            "floe-prod-terraform-state"
        ]
        backends.append(set(document["terraform"]["backend"]))
    assert backends == [{"local"}, {config.state.kind}]
