"""How a VPC's network is cut into subnets when the file does not say.

The first three quarters are the private subnets of zones 0, 1 and 2: nodes take addresses there, and with EKS' network
plugin so does every pod. The last quarter is cut into sixteenths: the first three are the public subnets, which hold
only load balancers and NAT gateways; the rest stays free for what may come. Of 10.0.0.0/16:

    zone        0              1              2
    private     10.0.0.0/18    10.0.64.0/18   10.0.128.0/18
    public      10.0.192.0/22  10.0.196.0/22  10.0.200.0/22

A zone's share does not depend on how many zones there are, so going from two to three moves nothing.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from cdktf import Fn

from floe_infra.fields import is_token
from floe_infra.network.config import GcpNetworkConfig, Ranges, Subnets, VpcConfig


def cut(config: VpcConfig) -> Subnets:
    """The file's subnets, else those cut from the VPC's network."""
    zones = range(config.zones)
    return config.subnets or Subnets(
        private=[_part(config.cidr, 2, zone) for zone in zones],
        public=[_part(config.cidr, 6, 48 + zone) for zone in zones],
    )


def ranges(config: GcpNetworkConfig) -> Ranges:
    """Likewise on Google, where a subnet spans all zones: its first half for pods, of which each node takes 256
    addresses at once; then a quarter for nodes, and of the last quarter a part each for Services and for Google's own.
    Of 10.0.0.0/16:

        pods                10.0.0.0/17
        nodes               10.0.128.0/18
        services            10.0.192.0/20
        private services    10.0.208.0/20
    """
    return config.ranges or Ranges(
        pods=_part(config.cidr, 1, 0),
        nodes=_part(config.cidr, 2, 2),
        services=_part(config.cidr, 4, 12),
        private_services=_part(config.cidr, 4, 13),
    )


def _part(cidr: str, bits: int, number: int) -> str:
    """One of the 2^bits equal parts of a network; what Terraform's `cidrsubnet` returns."""
    if is_token(cidr):
        return Fn.cidrsubnet(cidr, bits, number)
    network = IPv4Network(cidr)
    size = network.num_addresses >> bits
    return str(IPv4Network((network.network_address + number * size, network.prefixlen + bits)))
