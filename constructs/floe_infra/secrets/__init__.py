"""Secrets: who makes their values, and how they get to the pods that need them."""

from floe_infra.secrets.config import ExternalSecretsConfig, InClusterSecretsConfig, SecretsConfig

__all__ = ["ExternalSecretsConfig", "InClusterSecretsConfig", "SecretsConfig"]
