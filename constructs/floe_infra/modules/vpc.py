"""`terraform-modules/vpc`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from floe_infra.context import Context
from floe_infra.model import Model
from floe_infra.modules.definition import Choice, Module, Numbered, Output, Outputs, Rule, Tokens
from floe_infra.modules.names import Name
from floe_infra.network.config import Subnets, VpcConfig

if TYPE_CHECKING:
    from constructs import Construct


class VpcInputs(Model):
    """What the module asks for besides what the configuration does."""

    name: Name = "floe"
    """Begins the names of everything."""
    deletion_protection: bool = True
    """Let Terraform remove the flow logs' key only 30 days after, instead of 7."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.network.vpc import Vpc

    zones: int = chosen["var.zones"]
    config = tokens.of(
        VpcConfig,
        "var",
        zones=zones,
        nat="per_zone" if chosen["nat"] else "single",
        subnets=None if chosen["subnets"] else _subnets(tokens, zones),
        flow_logs_days=tokens.number("var.flow_logs_days"),
        kms_key_arn=None if chosen["kms_key_arn"] else tokens.text("var.kms_key_arn"),
    )
    network = Vpc(scope, "module", config=config, context=context)
    ref = network.ref
    return {
        "vpc_id": Output(ref.id, "The VPC's id."),
        "vpc_cidr": Output(ref.cidr, "Its network."),
        "private_subnet_ids": Output(
            list(ref.private_subnet_ids), "The private subnets' ids, one for each zone, each with a way out."
        ),
        "public_subnet_ids": Output(list(ref.public_subnet_ids), "The public subnets' ids, one for each zone."),
        "flow_logs_group_name": Output(network.flow_logs.log_group.name, "The log group of the flow logs."),
    }


def _subnets(tokens: Tokens, zones: int) -> Subnets:
    private, public = (
        [tokens.text(f"var.subnets.{group}[{zone}]") for zone in range(zones)] for group in ("private", "public")
    )
    return Subnets.model_construct(private=private, public=public)


MODULE = Module(
    name="vpc",
    summary="A VPC with a private and a public subnet in each of two or three zones, NAT gateways and flow logs.",
    inputs=(VpcInputs, VpcConfig),
    construct=VpcConfig.construct,
    build=_build,
    prefix="var.name",
    choices=(
        Choice("deletion_protection", "var.deletion_protection"),
        Choice("kms_key_arn", "var.kms_key_arn == null"),
        Choice("nat", 'var.nat == "per_zone"'),
        Choice("subnets", "var.subnets == null"),
    ),
    numbered=Numbered("zone", "var.zones"),
    renamed={"zone": ""},
    sample={"subnets": {"private": ["10.0.0.0/18"], "public": ["10.0.192.0/22"]}},
    rules=(
        Rule(
            "cidr",
            'try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)',
            "/16 to /20: AWS takes nothing larger, and pods would soon fill what is smaller",
            '"10.0.0.0/24"',
        ),
        Rule(
            "subnets",
            "var.subnets == null ? true : "
            "length(var.subnets.private) == var.zones && length(var.subnets.public) == var.zones",
            "one subnet for each zone",
            '{ private = ["10.0.0.0/18"], public = ["10.0.192.0/22"] }',
        ),
    ),
)
