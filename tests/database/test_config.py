from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from floe_infra.database import CloudSqlConfig, RdsConfig


def message(model: type[RdsConfig | CloudSqlConfig] = RdsConfig, **fields: object) -> str:
    with pytest.raises(ValidationError) as error:
        model.model_validate(fields)
    [problem] = error.value.errors()
    return " | ".join(str(part) for part in (problem["msg"], *problem.get("ctx", {}).values()))


def test_defaults_are_productions():
    config = RdsConfig()
    assert (config.engine_version, config.instance_class, config.multi_az) == ("16", "db.t3.medium", True)
    assert config.memory_gib == 4


@pytest.mark.parametrize("version", ["14", "19", "16.", "16.4.1", "latest"])
def test_versions(version):
    assert "from 15 to 18" in message(engine_version=version)


@pytest.mark.parametrize(
    ("instance_class", "memory_gib"),
    [("db.t3.micro", 1), ("db.t4g.small", 2), ("db.m6g.large", 8), ("db.r6id.xlarge", 32)],
)
def test_memory_of_a_class(instance_class, memory_gib):
    assert RdsConfig(instance_class=instance_class).memory_gib == memory_gib


@pytest.mark.parametrize("instance_class", ["db.t2.micro", "db.m5.7xlarge", "db.c6gd.large", "db.x2g.large"])
def test_unknown_classes(instance_class):
    assert "db.r5 to db.r8" in message(instance_class=instance_class)


@pytest.mark.parametrize("instance_class", ["t3.micro", "db.t3", "DB.T3.MICRO", "db.t3.micro "])
def test_what_is_no_class_at_all(instance_class):
    assert "such as db.t3.medium" in message(instance_class=instance_class)


@pytest.mark.parametrize("username", ["admin", "rdsadmin", "rds_superuser", "pg_monitor", "user"])
def test_reserved_users(username):
    assert "reserved" in message(username=username)


@pytest.mark.parametrize("name", ["Dagster", "1st", "my-db", "a" * 64])
def test_database_names(name):
    assert "63 lower-case letters" in message(database_name=name)


@pytest.mark.parametrize("name", ["-x", "a--b", "a-", "a_b", "A"])
def test_snapshot_names(name):
    assert "single hyphens" in message(final_snapshot_name=name)


def test_log_retention_is_one_that_cloudwatch_takes():
    assert "14, 30" in message(log_retention_days=31)


@given(first=st.integers(20, 59000))
def test_the_disk_needs_a_tenth_more_to_grow(first):
    needed = -(-first * 11 // 10)
    assert RdsConfig(allocated_storage_gib=first, max_allocated_storage_gib=needed)
    if needed > 22:
        refused = message(allocated_storage_gib=first, max_allocated_storage_gib=needed - 1)
        assert f"raise max_allocated_storage_gib to {needed} or more" in refused


@pytest.mark.parametrize("field", ["instance_class", "engine_version", "username", "database_name", "kms_key_arn"])
def test_tokens_pass(field):
    token = "${TfToken[TOKEN.7]}"
    config = RdsConfig.model_validate({field: token})
    assert getattr(config, field) == token
    assert config.memory_gib in (None, 4)


# Cloud SQL


@pytest.mark.parametrize(
    "tier", ["db-f1-micro", "db-g1-small", "db-custom-1-3840", "db-custom-2-4096", "db-custom-96-638976"]
)
def test_machines_of_cloud_sql(tier):
    assert CloudSqlConfig(tier=tier, max_connections=50).tier == tier


@pytest.mark.parametrize(
    ("tier", "reason"),
    [
        ("db-custom-3-7680", "3 processors"),
        ("db-custom-98-638976", "98 processors"),
        ("db-custom-0-3840", "0 processors"),
        ("db-custom-1-3584", "from 3840 on"),
        ("db-custom-2-4000", "multiples of 256 MiB"),
        ("db-custom-8-7168", "0.88 GiB for each processor"),
        ("db-custom-2-13568", "6.6 GiB for each processor"),
        ("db-perf-optimized-N-2", "Enterprise edition"),
        ("db-n1-standard-2", "db-custom-<processors>-<MiB>"),
        ("db.t3.medium", "db-custom-<processors>-<MiB>"),
    ],
)
def test_what_is_no_machine_of_cloud_sql(tier, reason):
    assert reason in message(CloudSqlConfig, tier=tier)


@pytest.mark.parametrize("username", ["postgres", "cloudsqladmin", "cloudsqlsuperuser", "pg_monitor"])
def test_reserved_users_of_cloud_sql(username):
    assert "own" in message(CloudSqlConfig, username=username) or "reserved" in message(
        CloudSqlConfig, username=username
    )


def test_connections_fit_into_the_machine():
    assert "at most 174 with db-g1-small" in message(CloudSqlConfig, tier="db-g1-small", max_connections=175)
    assert CloudSqlConfig(tier="db-g1-small", max_connections=174)
    assert CloudSqlConfig(tier="${TfToken[TOKEN.7]}", max_connections=5000)


def test_a_disk_never_shrinks():
    assert "allocated_storage_gib or more" in message(CloudSqlConfig, max_allocated_storage_gib=19)


def test_connections_have_a_field_of_their_own():
    assert "set max_connections" in message(CloudSqlConfig, database_flags={"max_connections": "500"})


@pytest.mark.parametrize("version", ["13", "19", "16.4", "POSTGRES_16"])
def test_versions_of_cloud_sql(version):
    assert "from 14 to 18" in message(CloudSqlConfig, engine_version=version)


@pytest.mark.parametrize(
    ("logins", "says"),
    [
        (["alice@example.com"], "user:…, group:… or serviceAccount:…"),
        (["user:Alice@example.com"], "in lower case"),
        (["domain:example.com"], "user:…"),
        ([f"user:{'a' * 60}@example.com"], "has 72 characters as a role, and PostgreSQL takes 63"),
        (["group:data@example.com", "group:data@example.com"], "group:data@example.com is named twice"),
    ],
)
def test_who_cannot_log_in_by_iam(logins, says):
    assert says in message(CloudSqlConfig, iam_logins=logins)


def test_logging_in_by_iam_is_not_switched_off_for_those_who_do():
    off = {"cloudsql.iam_authentication": "off"}
    assert "nobody of `iam_logins` could log in" in message(
        CloudSqlConfig, iam_logins=["user:alice@example.com"], database_flags=off
    )
    assert CloudSqlConfig(database_flags=off)
