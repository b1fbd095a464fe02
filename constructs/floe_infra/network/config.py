"""The network that cluster and database live in."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import Cidr, Finding, GoogleProject, KmsKeyArn, LogRetentionDays, Matches, is_token
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
    kms_key_arn: KmsKeyArn | None = None
    """An existing key that encrypts the log, whose policy lets CloudWatch Logs use it; a new one when left out."""

    construct: ClassVar = "floe_infra.network.vpc:Vpc"
    clouds: ClassVar = frozenset({"aws"})

    def findings(self) -> Iterator[Finding]:
        """The network's size, and subnets that are too small, lie outside or overlap."""
        vpc = None if is_token(self.cidr) else IPv4Network(self.cidr)
        if vpc and not 16 <= vpc.prefixlen <= 20:
            yield Finding(
                ("cidr",),
                f"{vpc} is a /{vpc.prefixlen}",
                "/16 to /20: AWS takes nothing larger, and pods would soon fill what is smaller",
            )
        for group, networks in self._given_subnets():
            if len(networks) != self.zones:
                path = ("subnets", group)
                yield Finding(path, f"{len(networks)} subnets for {self.zones} zones", "one for each zone")
        placed: list[IPv4Network] = []
        for group, networks in self._given_subnets():
            for index, text in enumerate(networks):
                if is_token(text):
                    continue
                subnet = IPv4Network(text)
                if problem := _misplaced(subnet, vpc, placed):
                    yield Finding(("subnets", group, index), *problem)
                placed.append(subnet)

    def _given_subnets(self) -> list[tuple[str, list[str]]]:
        return [("private", self.subnets.private), ("public", self.subnets.public)] if self.subnets else []


def _misplaced(subnet: IPv4Network, vpc: IPv4Network | None, others: list[IPv4Network]) -> tuple[str, str] | None:
    """What is wrong with a subnet, and what would be right."""
    if not 16 <= subnet.prefixlen <= 27:
        allowed = "/16 to /27: AWS keeps five addresses, and a load balancer wants eight free ones"
        return f"{subnet} is a /{subnet.prefixlen}", allowed
    if vpc and not subnet.subnet_of(vpc):
        return f"{subnet} lies outside {vpc}", f"a part of {vpc}"
    for other in others:
        if subnet.overlaps(other):
            return f"{subnet} overlaps the subnet {other}", "subnets that share no address"
    return None


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

    def findings(self) -> Iterator[Finding]:
        """Subnets that are named twice."""
        seen: set[str] = set()
        for key in ("private_subnet_ids", "public_subnet_ids"):
            for index, subnet in enumerate(getattr(self, key)):
                if subnet in seen:
                    yield Finding((key, index), f"{subnet!r} is named twice", "each subnet once")
                seen.add(subnet)


_SIZES = {"nodes": (8, 28), "pods": (9, 24), "services": (16, 27), "private_services": (8, 24)}
"""Shortest and longest prefix of each range
(https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips#cluster_sizing,
https://cloud.google.com/vpc/docs/configure-private-services-access#allocating-range)."""
_NOT_FOR_SUBNETS = {
    IPv4Network("172.17.0.0/16"): "Docker uses on Cloud SQL's machines",
    **dict.fromkeys(
        map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "199.36.153.4/30", "199.36.153.8/30")),
        "Google keeps for itself",
    ),
    IPv4Network("224.0.0.0/4"): "is for multicast",
}
"""https://cloud.google.com/vpc/docs/subnets#prohibited-ranges, https://cloud.google.com/sql/docs/postgres/private-ip"""


class Ranges(Model):
    """Networks that share no address."""

    nodes: Cidr
    """The subnet itself: an address for each node and load balancer."""
    pods: Cidr
    """The subnet's secondary range for pods, of which each node takes a /24."""
    services: Cidr
    """The subnet's secondary range for Kubernetes' Services."""
    private_services: Cidr
    """For what Google runs in a network of its own, such as Cloud SQL."""

    def findings(self) -> Iterator[Finding]:
        """Ranges that are too large or small, that Google does not take, or that overlap."""
        placed: dict[str, IPv4Network] = {}
        for key, text in self:
            if is_token(text):
                continue
            network = IPv4Network(text)
            shortest, longest = _SIZES[key]
            if not shortest <= network.prefixlen <= longest:
                yield Finding((key,), f"{network} is a /{network.prefixlen}", f"/{shortest} to /{longest}")
            for other, why in _NOT_FOR_SUBNETS.items():
                if network.overlaps(other):
                    yield Finding((key,), f"{network} overlaps {other}, which {why}", "another private network")
            for name, other in placed.items():
                if network.overlaps(other):
                    yield Finding((key,), f"{network} overlaps {other} of {name}", "networks that share no address")
            placed[key] = network


class GcpNetworkConfig(Kind):
    """A network of the platform's own on Google Cloud, with one subnet in the platform's region, which spans all of its
    zones."""

    kind: Literal["gcp_network"] = "gcp_network"
    """A new Google Cloud network."""
    cidr: Cidr = "10.0.0.0/16"
    """What `ranges` are cut from, /12 to /20: a half for pods, a quarter for nodes."""
    ranges: Ranges | None = None
    """Cut from `cidr` when left out. Given, they may lie anywhere."""
    flow_logs_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """Days for which the log of accepted and rejected connections is kept."""

    construct: ClassVar = "floe_infra.network.gcp_network:GcpNetwork"
    clouds: ClassVar = frozenset({"gcp"})

    @property
    def pods_prefix(self) -> int | None:
        """Prefix of the range for pods; None while only Terraform knows it."""
        pods = self.ranges.pods if self.ranges else self.cidr
        return None if is_token(pods) else IPv4Network(pods).prefixlen + (0 if self.ranges else 1)

    def findings(self) -> Iterator[Finding]:
        """The network's size, and whether Google takes it."""
        if self.ranges or is_token(self.cidr):
            return
        network = IPv4Network(self.cidr)
        if not 12 <= network.prefixlen <= 20:
            allowed = "/12 to /20: Cloud SQL wants a /24 at least, and of this it is a sixteenth"
            yield Finding(("cidr",), f"{network} is a /{network.prefixlen}", allowed)
        for other, why in _NOT_FOR_SUBNETS.items():
            if network.overlaps(other):
                yield Finding(("cidr",), f"{network} overlaps {other}, which {why}", "another private network")


GoogleName = Annotated[
    str,
    Matches(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", "at most 63 lower-case letters, digits and hyphens, a letter first"),
]
"""https://cloud.google.com/compute/docs/naming-resources"""


class ExistingGcpNetworkConfig(Kind):
    """A network on Google Cloud that is there already, with a subnet in the platform's region that has a way out to the
    internet (Cloud NAT) and Private Google Access."""

    kind: Literal["existing_gcp_network"] = "existing_gcp_network"
    """An existing Google Cloud network."""
    network: GoogleName
    """Its name."""
    subnet: GoogleName
    """The subnet's name."""
    pod_range: GoogleName
    """The name of the subnet's secondary range for pods."""
    service_range: GoogleName
    """The name of the subnet's secondary range for Kubernetes' Services."""
    project: GoogleProject | None = None
    """The project that the network is in; the platform's when left out. In a Shared VPC it is the host project, where
    GKE's service agent must be a `roles/container.hostServiceAgentUser`."""

    construct: ClassVar = "floe_infra.network.existing_gcp_network:ExistingGcpNetwork"
    clouds: ClassVar = frozenset({"gcp"})

    def findings(self) -> Iterator[Finding]:
        """Pods and Services that would share a range."""
        if self.pod_range == self.service_range and not is_token(self.pod_range):
            message = f"{self.service_range} is the range for pods already"
            yield Finding(("service_range",), message, "a range of its own")


NetworkConfig = Annotated[
    VpcConfig | ExistingVpcConfig | GcpNetworkConfig | ExistingGcpNetworkConfig | Disabled, Field(discriminator="kind")
]
