"""From file to file."""

from __future__ import annotations

import difflib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edited_files import VALID, edited_files
from floe_infra.config import ConfigError
from floe_infra.database import CloudSqlConfig, InClusterDatabaseConfig, RdsConfig
from floe_infra.migration import ArrivingConfig, LeavingConfig
from floe_infra.migration.phases import Way, way

ROOT = Path(__file__).parents[2]
FILE = """\
name: acme   # ours
environment: dev
cloud: {region: eu-west-1, account_id: "111122223333"}

# Where the runs are.
database:
  kind: in_cluster   # one pod
  storage_gib: 20
catalog: {kind: polaris}
"""
ON_GOOGLE = FILE.replace(
    'cloud: {region: eu-west-1, account_id: "111122223333"}',
    "cloud: {provider: gcp, region: europe-west4, project: acme-data}",
)


def find(text: str, target: str, **settings: Any) -> Way:
    return way(text, "floe-infra.yaml", target, settings)


def refused(text: str, target: str, **settings: Any) -> str:
    with pytest.raises(ConfigError) as error:
        find(text, target, **settings)
    return str(error.value)


def lines(before: str, after: str) -> list[str]:
    """Those that are gone, and those that are new."""
    diff = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in diff if line[0] in "+-"]


def test_a_server_comes_is_used_and_the_old_one_goes():
    add, switch, remove = find(FILE, "rds", instance_class="db.t4g.medium").phases
    assert lines(FILE, add.text) == [
        "+ ",
        "+ migration:   # floe-infra migrate writes this, and takes it away again",
        "+   kind: arriving",
        "+   database:",
        "+     kind: rds",
        "+     instance_class: db.t4g.medium",
    ]
    assert lines(add.text, switch.text) == [
        "-   kind: in_cluster   # one pod",
        "-   storage_gib: 20",
        "+   kind: rds",
        "+   instance_class: db.t4g.medium",
        "-   kind: arriving",
        "+   kind: leaving",
        "-     kind: rds",
        "-     instance_class: db.t4g.medium",
        "+     kind: in_cluster   # one pod",
        "+     storage_gib: 20",
    ]
    assert lines(FILE, remove.text) == [
        "-   kind: in_cluster   # one pod",
        "-   storage_gib: 20",
        "+   kind: rds",
        "+   instance_class: db.t4g.medium",
    ]


def test_the_phases_say_what_they_are():
    add, switch, remove = find(FILE, "rds", instance_class="db.t4g.medium").phases
    assert [(phase.number, phase.step) for phase in (add, switch, remove)] == [(1, "add"), (2, "switch"), (3, "remove")]
    assert isinstance(add.config.database, InClusterDatabaseConfig)
    assert isinstance(add.config.migration, ArrivingConfig)
    assert isinstance(switch.config.migration, LeavingConfig)
    assert switch.config.migration.database == add.config.database
    assert switch.config.database == remove.config.database == add.config.migration.database


def test_a_server_on_the_way_is_as_large_as_its_tier_wants():
    add, *_, remove = find(FILE, "rds").phases
    assert isinstance(remove.config.database, RdsConfig)
    assert add.config.migration.database == remove.config.database
    assert not remove.config.database.multi_az  # in dev


def test_each_call_finds_the_next_phase():
    phases = find(FILE, "rds", multi_az=True).phases
    for done, left in ((0, ["switch", "remove"]), (1, ["remove"]), (2, [])):
        again = find(phases[done].text, "rds")
        assert [phase.step for phase in again.phases] == left
        assert [phase.text for phase in again.phases] == [phase.text for phase in phases[done + 1 :]]


def test_google():
    *_, remove = find(ON_GOOGLE, "cloud_sql", tier="db-custom-2-8192").phases
    assert isinstance(remove.config.database, CloudSqlConfig)
    assert remove.config.database.tier == "db-custom-2-8192"


def test_an_engine_is_exchanged_at_once():
    found = find(FILE, "trino", workers=2)
    assert (found.source, found.count) == ("duckdb", 1)
    [phase] = found.phases
    assert lines(FILE, phase.text) == ["+ ", "+ compute:", "+   kind: trino", "+   workers: 2"]
    [back] = find(phase.text, "duckdb").phases
    assert back.config == find(FILE, "motherduck", database="a", secret="b").phases[0].config.model_copy(
        update={"compute": back.config.compute}
    )
    assert find(back.text, "duckdb").phases == ()


def test_keys_of_the_old_engine_go_with_it():
    [phase] = find(
        FILE + "compute:   # small\n  kind: duckdb\n  memory_gib: 4\n", "motherduck", database="lake", secret="md"
    ).phases
    assert phase.text.endswith("compute:   # small\n  kind: motherduck\n  database: lake\n  secret: md\n")


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_has_a_way_to_trino_or_says_why_not(example):
    text = example.read_text()
    try:
        found = find(text, "trino")
    except ConfigError as error:
        assert "compute" in str(error)  # noqa: PT017
        return
    for phase in found.phases:
        assert phase.config.compute.kind == "trino"
        assert not [line for line in text.splitlines() if line.startswith("#") and line not in phase.text.splitlines()]


# What there is no way to


def test_kinds_that_there_are_not():
    assert refused(FILE, "snowflake").splitlines() == [
        "floe-infra.yaml:1:1: compute.kind: cannot become snowflake: there is no such kind yet",
        "  allowed: --to motherduck, trino, rds",
    ]
    assert refused(FILE, "snowflake_open_catalog").splitlines() == [
        "floe-infra.yaml:9:17: catalog.kind: cannot become snowflake_open_catalog: there is no such kind yet",
        "  allowed: --to motherduck, trino, rds",
    ]
    assert "nothing here becomes oracle\n  allowed: --to motherduck, bigquery, trino, cloud_sql" in refused(
        ON_GOOGLE, "oracle"
    )


def test_kinds_of_another_cloud():
    assert "migration.database.kind: cloud_sql does not exist on aws" in refused(FILE, "cloud_sql")
    assert "compute.kind: bigquery does not exist on aws" in refused(FILE, "bigquery")


def test_what_is_missing_is_asked_for():
    message = refused(FILE, "motherduck")
    assert "compute.database: is required" in message
    assert "fix: say --set database=…" in message


def test_keys_that_the_new_kind_has_not():
    assert "migration.database.storage_gib: unknown key" in refused(FILE, "rds", storage_gib=3)


def test_a_broken_file_says_where():
    assert refused(FILE.replace("storage_gib: 20", "storage_gib: no"), "rds").startswith(
        "floe-infra.yaml:8:16: database.storage_gib:"
    )


def test_only_the_server_in_the_cluster_is_moved():
    file = ON_GOOGLE.replace("kind: in_cluster   # one pod\n  storage_gib: 20", "kind: cloud_sql")
    assert "database.kind: cloud_sql does not become rds: only the server in the cluster is moved" in refused(
        file, "rds"
    )


def test_in_the_middle_there_is_one_way():
    add, switch, _ = find(FILE, "rds").phases
    message = refused(add.text, "cloud_sql")
    assert "migration.database.kind: rds is what arrives, and not cloud_sql" in message
    assert "database.kind: rds is what is used now" in refused(switch.text, "cloud_sql")
    assert "migration: is under way" in refused(add.text, "rds", multi_az=True)


def test_no_older_server():
    message = refused(FILE, "rds", engine_version="15")
    assert "migration.database.engine_version: data from PostgreSQL 16 in the cluster does not go back" in message


def test_what_is_put_together_from_elsewhere_is_refused():
    file = FILE.replace("database:\n", "database: &server\n")
    assert "floe-infra.yaml:6:1: database: cannot be changed here" in refused(file, "rds")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(edited_files(), st.sampled_from(["trino", "motherduck", "rds"]))
def test_whatever_the_file_looks_like(file, target):
    """What is found has been read again and says what it should; everything else is refused with a place."""
    file = file.replace("database: {multi_az: false}", "database: {kind: in_cluster}").replace(": prod", ": dev")
    with suppress(ConfigError):
        found = find(file, target, **({"database": "lake", "secret": "md"} if target == "motherduck" else {}))
        assert [phase.number for phase in found.phases] == ([1, 2, 3] if target == "rds" else [1])


def test_the_file_that_is_edited_has_a_way():
    file = VALID.replace("database: {multi_az: false}", "database: {kind: in_cluster}").replace(": prod", ": dev")
    assert len(find(file, "rds").phases) == 3


# What the middle of it may say


def test_a_new_server_beside_one_of_the_clouds():
    file = FILE.replace("kind: in_cluster   # one pod\n  storage_gib: 20", "kind: rds")
    message = refused(file + "migration: {kind: arriving, database: {kind: rds}}\n", "rds")
    assert "migration.kind: no data can be arriving while `database` is `kind: rds`" in message


def test_an_old_server_beside_itself():
    message = refused(FILE + "migration: {kind: leaving, database: {kind: in_cluster}}\n", "rds")
    assert "migration.kind: no data can be leaving while `database` is `kind: in_cluster`" in message


def test_the_new_server_is_judged_in_the_place_it_will_take():
    file = FILE + "migration: {kind: arriving, database: {kind: rds}}\ncluster: {kind: kubeconfig, context: kind}\n"
    assert "migration.database.kind: rds lets in only whom the cloud knows" in refused(file, "rds")
