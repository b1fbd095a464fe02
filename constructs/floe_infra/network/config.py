"""The network that cluster and database live in."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from floe_infra.fields import Cidr, Matches, invalid, is_token
from floe_infra.model import Disabled, Kind, Model

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
    """Cut from `cidr` when left out: a quarter of it for each zone's private subnet, small public ones."""
    nat: Literal["single", "per_zone"] = "per_zone"
    """One NAT gateway, or one for each zone, which survives the loss of a zone and costs as many times as much."""
    flow_logs_days: Annotated[int, Field(ge=1, le=3653)] = 365
    """Days for which the log of accepted and rejected connections is kept."""

    construct: ClassVar = "floe_infra.network.vpc:Vpc"
    clouds: ClassVar = frozenset({"aws"})

    @model_validator(mode="after")
    def _check_subnets(self) -> Self:
        if is_token(self.cidr):
            return self
        vpc = IPv4Network(self.cidr)
        if not 16 <= vpc.prefixlen <= 20:
            raise invalid(
                f"{self.cidr} is a /{vpc.prefixlen}",
                allowed="/16 to /20 (AWS takes at most /16)",
                field="cidr",
            )
        if self.subnets is None:
            return self
        placed: list[tuple[str, IPv4Network]] = []
        for group in ("private", "public"):
            networks = getattr(self.subnets, group)
            if len(networks) != self.zones:
                raise invalid(
                    f"{len(networks)} subnets for {self.zones} zones",
                    allowed="one for each zone",
                    field=f"subnets.{group}",
                )
            for index, text in enumerate(networks):
                if is_token(text):
                    continue
                network = IPv4Network(text)
                field = f"subnets.{group}.{index}"
                if not network.subnet_of(vpc):
                    raise invalid(f"{text} lies outside {self.cidr}", allowed=f"a part of {self.cidr}", field=field)
                for other_field, other in placed:
                    if network.overlaps(other):
                        raise invalid(
                            f"{text} overlaps {other} ({other_field})",
                            allowed="subnets that share no address",
                            field=field,
                        )
                placed.append((field, network))
        return self


class ExistingVpcConfig(Kind):
    """A VPC that is there already."""

    kind: Literal["existing_vpc"] = "existing_vpc"
    """An existing AWS VPC."""
    vpc_id: Annotated[str, Matches(r"vpc-[0-9a-f]{8,17}", "a VPC's id such as vpc-0a1b2c3d4e5f60718")]
    """Its id."""
    private_subnet_ids: Annotated[list[SubnetId], Field(min_length=2)]
    """Subnets in at least two zones, with a way out to the internet or endpoints for the AWS services."""
    public_subnet_ids: list[SubnetId] = []
    """Subnets for public load balancers."""

    construct: ClassVar = "floe_infra.network.existing_vpc:ExistingVpc"
    clouds: ClassVar = frozenset({"aws"})


NetworkConfig = Annotated[VpcConfig | ExistingVpcConfig | Disabled, Field(discriminator="kind")]
