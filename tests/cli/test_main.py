from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def floe_infra(tmp_path):
    """Runs the command in a directory of its own."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "floe_infra", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_bad_file_gives_exit_code_2_and_writes_nothing(floe_infra, tmp_path):
    (tmp_path / "floe-infra.yaml").write_text(
        "name: acme\nenvironment: dev\ncloud: {provider: aws, regoin: eu-west-1}\n"
    )
    for command in ("validate", "synth", "plan", "deploy", "destroy", "bootstrap-state"):
        run = floe_infra(command)
        assert run.returncode == 2, command
        assert "floe-infra.yaml:3:" in run.stderr
        assert "regoin" in run.stderr
        assert "Traceback" not in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["floe-infra.yaml"]


def test_missing_file_names_the_option(floe_infra):
    run = floe_infra("validate")
    assert run.returncode == 2
    assert "floe-infra.yaml" in run.stderr
    assert "-c" in run.stderr


def test_problems_as_json(floe_infra, tmp_path):
    (tmp_path / "bad.yaml").write_text("name: acme\nenvironment: produktion\ncloud: {provider: aws, region: nowhere}\n")
    run = floe_infra("validate", "-c", "bad.yaml", "--json")
    assert run.returncode == 2
    answer = json.loads(run.stdout)
    assert answer["valid"] is False
    assert {problem["key"] for problem in answer["problems"]} == {"environment", "cloud.region"}
    assert all(problem["file"] == "bad.yaml" and problem["line"] for problem in answer["problems"])


def test_config_file_from_the_environment(floe_infra):
    run = floe_infra("validate", "--json", FLOE_INFRA_CONFIG=str(ROOT / "examples/aws-dev.yaml"))
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["effective"]["database"]["instance_class"] == "db.t3.micro"


def test_effective_configuration_is_a_configuration(floe_infra, tmp_path):
    run = floe_infra("validate", "-c", ROOT / "floe-infra.yaml", "--effective")
    (tmp_path / "effective.yaml").write_text(run.stdout)
    first, second = (
        json.loads(floe_infra("validate", "-c", file, "--json").stdout)["effective"]
        for file in (ROOT / "floe-infra.yaml", "effective.yaml")
    )
    assert first == second


def test_missing_terraform_is_said(floe_infra, tmp_path):
    run = floe_infra("demo", "-c", ROOT / "examples/local.yaml", FLOE_INFRA_TERRAFORM="no-such-terraform")
    assert run.returncode == 1
    assert "no-such-terraform" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_destroy_is_refused_where_data_is_kept(floe_infra, tmp_path, environment):
    (tmp_path / "floe-infra.yaml").write_text(
        f"name: acme\nenvironment: {environment}\ncloud: {{provider: aws, region: eu-west-1}}\n"
    )
    run = floe_infra("destroy", "--yes")
    assert run.returncode == 2
    assert "allow_data_loss: true" in run.stderr


def test_bootstrap_state_without_a_bucket_is_refused(floe_infra):
    run = floe_infra("bootstrap-state", "-c", ROOT / "examples/aws-dev.yaml")
    assert run.returncode == 2
    assert "local" in run.stderr


def test_checking_a_file_needs_neither_cdktf_nor_moto():
    program = (
        "import sys; from floe_infra.cli import main; from floe_infra import load; "
        f"load({str(ROOT / 'floe-infra.yaml')!r}); "
        "print([name for name in ('cdktf', 'jsii', 'constructs', 'moto', 'boto3') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_doctor_reports_what_it_finds(floe_infra):
    run = floe_infra("doctor", "--json", FLOE_INFRA_TERRAFORM="no-such-terraform")
    assert run.returncode == 1
    findings = {finding["what"]: finding for finding in json.loads(run.stdout)}
    assert not findings["terraform"]["ok"]
    assert findings["cdktf"]["found"] == "0.21.0"
    assert findings["fast import"]["ok"]
