"""The private network."""

from floe_infra.network.config import ExistingVpcConfig, NetworkConfig, Subnets, VpcConfig

__all__ = ["ExistingVpcConfig", "NetworkConfig", "Subnets", "VpcConfig"]
