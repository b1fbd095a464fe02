"""The command's lines and exit codes, with a stand-in for Terraform that knows the outputs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from checks.documents import document
from checks.servers import always, answering, free_port
from floe_infra.checks.program.lineage import Lineage
from floe_infra.checks.program.run import Check
from floe_infra.checks.program.telemetry import Otlp

CONFIG = """\
name: acme
environment: local
cloud: {provider: aws, region: eu-west-1, account_id: "000000000000"}
"""
PLACE = {
    "namespace": "floe",
    "service_account": "floe-dagster",
    "annotations": {},
    "labels": {"app.kubernetes.io/name": "dagster"},
    "placement": {},
}
_TERRAFORM = """\
#!/bin/sh
[ "$1" != output ] || cat "{outputs}"
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def deployed(tmp_path: Path) -> Callable[..., None]:
    """Says what there is to check."""

    def say(**checks: object) -> None:
        named = [Check(name.replace("_", " "), what) for name, what in checks.items()]
        output({"handoff": {"checks.json": document(named, PLACE)}})

    def output(outputs: dict[str, object]) -> None:
        answer = {name: {"value": value} for name, value in outputs.items()}
        (tmp_path / "outputs.json").write_text(json.dumps(answer))

    say.output = output  # type: ignore[attr-defined]
    program = tmp_path / "terraform"
    program.write_text(_TERRAFORM.format(outputs=tmp_path / "outputs.json"))
    program.chmod(0o755)
    (tmp_path / "floe-infra.yaml").write_text(CONFIG)
    return say


@pytest.fixture
def check(tmp_path: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "floe_infra", "check", *arguments],
            cwd=tmp_path,
            env={
                **os.environ,
                "FLOE_INFRA_TERRAFORM": str(tmp_path / "terraform"),
                "COLUMNS": "200",
                "PYTHONIOENCODING": "utf-8",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


def test_a_line_for_each(deployed, check):
    gone = free_port()
    with answering(lambda request: (201 if request.path == "/api/v1/lineage" else 200, b"")) as server:
        deployed(lineage=Lineage(f"{server.url}/api/v1/lineage", "acme"), telemetry_http=Otlp(server.url, "http"))
        well = check()
        deployed(
            lineage=Lineage(f"{server.url}/api/v1/lineage", "acme"),
            telemetry_http=Otlp(f"http://127.0.0.1:{gone}", "http"),
        )
        ill = check()
    assert well.returncode == 0, well.stderr
    assert [re.sub(r"\d+ ms", "_ ms", line).split("  ")[0] for line in well.stdout.splitlines()] == [
        "✓ lineage",
        "✓ telemetry http",
    ]
    assert ill.returncode == 1
    first, second, advice = ill.stdout.splitlines()
    assert first.startswith("✓ lineage")
    assert second.startswith("✗ telemetry http")
    assert second.endswith(f"ms  127.0.0.1:{gone}: refused")
    assert advice == "  → nothing listens there; see whether it runs, and on this port"


def test_for_scripts(deployed, check):
    with answering(always(200, b"")) as server:
        deployed(telemetry_http=Otlp(server.url, "http"), lineage=Lineage("http://127.0.0.1:1/", "acme"))
        done = check("--json", "--only", "telemetry")
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["name"], result["state"]) == ("telemetry http", "passed")
    assert 0 < result["seconds"] < 5


def test_what_only_the_cluster_reaches_is_no_failure_and_alone_no_success(deployed, check):
    inside = Lineage("http://marquez.observability.svc.cluster.local:5000/api/v1/lineage", "acme")
    with answering(always(200, b"")) as server:
        deployed(lineage=inside, telemetry_http=Otlp(server.url, "http"))
        some = check()
        deployed(lineage=inside)
        none = check()
    assert (some.returncode, none.returncode) == (0, 1)
    assert some.stdout.startswith("– lineage")
    assert "only the cluster's pods reach it" in some.stdout
    assert "floe-infra check --in-cluster | kubectl apply -f -" in some.stderr


def test_the_job(deployed, check):
    deployed(lineage=Lineage("http://marquez:5000/api/v1/lineage", "acme"))
    first, second = check("--in-cluster", "--timeout", "7", "--only", "lineage"), check("--in-cluster")
    assert first.returncode == 0, first.stderr
    account, files, job = yaml.safe_load_all(first.stdout)
    assert (account["kind"], files["kind"], job["kind"]) == ("ServiceAccount", "ConfigMap", "Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["command"][2:] == [
        "floe_checks",
        *("floe_checks/checks.json", "--timeout", "7", "--only", "lineage"),
    ]
    name = job["metadata"]["name"]
    assert f"logs -f --pod-running-timeout=5m job/{name}" in first.stderr
    assert f"# The result: kubectl -n floe logs -f --pod-running-timeout=5m job/{name}" in first.stdout
    assert name not in second.stdout  # each is a job of its own


def test_nothing_to_do(deployed, check):
    deployed.output({})
    never = check()
    deployed.output({"handoff": {"NEXT_STEPS.md": "# acme"}})
    older = check()
    deployed()
    empty = check()
    deployed(lineage=Lineage("http://127.0.0.1:1/", "acme"))
    unknown = check("--only", "storage")
    assert [run.returncode for run in (never, older, empty, unknown)] == [2, 2, 2, 2]
    assert "acme-local-foundation is not deployed" in never.stderr
    assert "by an older floe-infra" in older.stderr
    assert "nothing that could be asked" in empty.stderr
    assert "no section storage to check; there are lineage" in unknown.stderr


def test_no_cluster_no_job(deployed, check):
    checks = [Check("lineage", Lineage("http://127.0.0.1:1/", "acme"))]
    deployed.output({"handoff": {"checks.json": document(checks)}})
    done = check("--in-cluster")
    assert done.returncode == 2
    assert "leave out --in-cluster" in done.stderr
    assert done.stdout == ""
