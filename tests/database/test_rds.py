from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cdktf import TerraformOutput

from alone import DISPOSABLE, PROD, synthesized
from floe_infra.database import RdsConfig
from floe_infra.database.rds import RdsDatabase
from floe_infra.refs import ClusterRef, NetworkRef
from synthesized import data, resources

NETWORK = NetworkRef(id="vpc-0", cidr="10.0.0.0/16", private_subnet_ids=("subnet-a", "subnet-b"))
CLUSTER = ClusterRef(
    name="acme-prod",
    endpoint="",
    certificate_authority="",
    oidc_issuer="",
    security_group_id="sg-cluster",
    node_groups=(),
)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0a1b"


def rds(*, context: Any = PROD, **fields: Any) -> Any:
    made = []

    def make(stack: Any) -> None:
        config = RdsConfig.model_validate(fields)
        made.append(RdsDatabase(stack, "database", config=config, context=context, network=NETWORK))
        made[0].allow_from(CLUSTER)
        TerraformOutput(stack, "host", value=made[0].ref.host)
        TerraformOutput(stack, "secret", value=made[0].ref.secret.remote_key)

    return synthesized(make), made[0]


def only(stack: Any, type: str) -> dict[str, Any]:
    [block] = resources(stack, type).values()
    return block


def instance(**given: Any) -> dict[str, Any]:
    return only(rds(**given)[0], "aws_db_instance")


def test_private_encrypted_and_with_a_standby():
    block = instance()
    assert block["publicly_accessible"] is False
    assert block["storage_encrypted"] is True
    assert block["multi_az"] is True
    assert block["kms_key_id"] == block["performance_insights_kms_key_id"] == block["master_user_secret_kms_key_id"]
    assert only(rds()[0], "aws_db_subnet_group")["subnet_ids"] == ["subnet-a", "subnet-b"]


def test_the_password_is_nobodys():
    block = instance()
    assert block["manage_master_user_password"] is True
    assert not {"password", "password_wo"} & set(block)
    assert block["iam_database_authentication_enabled"] is True


def test_only_the_cluster_gets_in():
    stack, _ = rds()
    group = only(stack, "aws_security_group")
    assert not {"ingress", "egress"} & set(group)
    rule = only(stack, "aws_vpc_security_group_ingress_rule")
    assert rule["referenced_security_group_id"] == "sg-cluster"
    assert (rule["ip_protocol"], rule["from_port"], rule["to_port"]) == ("tcp", 5432, 5432)
    assert rule["description"]
    assert "aws_vpc_security_group_egress_rule" not in stack["resource"]


@pytest.mark.parametrize(("version", "family"), [("16", "postgres16"), ("17.5", "postgres17")])
def test_parameters_belong_to_the_major_version(version, family):
    block = only(rds(engine_version=version)[0], "aws_db_parameter_group")
    assert (block["family"], block["name"]) == (family, f"acme-prod-{family}")
    assert block["lifecycle"] == {"create_before_destroy": True}


def test_tls_is_forced_and_no_statement_logged_that_could_hold_a_password():
    block = only(rds()[0], "aws_db_parameter_group")
    parameters = {parameter["name"]: parameter["value"] for parameter in block["parameter"]}
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["log_statement"] == "none"
    assert parameters["log_min_duration_statement"] == "1000"


@pytest.mark.parametrize(("version", "by_itself"), [("16", True), ("16.9", False)])
def test_rds_raises_the_minor_version_only_where_none_is_named(version, by_itself):
    block = instance(engine_version=version)
    assert (block["engine_version"], block["auto_minor_version_upgrade"]) == (version, by_itself)


def test_data_is_kept_three_times_over():
    block = instance()
    assert block["lifecycle"]["prevent_destroy"] is True
    assert block["deletion_protection"] is True
    assert (block["skip_final_snapshot"], block["final_snapshot_identifier"]) == (False, "acme-prod-final")
    assert block["delete_automated_backups"] is False


def test_both_keys_let_it_go():
    block = instance(context=DISPOSABLE)
    assert "lifecycle" not in block
    assert block["deletion_protection"] is False
    assert block["skip_final_snapshot"] is True
    assert "final_snapshot_identifier" not in block
    assert instance(context=replace(DISPOSABLE, environment="prod"))["deletion_protection"] is True


def test_a_snapshot_name_of_ones_own():
    assert instance(final_snapshot_name="acme-2")["final_snapshot_identifier"] == "acme-2"


def test_backups_end_before_maintenance_begins():
    block = instance()
    assert (block["backup_window"], block["maintenance_window"]) == ("02:00-03:00", "sun:03:30-sun:04:30")
    assert block["copy_tags_to_snapshot"] is True
    assert block["apply_immediately"] is False


def test_logs_have_key_and_retention_before_rds_makes_them_without():
    stack, _ = rds(log_retention_days=90)
    groups = resources(stack, "aws_cloudwatch_log_group").values()
    assert [group["name"] for group in groups] == [
        "/aws/rds/instance/acme-prod/postgresql",
        "/aws/rds/instance/acme-prod/upgrade",
    ]
    assert all(group["retention_in_days"] == 90 and group["kms_key_id"] for group in groups)
    block = only(stack, "aws_db_instance")
    assert block["enabled_cloudwatch_logs_exports"] == ["postgresql", "upgrade"]
    assert sum("aws_cloudwatch_log_group" in address for address in block["depends_on"]) == 2


def test_no_insights_no_key_for_them():
    block = instance(performance_insights=False)
    assert block["performance_insights_enabled"] is False
    assert not {"performance_insights_kms_key_id", "performance_insights_retention_period"} & set(block)


def test_monitoring_role_serves_this_server_only():
    trust = data(rds()[0], "aws_iam_policy_document")["database/monitoring_trust"]
    [statement] = trust["statement"]
    assert {condition["variable"]: condition["values"] for condition in statement["condition"]} == {
        "aws:SourceArn": ["arn:aws:rds:eu-west-1:111122223333:db:acme-prod"],
        "aws:SourceAccount": ["111122223333"],
    }


def test_an_existing_key_is_used_everywhere_and_none_made():
    stack, database = rds(kms_key_arn=KEY)
    block = only(stack, "aws_db_instance")
    assert database.key is None
    assert "aws_kms_key" not in stack["resource"]
    assert {block[argument] for argument in block if argument.endswith("kms_key_id")} == {KEY}
    assert database.ref.secret.kms_key_arn == KEY


def test_ref_points_at_the_secret_and_never_holds_it():
    stack, database = rds()
    ref = database.ref
    assert (ref.port, ref.database, ref.user, ref.engine_version) == (5432, "dagster", "floe", "16")
    assert ref.secret.keys == ("username", "password")
    [address] = stack["resource"]["aws_db_instance"]
    values = {name: output["value"] for name, output in stack["output"].items()}
    assert values == {
        "host": f"${{aws_db_instance.{address}.address}}",
        "secret": f"${{aws_db_instance.{address}.master_user_secret[0].secret_arn}}",
    }


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "truststore.pki.rds.amazonaws.com"),
        ("aws-us-gov", "truststore.pki.us-gov-west-1.rds.amazonaws.com"),
        ("aws-cn", "rds-truststore.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_certificates_of_the_partition(partition, host):
    _, database = rds(context=replace(PROD, partition=partition))
    assert database.ref.ca_bundle_url == f"https://{host}/global/global-bundle.pem"


def test_output_has_nothing_of_this_machine_or_moment():
    first, second = (json.dumps(rds()[0], sort_keys=True) for _ in range(2))
    assert first == second
