"""floe-runtime itself, installed with what is handed over to it."""

from floe_infra.orchestration.config import FloeChartsConfig, OrchestrationConfig

__all__ = ["FloeChartsConfig", "OrchestrationConfig"]
