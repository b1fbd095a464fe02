"""Secrets: who makes their values, and how they get to the pods that need them."""

from floe_infra.secrets.config import (
    ExternalSecretsConfig,
    InClusterSecretsConfig,
    OpenBaoConfig,
    SecretManagerConfig,
    SecretsConfig,
    VaultConfig,
)
from floe_infra.secrets.in_files.config import SealedSecretsConfig, SopsConfig

__all__ = [
    "ExternalSecretsConfig",
    "InClusterSecretsConfig",
    "OpenBaoConfig",
    "SealedSecretsConfig",
    "SecretManagerConfig",
    "SecretsConfig",
    "SopsConfig",
    "VaultConfig",
]
