from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformVariable

from alone import GOOGLE, GOOGLE_DISPOSABLE, synthesized_on_google
from floe_infra.database import CloudSqlConfig
from floe_infra.database.cloud_sql import CloudSqlDatabase
from floe_infra.refs import NetworkRef
from in_cluster import CLUSTER
from synthesized import resources

NETWORK = NetworkRef(
    id="projects/acme-data/global/networks/acme-prod",
    cidr="10.0.0.0/16",
    private_subnet_ids=("nodes",),
    private_services="${google_service_networking_connection.x.network}",
)
KEY = "projects/acme-kms/locations/europe-west4/keyRings/data/cryptoKeys/database"


def cloud_sql(*, context: Any = GOOGLE, **fields: Any) -> tuple[dict[str, Any], CloudSqlDatabase]:
    made: list[CloudSqlDatabase] = []

    def make(stack: Any) -> None:
        config = CloudSqlConfig.model_validate(fields)
        made.append(CloudSqlDatabase(stack, "database", config=config, context=context, network=NETWORK))
        made[0].allow_from(CLUSTER)
        TerraformOutput(stack, "host", value=made[0].ref.host)
        TerraformOutput(stack, "secret", value=made[0].ref.secret.remote_key)

    return synthesized_on_google(make), made[0]


def only(stack: Any, type: str) -> dict[str, Any]:
    [block] = resources(stack, type).values()
    return block


def instance(**given: Any) -> dict[str, Any]:
    return only(cloud_sql(**given)[0], "google_sql_database_instance")


def settings(**given: Any) -> dict[str, Any]:
    return instance(**given)["settings"]


def flags(**given: Any) -> dict[str, str]:
    return {flag["name"]: flag["value"] for flag in settings(**given)["database_flags"]}


def test_the_seeds_server():
    block = instance()
    assert (block["name"], block["region"], block["database_version"]) == ("acme-prod", "europe-west4", "POSTGRES_16")
    found = block["settings"]
    assert (found["tier"], found["availability_type"]) == ("db-custom-2-4096", "REGIONAL")
    assert found["edition"] == "ENTERPRISE", "the other one, which is taken from 16 on, has no such machine"
    assert settings(multi_az=False)["availability_type"] == "ZONAL"


def test_it_has_a_private_address_once_the_network_has_one_for_it_and_speaks_tls_only():
    assert settings()["ip_configuration"] == {
        "ipv4_enabled": False,
        "private_network": NETWORK.private_services,
        "ssl_mode": "ENCRYPTED_ONLY",
    }


def test_no_state_holds_the_password_and_the_secret_has_the_same_one():
    stack, _ = cloud_sql()
    user, version = only(stack, "google_sql_user"), only(stack, "google_secret_manager_secret_version")
    password = "ephemeral.random_password.database_admin_password.result"
    assert user["password_wo"] == f"${{{password}}}"
    assert version["secret_data_wo"] == f'${{jsonencode({{"username" = "floe", "password" = {password}}})}}'
    assert not {"password"} & user.keys() | {"secret_data"} & version.keys()
    assert "root_password" not in only(stack, "google_sql_database_instance")


def test_no_secret_is_left_that_opens_nothing():
    stack, _ = cloud_sql()
    [user] = stack["resource"]["google_sql_user"]
    assert only(stack, "google_secret_manager_secret_version")["depends_on"] == [f"google_sql_user.{user}"]


def test_a_new_password_is_written_to_both():
    stack, database = cloud_sql(password_generation=4)
    assert only(stack, "google_sql_user")["password_wo_version"] == 4
    assert only(stack, "google_secret_manager_secret_version")["secret_data_wo_version"] == 4
    assert database.ref.secret.generation == 4


def test_the_administrator_stays_when_terraform_goes():
    assert only(cloud_sql()[0], "google_sql_user")["deletion_policy"] == "ABANDON"


def test_data_is_kept_four_times_over():
    block = instance()
    assert block["lifecycle"]["prevent_destroy"] is block["deletion_protection"] is True
    assert block["settings"]["deletion_protection_enabled"] is block["settings"]["retain_backups_on_delete"] is True


def test_both_keys_let_it_go():
    block = instance(context=GOOGLE_DISPOSABLE)
    assert "lifecycle" not in block
    assert block["deletion_protection"] is block["settings"]["deletion_protection_enabled"] is False
    assert instance(context=replace(GOOGLE_DISPOSABLE, environment="prod"))["deletion_protection"] is True


@pytest.mark.parametrize(("days", "logs", "backups"), [(1, 1, 2), (7, 7, 8), (14, 7, 15)])
def test_backups_reach_back_as_many_days(days, logs, backups):
    found = settings(backup_retention_days=days)["backup_configuration"]
    assert found["point_in_time_recovery_enabled"] is found["enabled"] is True
    assert found["transaction_log_retention_days"] == logs
    assert found["backup_retention_settings"] == {"retained_backups": backups, "retention_unit": "COUNT"}
    assert found["location"] == "europe-west4"


def test_connections_are_logged_and_no_statement_that_could_hold_a_password():
    found = flags()
    logged = ("log_connections", "log_disconnections", "log_lock_waits", "log_duration")
    assert [found[flag] for flag in logged] == ["on"] * 4
    assert "log_min_duration_statement" not in found, "it would log the text of statements, and what they hold"
    assert (found["log_statement"], found["max_connections"]) == ("none", "200")


def test_a_flags_value_is_text():
    assert flags(database_flags={"log_line_prefix": "${a}%{b}"})["log_line_prefix"] == "$${a}%%{b}"


def test_flags_of_ones_own_come_besides_or_instead():
    found = flags(database_flags={"log_duration": "off", "log_autovacuum_min_duration": "0"}, max_connections=300)
    assert [found[flag] for flag in ("log_duration", "log_autovacuum_min_duration")] == ["off", "0"]
    assert found["max_connections"] == "300"
    assert len(settings(database_flags={"log_statement": "ddl"})["database_flags"]) == len(flags())


def test_the_disk_grows_by_itself():
    found = settings(allocated_storage_gib=50, max_allocated_storage_gib=200)
    assert (found["disk_size"], found["disk_autoresize"], found["disk_autoresize_limit"]) == (50, True, 200)


def test_insights_record_no_addresses():
    assert settings()["insights_config"]["record_client_address"] is False
    assert "insights_config" not in settings(query_insights=False)


def test_labels_that_the_provider_does_not_put_there():
    assert settings()["user_labels"] == {"floe-infra-platform": "acme", "floe-infra-environment": "prod"}


def test_an_existing_key_encrypts_server_and_login():
    stack, _ = cloud_sql(kms_key_name=KEY)
    assert only(stack, "google_sql_database_instance")["encryption_key_name"] == KEY
    assert KEY in json.dumps(only(stack, "google_secret_manager_secret"))


def test_ref_points_at_the_secret_and_never_holds_it():
    stack, database = cloud_sql()
    ref = database.ref
    assert (ref.port, ref.database, ref.user, ref.engine_version) == (5432, "postgres", "floe", "16")
    assert (ref.secret.name, ref.secret.keys) == ("database-admin", ("username", "password"))
    assert ref.ssl_mode == "require"
    [server] = stack["resource"]["google_sql_database_instance"]
    [secret] = stack["resource"]["google_secret_manager_secret"]
    assert {name: output["value"] for name, output in stack["output"].items()} == {
        "host": f"${{google_sql_database_instance.{server}.private_ip_address}}",
        "secret": f"${{google_secret_manager_secret.{secret}.secret_id}}",
    }


def test_people_and_programs_log_in_by_iam_without_any_password():
    account = "serviceAccount:reports@acme-data.iam.gserviceaccount.com"
    principals = ["user:alice@example.com", "group:analysts@example.com", account]
    stack, database = cloud_sql(iam_logins=principals)
    users = [block for block in resources(stack, "google_sql_user").values() if "type" in block]
    assert {(block["type"], block["name"]) for block in users} == {
        ("CLOUD_IAM_USER", "alice@example.com"),
        ("CLOUD_IAM_GROUP", "analysts@example.com"),
        ("CLOUD_IAM_SERVICE_ACCOUNT", "reports@acme-data.iam"),
    }
    assert not any(key.startswith("password") for block in users for key in block)
    rights = list(resources(stack, "google_project_iam_member").values())
    assert {(right["role"], right["member"]) for right in rights} == {
        ("roles/cloudsql.instanceUser", principal) for principal in principals
    }
    assert all("projects/acme-data/instances/acme-prod" in right["condition"]["expression"] for right in rights)
    assert len(database.iam_logins) == 3
    assert flags(iam_logins=principals)["cloudsql.iam_authentication"] == "on"


def test_an_account_that_terraform_makes_logs_in_too():
    made: list[Any] = []

    def make(stack: Any) -> None:
        email = TerraformVariable(stack, "email").string_value
        config = CloudSqlConfig.model_validate({"iam_logins": [f"serviceAccount:{email}"]})
        made.append(CloudSqlDatabase(stack, "database", config=config, context=GOOGLE, network=NETWORK))

    stack = synthesized_on_google(make)
    [user] = [block for block in resources(stack, "google_sql_user").values() if "type" in block]
    assert user["name"] == '${trimsuffix(var.email, ".gserviceaccount.com")}'


def test_nobody_logs_in_by_iam_unless_the_file_says_so():
    stack, _ = cloud_sql()
    assert len(resources(stack, "google_sql_user")) == 1
    assert "cloudsql.iam_authentication" not in flags()
