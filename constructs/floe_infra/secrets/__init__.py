"""Secrets: who makes their values, and how they get to the pods that need them."""

from floe_infra.secrets.config import (
    ExternalSecretsConfig,
    InClusterSecretsConfig,
    OpenBaoConfig,
    SecretManagerConfig,
    SecretsConfig,
    VaultConfig,
)

__all__ = [
    "ExternalSecretsConfig",
    "InClusterSecretsConfig",
    "OpenBaoConfig",
    "SecretManagerConfig",
    "SecretsConfig",
    "VaultConfig",
]
