"""What floe-runtime finds when it comes: its namespace, its identity, its secrets."""

from floe_infra.handoff.config import FloeRuntimeConfig, RuntimeConfig

__all__ = ["FloeRuntimeConfig", "RuntimeConfig"]
