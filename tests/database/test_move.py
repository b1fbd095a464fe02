from __future__ import annotations

from typing import Any

import pytest

from floe_infra.database.move import Move, Moved
from floe_infra.refs import DatabaseRef
from in_cluster import STEADY, CopiedSecrets, objects, secret, site, synthesized

OLD = DatabaseRef("old.internal", 5432, "dagster", "floe", secret("old-admin", "username", "password"), "16")
NEW = DatabaseRef("new.internal", 5433, "runs", "root", secret("database-admin", "username", "password"), "17")
LOGINS = [secret(f"database-{name}", "username", "password", "database") for name in ("dagster", "polaris")]


def made(job: type[Move] | type[Moved]) -> tuple[dict[str, Any], CopiedSecrets]:
    operator = CopiedSecrets()

    def make(stack: Any) -> None:
        place = site(secrets=[OLD.secret, NEW.secret, *LOGINS], cluster_secrets=operator)
        job(stack, "job", namespace="migration", site=place, old=OLD, new=NEW)

    return objects(synthesized(make)), operator


def pod(job: type[Move] | type[Moved]) -> dict[str, Any]:
    found = made(job)[0]
    if job is Move:
        spec: dict[str, Any] = found["CronJob/move-databases"]["spec"]["jobTemplate"]["spec"]
    else:
        spec = found["Job/databases-moved"]["spec"]
    template: dict[str, Any] = spec["template"]["spec"]
    return template


@pytest.mark.parametrize("job", [Move, Moved])
def test_it_knows_both_servers(job):
    [container] = pod(job)["containers"]
    environment = {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}
    assert (environment["OLD_PGHOST"], environment["PGHOST"], environment["PGPORT"]) == (OLD.host, NEW.host, "5433")
    assert environment["OLD_PGSSLMODE"] == environment["PGSSLMODE"] == "require"
    step = container["command"][2]
    assert environment["OLD_PGPASSWORD"]["secretKeyRef"]["name"] == f"{step}-old-admin"
    assert environment["PGPASSWORD"]["secretKeyRef"]["name"] == f"{step}-database-admin"


@pytest.mark.parametrize(("job", "step"), [(Move, "copy"), (Moved, "check")])
def test_each_application_is_mounted_where_the_program_is_told(job, step):
    spec = pod(job)
    [container] = spec["containers"]
    program, told, *directories = container["command"][1:]
    assert (program, told) == ("/programs/move.sh", step)
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume.get("secret", {}).get("secretName") for volume in spec["volumes"]}
    assert [volumes[mounts[directory]] for directory in directories] == [
        f"{step}-database-dagster",
        f"{step}-database-polaris",
    ]


def test_who_only_looks_gets_no_logins():
    copies = made(Moved)[1].copies
    assert copies["migration/check-database-dagster"].data == {"database": "{{ .database }}"}
    assert copies["migration/check-database-admin"].data.keys() == {"username", "password"}


def test_nothing_is_moved_before_somebody_says_so():
    spec = made(Move)[0]["CronJob/move-databases"]["spec"]
    assert spec["suspend"] is True
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("job", [Move, Moved])
def test_the_programs_are_mounted_whole(job):
    name = "move-databases" if job is Move else "databases-moved"
    programs = made(job)[0][f"ConfigMap/{name}"]["data"]
    assert set(programs) == {"move.sh", "move.sql"}
    assert all(text.strip() for text in programs.values())


@pytest.mark.parametrize("job", [Move, Moved])
def test_it_runs_where_nobody_takes_nodes_away(job):
    spec = pod(job)
    assert {key: spec[key] for key in STEADY} == STEADY
    assert spec["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize("job", [Move, Moved])
def test_it_talks_to_both_servers(job):
    [workload] = job.workloads("migration")
    assert workload.takes == ("database", "migration")
    [name] = [each.rpartition("/")[2] for each in made(job)[0] if "Job" in each]
    assert workload.labels["app.kubernetes.io/name"] == name
