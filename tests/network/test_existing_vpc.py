from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput

from alone import PROD, synthesized
from floe_infra.network import ExistingVpcConfig
from floe_infra.network.existing_vpc import ExistingVpc
from synthesized import data

CONFIG = ExistingVpcConfig(
    vpc_id="vpc-0a1b2c3d",
    private_subnet_ids=["subnet-0a1b2c3d", "subnet-0a1b2c3e"],
    public_subnet_ids=["subnet-0a1b2c3f"],
)


def make(stack: Any) -> None:
    ref = ExistingVpc(stack, "network", config=CONFIG, context=PROD).ref
    TerraformOutput(stack, "cidr", value=ref.cidr)
    TerraformOutput(stack, "private", value=list(ref.private_subnet_ids))


def test_nothing_is_made():
    assert "resource" not in synthesized(make)


def test_subnets_of_another_vpc_are_refused():
    stack = synthesized(make)
    [vpc] = stack["data"]["aws_vpc"]
    subnets = data(stack, "aws_subnet")
    assert [subnets[f"network/{name}"]["id"] for name in ("private_0", "private_1", "public_0")] == [
        *CONFIG.private_subnet_ids,
        *CONFIG.public_subnet_ids,
    ]
    for block in subnets.values():
        [check] = block["lifecycle"]["postcondition"]
        assert check["condition"] == f"${{(self.vpc_id == data.aws_vpc.{vpc}.id)}}"
        assert block["id"] in check["error_message"]


def test_ref_is_what_terraform_finds():
    stack = synthesized(make)
    [vpc] = stack["data"]["aws_vpc"]
    assert stack["output"]["cidr"]["value"] == f"${{data.aws_vpc.{vpc}.cidr_block}}"
    assert all(subnet.startswith("${data.aws_subnet.") for subnet in stack["output"]["private"]["value"])
