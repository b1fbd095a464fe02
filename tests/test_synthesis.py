from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from floe_infra.config import load
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[1]
STACK = "stacks/floe-local-foundation"


@pytest.fixture
def local():
    return load(ROOT / "examples/local.yaml")


def test_changing_the_format_leaves_one_file(local, tmp_path):
    for hcl, file in ((False, "cdk.tf.json"), (True, "cdk.tf"), (False, "cdk.tf.json")):
        [stack] = synthesize(local, tmp_path / "out", hcl=hcl)
        assert [path.name for path in stack.directory.iterdir()] == [file]
        manifest = json.loads((tmp_path / "out/manifest.json").read_text())
        assert manifest["stacks"][stack.name]["synthesizedStackPath"] == f"{STACK}/{file}"


def test_what_terraform_keeps_beside_the_files_stays(local, tmp_path):
    kept = tmp_path / "out" / STACK / ".terraform.lock.hcl"
    kept.parent.mkdir(parents=True)
    kept.write_text("# pins")
    synthesize(local, tmp_path / "out")
    assert kept.read_text() == "# pins"
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "no draft is left"


def test_failure_leaves_the_last_output(local, tmp_path, monkeypatch):
    [stack] = synthesize(local, tmp_path / "out")
    before = stack.file.read_bytes()
    monkeypatch.setattr("floe_infra.storage.s3.tidy", None)
    with pytest.raises(Exception, match="NoneType"):
        synthesize(local, tmp_path / "out")
    assert stack.file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("hcl", [[], ["--hcl"]], ids=["json", "hcl"])
def test_two_machines_synthesize_the_same_bytes(tmp_path, hcl):
    outputs = []
    for machine in ("one", "two"):
        home = tmp_path / machine
        (home / "project").mkdir(parents=True)
        environment = {
            **os.environ,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(home / "jsii"),
            "PYTHONHASHSEED": "1" if machine == "one" else "2",
            "TZ": "Asia/Tokyo" if machine == "one" else "America/Lima",
            "LC_ALL": "C" if machine == "one" else "C.UTF-8",
        }
        command = [sys.executable, "-m", "floe_infra", "synth", "-c", ROOT / "floe-infra.yaml", "-o", "out", *hcl]
        subprocess.run(command, cwd=home / "project", env=environment, check=True, capture_output=True)
        out = home / "project/out"
        outputs.append({str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()})
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 3
    for content in outputs[0].values():
        assert str(tmp_path).encode() not in content
        assert str(ROOT).encode() not in content
