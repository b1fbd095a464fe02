from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from alone import DISPOSABLE, PROD, synthesized
from floe_infra.network import VpcConfig
from floe_infra.network.vpc import Vpc
from synthesized import data, resources


def vpc(*, context: Any = PROD, **fields: Any) -> dict[str, Any]:
    config = VpcConfig.model_validate(fields)
    return synthesized(lambda stack: Vpc(stack, "network", config=config, context=context))


def only(stack: Any, type: str) -> dict[str, Any]:
    [block] = resources(stack, type).values()
    return block


def test_subnets_carry_the_load_balancers_tags_and_give_out_no_public_addresses():
    subnets = resources(vpc(), "aws_subnet")
    assert len(subnets) == 6
    for path, block in subnets.items():
        tag = "kubernetes.io/role/internal-elb" if path.endswith("private") else "kubernetes.io/role/elb"
        assert block["tags"][tag] == "1"
        assert block["map_public_ip_on_launch"] is False
    assert subnets["network/zone_1/private"]["cidr_block"] == "10.0.64.0/18"
    assert subnets["network/zone_1/public"]["tags"]["Name"] == "acme-prod-1-public"


def test_zones_are_the_regions_first_in_which_eks_takes_subnets():
    stack = vpc()
    zones = data(stack, "aws_availability_zones")["network/available"]
    assert zones["state"] == "available"
    assert zones["exclude_zone_ids"] == ["use1-az3", "usw1-az2", "cac1-az3"]
    assert zones["filter"] == [
        {"name": "opt-in-status", "values": ["opt-in-not-required"]},
        {"name": "zone-name", "values": [f"eu-west-1{letter}" for letter in "abcdef"]},
    ]
    subnet = resources(stack, "aws_subnet")["network/zone_2/private"]
    [address] = stack["data"]["aws_availability_zones"]
    assert subnet["availability_zone"] == f"${{element(data.aws_availability_zones.{address}.names, 2)}}"


def test_a_region_with_too_few_zones_is_said_so():
    [check] = data(vpc(), "aws_availability_zones")["network/available"]["lifecycle"]["postcondition"]
    assert check["condition"] == "${(length(self.names) >= 3)}"
    assert check["error_message"] == "eu-west-1 has fewer than 3 zones for EKS: lower network.zones."


def test_a_zone_out_of_order_moves_no_subnet():
    for block in resources(vpc(), "aws_subnet").values():
        assert block["lifecycle"] == {"ignore_changes": ["availability_zone"]}


@pytest.mark.parametrize(("nat", "gateways"), [("single", 1), ("per_zone", 3)])
def test_nat_gateways(nat, gateways):
    stack = vpc(nat=nat)
    assert len(resources(stack, "aws_nat_gateway")) == len(resources(stack, "aws_eip")) == gateways
    routes = resources(stack, "aws_route")
    used = [routes[f"network/zone_{number}/private_route"]["nat_gateway_id"] for number in range(3)]
    assert len(set(used)) == gateways


def test_another_kind_of_nat_replaces_no_route_table():
    tables = [resources(vpc(nat=nat), "aws_route_table") for nat in ("single", "per_zone")]
    assert tables[0] == tables[1]


def test_whoever_uses_a_subnet_waits_for_its_way_out():
    stack = synthesized(make_with_outputs)
    private = resources(stack, "aws_route_table_association")["network/zone_0/private_association"]
    assert [address.split(".")[0] for address in private["depends_on"]] == ["aws_route"]
    assert all(".subnet_id}" in subnet for subnet in stack["output"]["private"]["value"])
    assert all(".subnet_id}" in subnet for subnet in stack["output"]["public"]["value"])


def make_with_outputs(stack: Any) -> None:
    from cdktf import TerraformOutput

    ref = Vpc(stack, "network", config=VpcConfig(), context=PROD).ref
    TerraformOutput(stack, "private", value=list(ref.private_subnet_ids))
    TerraformOutput(stack, "public", value=list(ref.public_subnet_ids))


def test_s3_is_reached_without_the_internet_from_everywhere():
    endpoint = only(vpc(), "aws_vpc_endpoint")
    assert endpoint["vpc_endpoint_type"] == "Gateway"
    assert endpoint["service_name"] == "com.amazonaws.eu-west-1.s3"
    assert len(endpoint["route_table_ids"]) == 4


def test_the_default_security_group_is_closed():
    assert not {"ingress", "egress"} & set(only(vpc(), "aws_default_security_group"))


def test_flow_logs_are_encrypted_and_expire():
    stack = vpc(flow_logs_days=90)
    group = only(stack, "aws_cloudwatch_log_group")
    assert (group["name"], group["retention_in_days"]) == ("/aws/vpc-flow-logs/acme-prod", 90)
    assert group["kms_key_id"]
    assert only(stack, "aws_flow_log")["traffic_type"] == "ALL"
    assert "logs.eu-west-1.amazonaws.com" in only(stack, "aws_kms_key")["policy"]


def test_flow_logs_write_their_group_and_nothing_else():
    stack = vpc()
    [statement] = data(stack, "aws_iam_policy_document")["network/flow_logs/policy_document"]["statement"]
    [address] = stack["resource"]["aws_cloudwatch_log_group"]
    group = f"${{aws_cloudwatch_log_group.{address}.arn}}"
    assert statement["resources"] == [group, f"{group}:*"]
    assert "logs:CreateLogGroup" not in statement["actions"]
    trust = only(stack, "aws_iam_role")["assume_role_policy"]
    assert '"aws:SourceArn" = "arn:aws:ec2:eu-west-1:111122223333:vpc-flow-log/*"' in trust
    assert '"aws:SourceAccount" = "111122223333"' in trust


def test_an_existing_key_is_used_and_none_made():
    stack = vpc(kms_key_arn="arn:aws:kms:eu-west-1:111122223333:key/0a1b")
    assert "aws_kms_key" not in stack["resource"]
    assert only(stack, "aws_cloudwatch_log_group")["kms_key_id"].endswith("key/0a1b")


def test_the_key_is_kept_unless_both_keys_are_turned():
    assert only(vpc(), "aws_kms_key")["lifecycle"] == {"prevent_destroy": True}
    assert "lifecycle" not in only(vpc(context=DISPOSABLE), "aws_kms_key")


def test_output_has_nothing_of_this_machine_or_moment():
    first, second = (json.dumps(vpc(context=replace(PROD, region="us-east-1")), sort_keys=True) for _ in range(2))
    assert first == second
