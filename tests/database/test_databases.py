from __future__ import annotations

from typing import Any

from floe_infra.database import RdsConfig
from floe_infra.database.databases import Databases
from floe_infra.refs import DatabaseRef
from in_cluster import STEADY, CopiedSecrets, objects, secret, site, synthesized

ADMIN = secret("database-admin", "username", "password")
SERVER = DatabaseRef("db.example.internal", 5432, "dagster", "floe", ADMIN, "16")
LOGINS = [secret(f"database-{name}", "username", "password", "database") for name in ("dagster", "polaris")]


def made(*more: Any) -> tuple[dict[str, Any], CopiedSecrets]:
    operator = CopiedSecrets()

    def make(stack: Any) -> None:
        place = site(secrets=[ADMIN, *LOGINS, *more], cluster_secrets=operator)
        Databases(stack, "database", config=RdsConfig(), site=place, database=SERVER)

    return objects(synthesized(make)), operator


def job() -> dict[str, Any]:
    return made()[0]["Job/databases"]["spec"]["template"]["spec"]


def test_the_job_logs_in_as_administrator_over_tls():
    [container] = job()["containers"]
    environment = {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}
    assert environment["PGHOST"] == "db.example.internal"
    assert environment["PGSSLMODE"] == "require"
    assert environment["PGPASSWORD"] == {"secretKeyRef": {"name": "database-admin", "key": "password"}}


def test_each_applications_login_is_mounted_where_the_program_is_told():
    spec = job()
    [container] = spec["containers"]
    _, _, *directories = container["command"]
    assert directories == ["/etc/databases/dagster", "/etc/databases/polaris"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume.get("secret", {}).get("secretName") for volume in spec["volumes"]}
    assert [volumes[mounts[directory]] for directory in directories] == ["database-dagster", "database-polaris"]


def test_other_secrets_are_none_of_its_business():
    _, operator = made(secret("polaris-root", "client_secret"))
    assert set(operator.copies) == {f"database/database-{name}" for name in ("admin", "dagster", "polaris")}


def test_it_runs_where_nobody_takes_nodes_away():
    spec = job()
    assert {key: spec[key] for key in STEADY} == STEADY


def test_the_programs_are_mounted_whole():
    programs = made()[0]["ConfigMap/databases"]["data"]
    assert set(programs) == {"databases.sh", "databases.sql"}
    assert all(text.strip() for text in programs.values())


def test_a_new_program_runs_again():
    annotations = made()[0]["Job/databases"]["spec"]["template"]["metadata"]["annotations"]
    assert len(annotations["checksum/programs"]) == 16
