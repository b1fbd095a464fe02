"""`terraform-modules/rds`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from floe_infra.context import Context
from floe_infra.database.config import RdsConfig
from floe_infra.model import Model
from floe_infra.modules.definition import Choice, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.names import Name
from floe_infra.network.config import SubnetId, VpcId
from floe_infra.refs import ClusterRef, NetworkRef

if TYPE_CHECKING:
    from constructs import Construct


class RdsInputs(Model):
    """What the module asks for besides what the configuration does."""

    vpc_id: VpcId
    """The VPC that the server is in."""
    subnet_ids: Annotated[list[SubnetId], Field(min_length=2)]
    """Private subnets in at least two zones."""
    allowed_security_groups: dict[str, str] = Field(default={})
    """Security groups from which the server is reached, by any name; nobody reaches it when empty."""
    name: Name | None = None
    """The server's name; that of the database, with hyphens, when left out."""
    deletion_protection: bool = True
    """Let RDS remove the server, and its backups, only after this was set to false and applied; there is a final
    snapshot even then."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.database.rds import RdsDatabase

    config = tokens.of(
        RdsConfig,
        "var",
        log_retention_days=tokens.number("var.log_retention_days"),
        performance_insights=chosen["performance_insights"],
        final_snapshot_name=None if chosen["final_snapshot_name"] else tokens.text("var.final_snapshot_name"),
        kms_key_arn=None if chosen["kms_key_arn"] else tokens.text("var.kms_key_arn"),
    )
    subnets = tuple(tokens.texts("var.subnet_ids"))
    network = NetworkRef(id=tokens.text("var.vpc_id"), cidr="", private_subnet_ids=subnets)
    database = RdsDatabase(scope, "module", config=config, context=context, network=network)
    database.allow_from(_only(tokens.text("each.value")))
    ref = database.ref
    return {
        "host": Output(ref.host, "The server's name in the network."),
        "port": Output(ref.port, "Its port."),
        "database_name": Output(ref.database, "The database made with the server."),
        "username": Output(ref.user, "The administrator's name."),
        "secret_arn": Output(
            ref.secret.remote_key,
            "The secret in AWS Secrets Manager with the administrator's `username` and `password`.",
        ),
        "security_group_id": Output(database.security_group.id, "The server's firewall."),
        "kms_key_arn": Output(ref.secret.kms_key_arn, "The key that server and secret are encrypted with."),
    }


def _only(security_group: str) -> ClusterRef:
    """Of a cluster what the server's firewall asks for."""
    return ClusterRef(
        name="",
        endpoint="",
        certificate_authority="",
        oidc_issuer="",
        security_group_id=security_group,
        node_groups=(),
    )


MODULE = Module(
    name="rds",
    summary="RDS for PostgreSQL: private, encrypted, TLS only, with a password that RDS makes and rotates.",
    inputs=(RdsInputs, RdsConfig),
    hidden=("kind", "namespace"),
    construct=RdsConfig.construct,
    build=_build,
    prefix="local.name",
    locals={"name": 'coalesce(var.name, replace(var.database_name, "_", "-"))'},
    choices=(
        Choice("deletion_protection", "var.deletion_protection"),
        Choice("performance_insights", "var.performance_insights"),
        Choice("kms_key_arn", "var.kms_key_arn == null"),
        Choice("final_snapshot_name", "var.final_snapshot_name == null"),
    ),
    each=Each("var.allowed_security_groups", ("name", "id"), constructs=("from_cluster",)),
    renamed={"from_cluster": "allowed"},
    sample={"vpc_id": "vpc-0a1b2c3d4e5f60718", "subnet_ids": ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]},
    rules=(
        Rule(
            "allocated_storage_gib",
            "var.max_allocated_storage_gib * 10 >= var.allocated_storage_gib * 11",
            "max_allocated_storage_gib is at least 10 % more, by which RDS lets the disk grow",
            "100",
        ),
    ),
)
