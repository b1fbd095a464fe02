"""`cdktf synth` with npm's own command line, as cdktf.json says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from .conftest import ROOT

CDKTF_CLI = "cdktf-cli@0.21.0"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]


def test_cdktf_synth_gives_what_floe_infra_synth_gives(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    settings = json.loads((ROOT / "cdktf.json").read_text())
    _, program = settings["app"].split()
    settings["app"] = f"{sys.executable} {ROOT / program}"
    (project / "cdktf.json").write_text(json.dumps(settings))
    shutil.copy(ROOT / "floe-infra.yaml", project)
    environment = {
        **os.environ,
        "CHECKPOINT_DISABLE": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "CI": "true",
    }
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path / "cli"), CDKTF_CLI]
    subprocess.run(npm, check=True, env=environment, cwd=tmp_path)

    run = subprocess.run(
        [tmp_path / "cli" / "node_modules" / ".bin" / "cdktf", "synth"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr

    ours = subprocess.run(
        [sys.executable, "-m", "floe_infra", "synth", "-c", ROOT / "floe-infra.yaml", "-o", tmp_path / "ours"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ours.returncode == 0, ours.stderr
    for part in ("foundation", "services"):
        file = f"stacks/floe-prod-{part}/cdk.tf.json"
        assert (project / "cdktf.out" / file).read_bytes() == (tmp_path / "ours" / file).read_bytes()
