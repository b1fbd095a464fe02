"""A VPC of the platform's own."""

from __future__ import annotations

from cdktf import Fn, Op, Postcondition, TerraformResourceLifecycle, TerraformSelf
from cdktf_cdktf_provider_aws.data_aws_availability_zones import (
    DataAwsAvailabilityZones,
    DataAwsAvailabilityZonesFilter,
)
from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.vpc import Vpc as AwsVpc
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from floe_infra.cloud.kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.network.config import VpcConfig
from floe_infra.network.flow_logs import FlowLogs
from floe_infra.network.subnets import cut
from floe_infra.network.zone import ANYWHERE, Zone
from floe_infra.refs import NetworkRef

_WITHOUT_EKS = ["use1-az3", "usw1-az2", "cac1-az3"]
"""Zones in which EKS takes no subnets (https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html). These are
ids: which letter a zone has differs from account to account."""
_LETTERS = "abcdef"
"""What ends the names of a region's own zones: a closed list, so that no other kind of zone comes along one day."""


class Vpc(Construct):
    """Private and public subnets in two or three zones.

    Attributes:
        ref: what other rooms take. Its subnets come with their routes: what is made in them can reach the internet.
        vpc: the VPC itself.
        default_security_group: closed.
        public_routes: the public subnets' route table.
        zones: the subnets, by zone.
        nat_gateways: one, or one for each zone.
        s3_endpoint: the way to S3 that costs nothing and does not lead over the internet.
        key: the flow logs' key, or None when an existing one is used.
        flow_logs: who talked to whom.
    """

    def __init__(self, scope: Construct, id: str, *, config: VpcConfig, context: Context) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        self.vpc = AwsVpc(
            self,
            "vpc",
            cidr_block=config.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,  # EKS' private endpoint and RDS are reached by name
            tags={"Name": context.prefix},
        )
        self.default_security_group = DefaultSecurityGroup(self, "default_security_group", vpc_id=self.vpc.id)
        self.public_routes = RouteTable(
            self, "public_routes", vpc_id=self.vpc.id, tags={"Name": f"{context.prefix}-public"}
        )
        self.zones = self._zones()
        self.nat_gateways = self._nat_gateways()
        self.s3_endpoint = VpcEndpoint(
            self,
            "s3_endpoint",
            vpc_id=self.vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{context.region}.s3",
            route_table_ids=[self.public_routes.id, *(zone.private_routes.id for zone in self.zones)],
            tags={"Name": f"{context.prefix}-s3"},
        )
        self.key = (
            None
            if config.kms_key_arn
            else EncryptionKey(self, "key", context=context, purpose="network", log_groups=True)
        )
        self.flow_logs = FlowLogs(
            self,
            "flow_logs",
            vpc_id=self.vpc.id,
            days=config.flow_logs_days,
            kms_key_arn=self.key.arn if self.key else config.kms_key_arn or "",
            context=context,
        )
        self.ref = NetworkRef(
            id=self.vpc.id,
            cidr=self.vpc.cidr_block,
            private_subnet_ids=tuple(zone.private_association.subnet_id or "" for zone in self.zones),
            public_subnet_ids=tuple(zone.public_association.subnet_id or "" for zone in self.zones),
        )

    def _zones(self) -> list[Zone]:
        gateway = InternetGateway(self, "internet_gateway", vpc_id=self.vpc.id, tags={"Name": self._context.prefix})
        internet = Route(
            self,
            "public_route",
            route_table_id=self.public_routes.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
        )
        names = self._zone_names()
        subnets = cut(self._config)
        return [
            Zone(
                self,
                f"zone_{number}",
                vpc_id=self.vpc.id,
                zone=Fn.element(names, number),
                name=f"{self._context.prefix}-{number}",
                private_cidr=private,
                public_cidr=public,
                public_routes=self.public_routes,
                internet=internet,
            )
            for number, (private, public) in enumerate(zip(subnets.private, subnets.public, strict=True))
        ]

    def _nat_gateways(self) -> list[NatGateway]:
        """A private subnet must not be used before it has its way out, hence the association comes last."""
        owners = self.zones if self._config.nat == "per_zone" else self.zones[:1]
        gateways = [zone.nat_gateway() for zone in owners]
        for number, zone in enumerate(self.zones):
            zone.go_out_through(gateways[number % len(gateways)])
        return gateways

    def _zone_names(self) -> list[str]:
        """The region's zones, in alphabetical order, without Local and Wavelength Zones."""
        zones, region = self._config.zones, self._context.region
        available = DataAwsAvailabilityZones(
            self,
            "available",
            state="available",
            exclude_zone_ids=_WITHOUT_EKS,
            filter=[
                DataAwsAvailabilityZonesFilter(name="opt-in-status", values=["opt-in-not-required"]),
                DataAwsAvailabilityZonesFilter(name="zone-name", values=[f"{region}{letter}" for letter in _LETTERS]),
            ],
            lifecycle=TerraformResourceLifecycle(
                postcondition=[
                    Postcondition(
                        condition=Op.gte(Fn.length_of(TerraformSelf.get_any("names")), zones),
                        error_message=f"{region} has fewer than {zones} zones for EKS: lower network.zones.",
                    )
                ]
            ),
        )
        return available.names
