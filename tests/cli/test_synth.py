from __future__ import annotations

import sys
from pathlib import Path

import pytest

from floe_infra.cli.main import _run

LOCAL = Path(__file__).parents[2] / "examples/local.yaml"
OFF = "".join(f"{section}: {{kind: none}}\n" for section in ("storage", "catalog"))


@pytest.fixture
def synth(monkeypatch, capsys, tmp_path):
    """Exit code and standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "floe-infra.yaml").write_text(LOCAL.read_text() + OFF)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["floe-infra", "synth", *arguments])
        return _run(), capsys.readouterr().err

    return run


def test_writes_where_cdktf_does(synth, tmp_path):
    assert synth() == (0, "")
    assert (tmp_path / "cdktf.out/stacks/floe-local-foundation/cdk.tf.json").is_file()
    assert (tmp_path / "cdktf.out/manifest.json").is_file()


def test_a_file_is_no_directory(synth, tmp_path):
    (tmp_path / "out").write_text("mine")
    assert synth("-o", "out") == (2, "out is not a directory\n")
    assert (tmp_path / "out").read_text() == "mine"


def test_another_programs_manifest_stays(synth, tmp_path):
    (tmp_path / "manifest.json").write_text('{"icons": []}')
    code, said = synth("-o", ".")
    assert (code, said) == (2, "manifest.json is not CDKTF's; name another directory with -o\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["floe-infra.yaml", "manifest.json"]


def test_another_platforms_stacks_stay(synth, tmp_path):
    synth()
    other = LOCAL.read_text().replace("name: floe", "name: other") + OFF
    (tmp_path / "floe-infra.yaml").write_text(other)
    assert synth()[0] == 0
    stacks = sorted(path.parent.name for path in tmp_path.glob("cdktf.out/stacks/*/cdk.tf.json"))
    assert stacks == ["floe-local-foundation", "other-local-foundation"]


def test_a_bad_file_leaves_everything_as_it_was(synth, tmp_path):
    synth()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "floe-infra.yaml").write_text("name: x\n")
    assert synth("--hcl")[0] == 2
    before.pop(tmp_path / "floe-infra.yaml")
    assert {path: path.read_bytes() for path in before} == before
