"""The commands that are left to people."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.migration.by_hand import by_hand
from floe_infra.migration.phases import way
from floe_infra.migration.proof import Synthesized

FILE = """\
name: acme
environment: dev
cloud: {region: eu-west-1, account_id: "111122223333"}
database: {kind: in_cluster, namespace: pg}
"""
ON_GOOGLE = FILE.replace("region: eu-west-1, account_id: ", "provider: gcp, region: europe-west4, project: ").replace(
    "111122223333", "acme-data"
)


@pytest.fixture(scope="module")
def platforms(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Synthesized]]:
    """Each phase's, with its step."""
    out = tmp_path_factory.mktemp("stacks")
    phases = way(FILE, "f.yaml", "rds", {"namespace": "pg"}).phases
    there = [("now", Synthesized(validate(Document(FILE, "f.yaml")), out / "0"))]
    return there + [(phase.step, Synthesized(phase.config, out / phase.step)) for phase in phases]


def commands(platforms: list[tuple[str, Synthesized]], number: int, file: str = "f.yaml") -> list[str]:
    step, after = platforms[number]
    found = by_hand(step, "rds", platforms[number - 1][1], after, Path(file))
    return [command for each in found for command in each.commands]


def test_the_new_server_comes(platforms):
    found = commands(platforms, 1)
    assert found[0] == "floe-infra deploy -c f.yaml"
    assert found[1] == "kubectl -n migration create job move-1 --from=cronjob/move-databases"
    assert found[-1] == "floe-infra migrate --to rds -c f.yaml"


def test_the_usual_file_is_not_named(platforms):
    assert commands(platforms, 1, "floe-infra.yaml")[0] == "floe-infra deploy"


def test_the_job_is_the_one_that_is_there(platforms):
    [job] = [each for each in platforms[1][1].resources.values() if each.path == "migration/move/job/release"]
    assert job.block["namespace"] == "migration"
    assert '"kind": "CronJob", "metadata": {"name": "move-databases"' in job.block["values"][0]


def test_going_back_is_a_program_that_shells_can_read(platforms):
    [command] = [each for each in commands(platforms, 2) if "exec" in each]
    *kubectl, sh, option, program = shlex.split(command)
    assert (kubectl, sh, option) == (["kubectl", "-n", "pg", "exec", "statefulset/postgresql", "--"], "sh", "-c")
    stand_in = 'psql() { echo "$*"; }; cat() { echo secret; }; POSTGRES_USER=floe; POSTGRES_PASSWORD_FILE=f; '
    said = subprocess.run(["sh", "-c", stand_in + program], capture_output=True, text=True, check=True).stdout
    assert sorted(said.splitlines()) == [
        f"-U floe -d postgres -c ALTER DATABASE {name} CONNECTION LIMIT -1"
        for name in ("dagster", "marquez", "polaris")
    ]


def test_the_runtime_is_told(platforms):
    found = commands(platforms, 2)
    assert "floe-infra handoff -c f.yaml -o handoff" in found
    charts = [each for each in found if each.startswith("helm upgrade")]
    assert len(charts) == 2
    assert all("values-dev.yaml" in each and "\\" not in each for each in charts)


def test_secrets_are_forgotten_before_and_removed_afterwards(platforms):
    found = commands(platforms, 3)
    deploy = found.index("floe-infra deploy -c f.yaml")
    forget = [each for each in found if each.startswith("terraform state rm ")]
    there = {each.address for each in platforms[2][1].resources.values()}
    assert len(forget) == 2
    assert {each.removeprefix("terraform state rm ") for each in forget} <= there
    assert max(map(found.index, forget)) < deploy
    assert found[deploy + 1 :] == [
        "kubectl -n pg delete pvc postgresql",
        "aws secretsmanager delete-secret --region eu-west-1 --recovery-window-in-days 30 --secret-id "
        "acme/dev/in-cluster-postgresql-admin",
    ]


def test_what_may_be_lost_is_removed_at_once(tmp_path):
    file = f"allow_data_loss: true\n{ON_GOOGLE}"
    switch, remove = way(file, "f.yaml", "cloud_sql", {"namespace": "pg"}).phases[1:]
    before, after = Synthesized(switch.config, tmp_path / "a"), Synthesized(remove.config, tmp_path / "b")
    [only] = by_hand("remove", "cloud_sql", before, after, Path("f.yaml"))
    assert only.text.startswith("Remove the old server, and its disk with it")
    assert only.commands == ("floe-infra deploy -c f.yaml",)


def test_google_removes_its_own_way(tmp_path):
    switch, remove = way(ON_GOOGLE, "f.yaml", "cloud_sql", {"namespace": "pg"}).phases[1:]
    before, after = Synthesized(switch.config, tmp_path / "a"), Synthesized(remove.config, tmp_path / "b")
    assert by_hand("remove", "cloud_sql", before, after, Path("f.yaml"))[-1].commands == (
        "gcloud secrets delete --project acme-data acme-dev-in-cluster-postgresql-admin",
    )


@pytest.mark.parametrize(("file", "tool"), [(FILE, "aws secretsmanager"), (ON_GOOGLE, "gcloud secrets")])
def test_a_token_is_in_no_command_line(file, tool, tmp_path):
    [phase] = way(file, "f.yaml", "motherduck", {"database": "lake", "secret": "motherduck-token"}).phases
    before = Synthesized(validate(Document(file, "f.yaml")), tmp_path / "a")
    steps = by_hand("exchange", "motherduck", before, Synthesized(phase.config, tmp_path / "b"), Path("f.yaml"))
    found = [command for each in steps for command in each.commands]
    assert found[0] == "CREATE DATABASE lake;"
    assert tool in found[1]
    made = subprocess.run(
        ["sh", "-c", f'aws() {{ cat; echo "$*"; }}; gcloud() {{ cat; echo "$*"; }}; {found[1]}'],
        env={"MOTHERDUCK_TOKEN": "its value", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert made.startswith('{"token": "its value"}')
    assert "its value" not in made.removeprefix('{"token": "its value"}')


@pytest.mark.parametrize(("target", "asked"), [("trino", "trino"), ("duckdb", "duckdb")])
def test_what_cube_asks(target, asked, tmp_path):
    file = FILE if target == "trino" else f"{FILE}compute: {{kind: trino}}\n"
    [phase] = way(file, "f.yaml", target, {}).phases
    before = Synthesized(validate(Document(file, "f.yaml")), tmp_path / "a")
    steps = by_hand("exchange", target, before, Synthesized(phase.config, tmp_path / "b"), Path("f.yaml"))
    assert ("consumption:", f"  database_type: {asked}") in [each.commands for each in steps]
