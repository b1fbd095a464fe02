"""The command's files and exit codes, with a stand-in for Terraform that knows the outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_infra.cli.handoff import differences, write

CONFIG = """\
name: acme
environment: local
cloud: {provider: aws, region: eu-west-1, account_id: "000000000000"}
"""
FILES = {"platform.yaml": 'version: "1.2.0"\n', "trino/iceberg.properties": "a=b\n", "NEXT_STEPS.md": "# acme\n"}
_TERRAFORM = """\
#!/bin/sh
[ "$1" != output ] || cat "{outputs}"
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def deployed(tmp_path: Path) -> Callable[..., None]:
    """Says what Terraform knows."""

    def say(**outputs: object) -> None:
        answer = {name: {"value": value} for name, value in outputs.items()}
        (tmp_path / "outputs.json").write_text(json.dumps(answer))

    program = tmp_path / "terraform"
    program.write_text(_TERRAFORM.format(outputs=tmp_path / "outputs.json"))
    program.chmod(0o755)
    (tmp_path / "floe-infra.yaml").write_text(CONFIG)
    return say


@pytest.fixture
def handoff(tmp_path: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "floe_infra", "handoff", *arguments],
            cwd=tmp_path,
            env={**os.environ, "FLOE_INFRA_TERRAFORM": str(tmp_path / "terraform"), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def written(directory: Path) -> dict[str, str]:
    """But for the command's own list."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.name != ".floe-infra-files")
    return {str(path.relative_to(directory)): path.read_text() for path in files}


def test_files_are_written_and_then_up_to_date_until_something_changes(deployed, handoff, tmp_path):
    deployed(handoff=FILES, warehouse={"gold": "s3://gold"})
    first = handoff("-o", "out")
    assert first.returncode == 0, first.stderr
    assert first.stdout.split() == ["out/NEXT_STEPS.md", "out/platform.yaml", "out/trino/iceberg.properties"]
    assert written(tmp_path / "out") == FILES
    assert handoff("-o", "out", "--check").returncode == 0

    deployed(handoff={**FILES, "trino/iceberg.properties": "a=c\n"})
    check = handoff("-o", "out", "--check")
    assert check.returncode == 1
    assert {"-a=b", "+a=c"} <= set(check.stdout.splitlines())
    assert "trino/iceberg.properties" in check.stderr
    assert written(tmp_path / "out") == FILES


def test_differences_for_scripts(deployed, handoff):
    deployed(handoff=FILES)
    check = handoff("--check", "--json")
    assert check.returncode == 1
    answer = json.loads(check.stdout)
    assert not answer["up_to_date"]
    assert set(answer["differences"]) == set(FILES)


def test_a_platform_that_is_not_deployed_hands_over_nothing(deployed, handoff, tmp_path):
    deployed()
    run = handoff("-o", "out")
    assert run.returncode == 2
    assert "acme-local-foundation is not deployed" in run.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("directory", ["file", "file/below", "full"])
def test_what_is_somebody_elses_is_left_alone(deployed, handoff, tmp_path, directory):
    deployed(handoff=FILES)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    before = written(tmp_path)
    run = handoff("-o", directory)
    assert run.returncode == 2
    assert "another" in run.stderr
    assert "Traceback" not in run.stderr
    assert written(tmp_path) == before


def test_bad_configuration_is_exit_code_2(deployed, handoff, tmp_path):
    (tmp_path / "floe-infra.yaml").write_text("name: acme\n")
    assert handoff().returncode == 2


def test_files_of_ones_own_stay(tmp_path):
    target = tmp_path / "out"
    write(target, FILES)
    (target / "values-mine.yaml").write_text("mine")
    write(target, {**FILES, "platform.yaml": "new\n"})
    assert written(target) == {**FILES, "platform.yaml": "new\n", "values-mine.yaml": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_is_written_by_halves(tmp_path, monkeypatch):
    target = tmp_path / "out"
    write(target, FILES)
    rename = Path.rename

    def refuse(path: Path, to: Path) -> Path:
        if to == target and not path.name.endswith(".old"):
            raise OSError("disk is gone")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="disk is gone"):
        write(target, {"platform.yaml": "new\n"})
    assert written(target) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_missing_file_is_a_difference(tmp_path):
    write(tmp_path / "out", FILES)
    (tmp_path / "out/platform.yaml").unlink()
    [(name, lines)] = differences(tmp_path / "out", FILES)
    assert name == "platform.yaml"
    assert '+version: "1.2.0"' in lines


def test_what_is_no_longer_handed_over_is_drift_and_goes(deployed, handoff, tmp_path):
    deployed(handoff={**FILES, "floe-dagster/values-dev.yaml": "a: 1\n", "floe-cube/values-dev.yaml": "b: 2\n"})
    assert handoff("-o", "out").returncode == 0
    (tmp_path / "out/floe-cube/values-mine.yaml").write_text("mine")

    deployed(handoff=FILES)
    check = handoff("-o", "out", "--check", "--json")
    assert check.returncode == 1
    differences = json.loads(check.stdout)["differences"]
    assert set(differences) == {"floe-dagster/values-dev.yaml", "floe-cube/values-dev.yaml"}
    assert "-a: 1" in differences["floe-dagster/values-dev.yaml"]

    again = handoff("-o", "out")
    assert "out/floe-dagster/values-dev.yaml is no longer handed over: removed" in again.stderr
    assert written(tmp_path / "out") == {**FILES, "floe-cube/values-mine.yaml": "mine"}
    assert not (tmp_path / "out/floe-dagster").exists()
    assert handoff("-o", "out", "--check").returncode == 0


@pytest.mark.parametrize("name", ["../mine.txt", "/{tmp}/mine.txt", "link/mine.txt", "gone.txt", ""])
def test_the_list_of_files_takes_nothing_away_that_is_elsewhere(tmp_path, name):
    (tmp_path / "mine.txt").write_text("mine")
    write(tmp_path / "out", FILES)
    (tmp_path / "out/link").symlink_to(tmp_path)
    with (tmp_path / "out/.floe-infra-files").open("a") as listed:
        listed.write(f"{name.format(tmp=tmp_path)}\n")
    assert write(tmp_path / "out", FILES) == []
    assert (tmp_path / "mine.txt").read_text() == "mine"
