"""Migrations against the real Terraform and AWS provider: buckets, keys and databases through every phase."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from floe_infra.cli.demo import on_emulator
from floe_infra.cli.stacks import planned
from floe_infra.config import PlatformConfig
from floe_infra.migration.by_hand import by_hand
from floe_infra.migration.phases import way
from floe_infra.migration.proof import Synthesized
from floe_infra.runtime.plan import PlanSummary
from floe_infra.runtime.terraform import find_program
from floe_infra.synthesis import synthesize

from .conftest import Deployed, needs_aws_provider

pytestmark = [pytest.mark.slow, needs_aws_provider]

FILE = """\
name: acme
environment: dev
cloud: {provider: aws, region: eu-west-1, account_id: "111122223333"}
state: {kind: local}
cluster:
  kind: eks
database:
  kind: in_cluster
  storage_gib: 5
"""


@pytest.fixture(scope="module")
def platform(deploy, tmp_path_factory) -> Deployed:
    """The foundation, with PostgreSQL in the cluster."""
    file = tmp_path_factory.mktemp("file") / "floe-infra.yaml"
    file.write_text(FILE)
    made: Deployed = deploy(str(file))
    made.client("secretsmanager").create_secret(Name="acme/motherduck", SecretString='{"token": "t"}')
    return made


@contextmanager
def plan(platform: Deployed, config: PlatformConfig, *, apply: bool = False) -> Iterator[PlanSummary]:
    """What Terraform would do with the foundation, and then does, if nothing is said against it."""
    stack = synthesize(on_emulator(config, platform.aws.endpoint), platform.out)[0]
    with planned(stack, environment=platform.aws.environment) as step:
        assert step.error is None, step.error
        yield step.summary
        if apply:
            step.terraform.apply(step.file)


def touched(summary: PlanSummary) -> set[tuple[str, str]]:
    """What happens to things with data in them: action and construct, or address where the construct is gone."""
    return {
        (change.action, (change.construct or "").partition("/")[2] or change.address)
        for change in summary.changes
        if change.stateful and change.action not in ("no-op", "read")
    }


def held(platform: Deployed) -> dict[str, Any]:
    """The buckets, keys and database servers that there are."""
    s3, kms, rds = (platform.client(name) for name in ("s3", "kms", "rds"))
    return {
        "buckets": {each["Name"]: each["CreationDate"] for each in s3.list_buckets()["Buckets"]},
        "keys": {each["KeyId"] for each in kms.list_keys()["Keys"]},
        "databases": {each["DbiResourceId"] for each in rds.describe_db_instances()["DBInstances"]},
    }


@pytest.mark.parametrize(
    ("target", "settings", "added"),
    [
        ("trino", {}, {("create", f"secrets/{name}") for name in ("catalog-client-trino", "trino-shared-secret")}),
        ("motherduck", {"database": "lake", "secret": "acme/motherduck"}, set()),
    ],
)
def test_another_engine_touches_no_data(platform, target, settings, added):
    [phase] = way(FILE, "f.yaml", target, settings).phases
    with plan(platform, phase.config) as summary:
        assert touched(summary) == added
        assert summary.replacements == ()


def test_another_server_phase_by_phase(platform, tmp_path):
    add, switch, remove = way(FILE, "f.yaml", "rds", {}).phases
    platform.client("s3").put_object(Bucket="acme-dev-bronze-111122223333", Key="table/data.parquet", Body=b"rows")
    before = held(platform)
    assert before["databases"] == set()

    with plan(platform, add.config, apply=True) as summary:
        assert touched(summary) == {("create", "database/instance"), ("create", "database/key/key")}
        assert {change.action for change in summary.changes} <= {"create", "no-op", "read"}
    there = held(platform)
    assert there["buckets"] == before["buckets"]
    assert before["keys"] < there["keys"]
    assert len(there["databases"]) == 1

    with plan(platform, switch.config, apply=True) as summary:
        assert touched(summary) == set()
        assert summary.replacements == ()
    assert held(platform) == there

    # The login to the old server is what `deploy` would not remove: by hand, then, as the command says.
    with plan(platform, remove.config) as summary:
        [(action, address)] = touched(summary)
        assert action == "delete"
        assert address.startswith("aws_secretsmanager_secret.secrets_in-cluster-postgresql-admin_")
    forget(platform, switch.config, remove.config, tmp_path)
    with plan(platform, remove.config, apply=True) as summary:
        assert touched(summary) == set()
    assert held(platform) == there
    body = platform.client("s3").get_object(Bucket="acme-dev-bronze-111122223333", Key="table/data.parquet")["Body"]
    assert body.read() == b"rows"
    with plan(platform, remove.config) as summary:
        assert summary.empty, summary


def forget(platform: Deployed, before: PlatformConfig, after: PlatformConfig, out: Path) -> None:
    """Give the commands that the migration lists for Terraform."""
    steps = by_hand("remove", "rds", Synthesized(before, out / "a"), Synthesized(after, out / "b"), Path("f.yaml"))
    commands = [each for step in steps for each in step.commands if each.startswith("terraform state rm ")]
    assert len(commands) == 2
    for command in commands:
        _, *arguments = shlex.split(command)
        subprocess.run(
            [find_program(), *arguments],
            cwd=platform.directory,
            env={**os.environ, **platform.aws.environment},
            check=True,
        )
