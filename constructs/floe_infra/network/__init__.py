"""The private network."""

from floe_infra.network.config import (
    ExistingGcpNetworkConfig,
    ExistingVpcConfig,
    GcpNetworkConfig,
    NetworkConfig,
    Ranges,
    Subnets,
    VpcConfig,
)

__all__ = [
    "ExistingGcpNetworkConfig",
    "ExistingVpcConfig",
    "GcpNetworkConfig",
    "NetworkConfig",
    "Ranges",
    "Subnets",
    "VpcConfig",
]
