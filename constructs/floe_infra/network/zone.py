"""One availability zone's part of a VPC."""

from __future__ import annotations

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from constructs import Construct

ANYWHERE = "0.0.0.0/0"


class Zone(Construct):
    """A zone's public and private subnet.

    The private subnet has a route table of its own even where all zones share a NAT gateway, so that a gateway for
    each zone can come later without anything being replaced.

    Args:
        zone: the availability zone's name.
        name: begins the subnets' `Name` tags.
        public_routes: the route table of all public subnets, and `internet` the route in it that leads out.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc_id: str,
        zone: str,
        name: str,
        private_cidr: str,
        public_cidr: str,
        public_routes: RouteTable,
        internet: ITerraformDependable,
    ) -> None:
        super().__init__(scope, id)
        self._vpc_id, self._zone, self._name, self._internet = vpc_id, zone, name, internet
        self.public = self._subnet("public", public_cidr, load_balancers="elb")
        self.public_association = RouteTableAssociation(
            self,
            "public_association",
            subnet_id=self.public.id,
            route_table_id=public_routes.id,
            depends_on=[internet],
        )
        self.private = self._subnet("private", private_cidr, load_balancers="internal-elb")
        self.private_routes = RouteTable(self, "private_routes", vpc_id=vpc_id, tags={"Name": f"{name}-private"})

    def nat_gateway(self) -> NatGateway:
        """A NAT gateway in the public subnet."""
        address = Eip(self, "nat_address", domain="vpc", tags={"Name": self._name}, depends_on=[self._internet])
        return NatGateway(
            self,
            "nat",
            allocation_id=address.id,
            subnet_id=self.public.id,
            tags={"Name": self._name},
            depends_on=[self._internet],
        )

    def go_out_through(self, nat: NatGateway) -> None:
        """Lead the private subnet's traffic to the internet through a NAT gateway, of this zone or another."""
        self.private_route = Route(
            self,
            "private_route",
            route_table_id=self.private_routes.id,
            destination_cidr_block=ANYWHERE,
            nat_gateway_id=nat.id,
        )
        self.private_association = RouteTableAssociation(
            self,
            "private_association",
            subnet_id=self.private.id,
            route_table_id=self.private_routes.id,
            depends_on=[self.private_route],
        )

    def _subnet(self, kind: str, cidr: str, *, load_balancers: str) -> Subnet:
        """Load balancers find their subnets by tag
        (https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/)."""
        return Subnet(
            self,
            kind,
            vpc_id=self._vpc_id,
            cidr_block=cidr,
            availability_zone=self._zone,
            map_public_ip_on_launch=False,
            tags={"Name": f"{self._name}-{kind}", f"kubernetes.io/role/{load_balancers}": "1"},
            # The list of zones is shorter while one of them is out of order. The subnets stay where they are.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["availability_zone"]),
        )
