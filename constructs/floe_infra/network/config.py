"""The network that cluster and database live in."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from floe_infra.fields import Arn, Cidr, LogRetentionDays, Matches, invalid, is_token
from floe_infra.model import Disabled, Kind, Model

VpcId = Annotated[str, Matches(r"vpc-[0-9a-f]{8,17}", "a VPC's id such as vpc-0a1b2c3d4e5f60718")]
SubnetId = Annotated[str, Matches(r"subnet-[0-9a-f]{8,17}", "a subnet's id such as subnet-0a1b2c3d4e5f60718")]


class Subnets(Model):
    """Networks inside the VPC's, one for each zone."""

    private: list[Cidr]
    """For nodes, pods and the database."""
    public: list[Cidr]
    """For load balancers and NAT gateways."""


class VpcConfig(Kind):
    """A VPC of the platform's own, with private and public subnets in two or three zones."""

    kind: Literal["vpc"] = "vpc"
    """A new AWS VPC."""
    cidr: Cidr = "10.0.0.0/16"
    """The VPC's network, /16 to /20: nodes and pods each take an address of it."""
    zones: Annotated[int, Field(ge=2, le=3)] = 3
    """Number of availability zones; EKS and RDS need two."""
    subnets: Subnets | None = None
    """Cut from `cidr` when left out: for each zone a quarter of it for the private subnet and a 64th for the public."""
    nat: Literal["single", "per_zone"] = "per_zone"
    """One NAT gateway, or one for each zone, which survives the loss of a zone and costs as many times as much."""
    flow_logs_days: LogRetentionDays = 365
    """Days for which the log of accepted and rejected connections is kept."""
    kms_key_arn: Arn | None = None
    """An existing key that encrypts the log, whose policy lets CloudWatch Logs use it; a new one when left out."""

    construct: ClassVar = "floe_infra.network.vpc:Vpc"
    clouds: ClassVar = frozenset({"aws"})

    @model_validator(mode="after")
    def _check_cidr(self) -> Self:
        if is_token(self.cidr):
            return self
        length = IPv4Network(self.cidr).prefixlen
        if not 16 <= length <= 20:
            raise invalid(
                f"{self.cidr} is a /{length}",
                allowed="/16 to /20: AWS takes nothing larger, and pods would soon fill what is smaller",
                field="cidr",
            )
        return self

    @model_validator(mode="after")
    def _check_subnets(self) -> Self:
        placed: list[tuple[str, IPv4Network]] = []
        for field, network in self._given_subnets():
            if not 16 <= network.prefixlen <= 27:
                raise invalid(
                    f"{network} is a /{network.prefixlen}",
                    allowed="/16 to /27: AWS keeps five addresses, and a load balancer wants eight free ones",
                    field=field,
                )
            if not is_token(self.cidr) and not network.subnet_of(IPv4Network(self.cidr)):
                raise invalid(f"{network} lies outside {self.cidr}", allowed=f"a part of {self.cidr}", field=field)
            for other_field, other in placed:
                if network.overlaps(other):
                    raise invalid(
                        f"{network} overlaps {other} ({other_field})",
                        allowed="subnets that share no address",
                        field=field,
                    )
            placed.append((field, network))
        return self

    def _given_subnets(self) -> Iterator[tuple[str, IPv4Network]]:
        """The file's subnets with their key paths, but those that only Terraform knows."""
        if self.subnets is None:
            return
        for group in ("private", "public"):
            networks = getattr(self.subnets, group)
            if len(networks) != self.zones:
                raise invalid(
                    f"{len(networks)} subnets for {self.zones} zones",
                    allowed="one for each zone",
                    field=f"subnets.{group}",
                )
            for index, text in enumerate(networks):
                if not is_token(text):
                    yield f"subnets.{group}.{index}", IPv4Network(text)


class ExistingVpcConfig(Kind):
    """A VPC that is there already."""

    kind: Literal["existing_vpc"] = "existing_vpc"
    """An existing AWS VPC."""
    vpc_id: VpcId
    """Its id."""
    private_subnet_ids: Annotated[list[SubnetId], Field(min_length=2)]
    """Subnets in at least two zones, with a way out to the internet or endpoints for the AWS services."""
    public_subnet_ids: list[SubnetId] = []
    """Subnets for public load balancers, tagged `kubernetes.io/role/elb: 1`."""

    construct: ClassVar = "floe_infra.network.existing_vpc:ExistingVpc"
    clouds: ClassVar = frozenset({"aws"})

    @model_validator(mode="after")
    def _check_subnets(self) -> Self:
        seen: set[str] = set()
        for group in ("private", "public"):
            for index, subnet in enumerate(getattr(self, f"{group}_subnet_ids")):
                if subnet in seen:
                    raise invalid(
                        f"{subnet!r} is named twice", allowed="each subnet once", field=f"{group}_subnet_ids.{index}"
                    )
                seen.add(subnet)
        return self


NetworkConfig = Annotated[VpcConfig | ExistingVpcConfig | Disabled, Field(discriminator="kind")]
