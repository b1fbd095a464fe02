"""A network of the platform's own on Google Cloud."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, Token
from cdktf_cdktf_provider_google.compute_firewall import (
    ComputeFirewall,
    ComputeFirewallDeny,
    ComputeFirewallLogConfig,
)
from cdktf_cdktf_provider_google.compute_global_address import ComputeGlobalAddress
from cdktf_cdktf_provider_google.compute_network import ComputeNetwork
from cdktf_cdktf_provider_google.compute_router import ComputeRouter
from cdktf_cdktf_provider_google.compute_router_nat import (
    ComputeRouterNat,
    ComputeRouterNatLogConfig,
    ComputeRouterNatSubnetwork,
)
from cdktf_cdktf_provider_google.compute_subnetwork import (
    ComputeSubnetwork,
    ComputeSubnetworkLogConfig,
    ComputeSubnetworkSecondaryIpRange,
)
from cdktf_cdktf_provider_google.service_networking_connection import ServiceNetworkingConnection
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.cloud.google_logs import LogBucket
from floe_infra.context import Context
from floe_infra.fields import is_token
from floe_infra.network.config import GcpNetworkConfig
from floe_infra.network.subnets import ranges
from floe_infra.refs import NetworkRef

_PODS = "pods"
_SERVICES = "services"
_LAST = 65534
"""The lowest priority that a rule can have before those which are implied."""


class GcpNetwork(Construct):
    """One private subnet that spans the region's zones: nothing in it has a public address.

    Attributes:
        ref: what other rooms take.
        network: the network itself.
        subnet: for nodes, with secondary ranges for pods and Services. Google's APIs are reached without a way out.
        firewall: nobody gets in but by a rule that says so; GKE makes those that its cluster needs. It would be so
            without this one too, which also logs who tried.
        router: what the NAT gateway hangs on.
        nat: the way out to everything else.
        private_range: addresses for what Google runs in a network of its own.
        private_services: the way to there.
        flow_logs: who talked to whom.
    """

    def __init__(self, scope: Construct, id: str, *, config: GcpNetworkConfig, context: Context) -> None:
        super().__init__(scope, id)
        self._context = context
        given = ranges(config)
        self.network = ComputeNetwork(
            self,
            "network",
            name=context.prefix,
            description=f"Network of {context.prefix}",
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            depends_on=[google.api(self, "compute")],
        )
        self.subnet = ComputeSubnetwork(
            self,
            "subnet",
            name=context.prefix,
            network=self.network.id,
            region=context.region,
            ip_cidr_range=given.nodes,
            secondary_ip_range=[
                ComputeSubnetworkSecondaryIpRange(range_name=name, ip_cidr_range=range)
                for name, range in ((_PODS, given.pods), (_SERVICES, given.services))
            ],
            private_ip_google_access=True,
            log_config=ComputeSubnetworkLogConfig(
                aggregation_interval="INTERVAL_10_MIN", flow_sampling=1, metadata="INCLUDE_ALL_METADATA"
            ),
        )
        self.firewall = ComputeFirewall(
            self,
            "firewall",
            name=f"{context.prefix}-deny-ingress",
            description="What no other rule lets in is logged and turned away",
            network=self.network.id,
            direction="INGRESS",
            priority=_LAST,
            source_ranges=["0.0.0.0/0"],
            deny=[ComputeFirewallDeny(protocol="all")],
            log_config=ComputeFirewallLogConfig(metadata="INCLUDE_ALL_METADATA"),
        )
        self.router = ComputeRouter(self, "router", name=context.prefix, network=self.network.id, region=context.region)
        self.nat = self._nat()
        self.private_range = ComputeGlobalAddress(
            self,
            "private_range",
            name=f"{context.prefix}-private-services",
            network=self.network.id,
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            **_address(given.private_services),
        )
        self.private_services = ServiceNetworkingConnection(
            self,
            "private_services",
            network=self.network.id,
            service="servicenetworking.googleapis.com",
            reserved_peering_ranges=[self.private_range.name],
            # For days after a database is gone Google refuses to remove this; it goes with the network
            # (https://cloud.google.com/vpc/docs/configure-private-services-access#removing-connection).
            deletion_policy="ABANDON",
            depends_on=[google.api(self, "servicenetworking")],
        )
        self.flow_logs = LogBucket(
            self,
            "flow_logs",
            purpose="network",
            description=f"Flow and firewall logs of {context.prefix}",
            filter=_flows(self.subnet.name),
            days=config.flow_logs_days,
            context=context,
        )
        self.ref = NetworkRef(
            id=self.network.id,
            cidr=config.cidr,
            private_subnet_ids=(self.subnet.id,),
            pod_range=_PODS,
            service_range=_SERVICES,
            private_services=self.private_services.network,
        )

    def _nat(self) -> ComputeRouterNat:
        """With as many ports for each node as it happens to need: with 64, the usual number, a node full of pods that
        all talk to one address would soon have none left
        (https://cloud.google.com/nat/docs/ports-and-addresses#dynamic-port)."""
        return ComputeRouterNat(
            self,
            "nat",
            name=self._context.prefix,
            router=self.router.name,
            region=self._context.region,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetwork=[ComputeRouterNatSubnetwork(name=self.subnet.id, source_ip_ranges_to_nat=["ALL_IP_RANGES"])],
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=64,
            max_ports_per_vm=4096,
            log_config=ComputeRouterNatLogConfig(enable=True, filter="ERRORS_ONLY"),
        )


def _flows(subnet: str) -> str:
    """Who talked to whom there, and who was turned away, as a filter of logs."""
    logs = " OR ".join(f'log_id("compute.googleapis.com/{log}")' for log in ("vpc_flows", "firewall"))
    return f'resource.type="gce_subnetwork" AND resource.labels.subnetwork_name="{subnet}" AND ({logs})'


def _address(cidr: str) -> dict[str, Any]:
    """A network, as reserved addresses take it."""
    if is_token(cidr):
        parts = Fn.split("/", cidr)
        return {"address": Fn.element(parts, 0), "prefix_length": Token.as_number(Fn.element(parts, 1))}
    address, _, length = cidr.partition("/")
    return {"address": address, "prefix_length": int(length)}
