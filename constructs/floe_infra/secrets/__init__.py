"""Secrets: who makes their values, and how they get to the pods that need them."""

from floe_infra.secrets.config import ExternalSecretsConfig, InClusterSecretsConfig, SecretManagerConfig, SecretsConfig

__all__ = ["ExternalSecretsConfig", "InClusterSecretsConfig", "SecretManagerConfig", "SecretsConfig"]
