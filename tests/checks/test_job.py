"""The job, and the program as the job has it: alone, with nothing but Python."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from checks.documents import document
from checks.servers import Answer, Request, answering
from floe_infra.checks.job import manifests
from floe_infra.checks.program.catalog import Catalog, CatalogLogin
from floe_infra.checks.program.credentials import Entry, Secret
from floe_infra.checks.program.lineage import Lineage
from floe_infra.checks.program.postgresql import Login, PostgreSql
from floe_infra.checks.program.run import Check
from floe_infra.handoff.document import to_yaml

PLACE = {
    "namespace": "floe",
    "service_account": "floe-dagster",
    "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/floe"},
    "labels": {"app.kubernetes.io/name": "dagster"},
    "placement": {"nodeSelector": {"node-type": "on-demand"}},
}
CLIENT = Secret(
    (Entry("client_id", "POLARIS_CLIENT_ID", "polaris-client-id"), Entry("client_secret", "SECRET", "polaris-secret")),
    "floe-dagster-catalog-secret",
)
ADMIN = Secret((Entry("username", "PGUSER"), Entry("password", "PGPASSWORD")), manager="aws", name="admin")


def made(*checks: Check, arguments: tuple[str, ...] = ()) -> dict[str, dict]:
    objects = manifests(
        PLACE, document(checks, PLACE), checks, id="0a1b2c", arguments=["--timeout", "5", *arguments], timeout=5
    )
    return {each["kind"]: each for each in objects}


@pytest.fixture
def objects() -> dict[str, dict]:
    catalog = Catalog("http://polaris.catalog.svc.cluster.local:8181/api/catalog", "lake", CLIENT, "PRINCIPAL_ROLE:x")
    password = Secret((Entry("password", "DAGSTER_PG_PASSWORD", "postgresql-password"),), "postgresql-secret")
    database = PostgreSql("db", 5432, "require", Login("postgres", ADMIN), Login("dagster", password, "dagster"))
    return made(Check("catalog login", CatalogLogin(catalog)), Check("database", database))


def test_kubernetes_takes_them(objects):
    assert list(objects) == ["ServiceAccount", "ConfigMap", "Job"]
    for each in objects.values():
        kubernetes_validate.validate(each, "1.33", strict=True)
        assert each["metadata"]["namespace"] == "floe"
        assert yaml.safe_load(to_yaml(each)) == each
    assert len(to_yaml(objects["ConfigMap"])) < 200_000  # what an annotation of kubectl's may hold is 262144


def test_the_pod_is_safe_and_goes_away(objects):
    spec = objects["Job"]["spec"]
    assert (spec["backoffLimit"], spec["ttlSecondsAfterFinished"]) == (0, 3600)
    pod = spec["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["restartPolicy"] == "Never"
    [container] = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]


def test_it_runs_as_dagster(objects):
    pod = objects["Job"]["spec"]["template"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == "dagster"
    assert pod["spec"]["serviceAccountName"] == "floe-dagster"
    assert pod["spec"]["nodeSelector"] == PLACE["placement"]["nodeSelector"]
    account = objects["ServiceAccount"]["metadata"]
    assert account["name"] == "floe-dagster"
    assert account["annotations"] == {
        "meta.helm.sh/release-name": "floe-dagster",
        "meta.helm.sh/release-namespace": "floe",
        "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/floe",
    }
    assert account["labels"] == {"app.kubernetes.io/managed-by": "Helm"}


def test_secrets_are_read_by_name_from_what_dagster_reads(objects):
    [container] = objects["Job"]["spec"]["template"]["spec"]["containers"]
    reads = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"]}
    assert reads == {
        "POLARIS_CLIENT_ID": {"name": CLIENT.kubernetes_name, "key": "polaris-client-id", "optional": True},
        "SECRET": {"name": CLIENT.kubernetes_name, "key": "polaris-secret", "optional": True},
        "DAGSTER_PG_PASSWORD": {"name": "postgresql-secret", "key": "postgresql-password", "optional": True},
    }


def test_the_program_has_nothing_but_python(objects):
    for name, text in objects["ConfigMap"]["data"].items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                assert {each.name.partition(".")[0] for each in node.names} <= sys.stdlib_module_names
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert str(node.module).partition(".")[0] in sys.stdlib_module_names


def run(objects: dict[str, dict], root: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As the container does, but for the image: without any package, nor variable of this machine's."""
    [container] = objects["Job"]["spec"]["template"]["spec"]["containers"]
    folder = root / "floe_checks"
    assert container["volumeMounts"][-1]["mountPath"] == f"{container['workingDir']}/floe_checks"
    folder.mkdir()
    for name, text in objects["ConfigMap"]["data"].items():
        (folder / name).write_text(text)
    _, *command = container["command"]
    return subprocess.run(
        [sys.executable, "-E", "-S", "-B", *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def both(request: Request) -> Answer:
    """A catalog's tokens and a place for events."""
    if request.path == "/v1/oauth/tokens":
        known = request.form["client_secret"] == "client-secret"
        return (
            (200, {"access_token": "t0ken", "expires_in": 3600}) if known else (401, {"error": "unauthorized_client"})
        )
    return 201, b""


@pytest.mark.parametrize(
    ("secret", "status", "lines"),
    [
        ("client-secret", 0, ["✓ catalog login", "✓ lineage"]),
        ("swordfish", 1, ["✗ catalog login", "  →", "✓ lineage"]),
        ("", 1, ["✗ catalog login", "  →", "✓ lineage"]),
    ],
)
def test_the_program_runs(tmp_path, secret, status, lines):
    with answering(both) as server:
        catalog = CatalogLogin(Catalog(server.url, "lake", CLIENT, "PRINCIPAL_ROLE:x"))
        checks = Check("catalog login", catalog), Check("lineage", Lineage(f"{server.url}/api/v1/lineage", "acme"))
        environment = {"POLARIS_CLIENT_ID": "id", "SECRET": secret, "PYTHONUTF8": "1"}
        done = run(made(*checks), tmp_path, environment)
    assert done.returncode == status, done.stderr
    assert len(done.stdout.splitlines()) == len(lines)
    assert all(line.startswith(begin) for line, begin in zip(done.stdout.splitlines(), lines, strict=True))
    assert "swordfish" not in done.stdout
    assert ("the Secret floe-dagster-catalog-secret is not there" in done.stdout) == (not secret)


def test_for_scripts(tmp_path):
    with answering(both) as server:
        check = Check("lineage", Lineage(f"{server.url}/api/v1/lineage", "acme"))
        gone = Check("catalog login", CatalogLogin(Catalog("http://polaris.catalog.svc.cluster.local:8181", "lake")))
        done = run(made(check, gone, arguments=("--json", "--only", "lineage")), tmp_path, {"PYTHONUTF8": "1"})
    assert done.returncode == 0
    [result] = json.loads(done.stdout)
    assert (result["name"], result["state"]) == ("lineage", "passed")


def test_a_name_that_the_cluster_does_not_know_is_a_failure_there(tmp_path):
    gone = Lineage("http://marquez.observability.svc.cluster.local:5000/api/v1/lineage", "acme")
    done = run(made(Check("lineage", gone)), tmp_path, {"PYTHONUTF8": "1"})
    assert done.returncode == 1
    assert "DNS knows no such name" in done.stdout
