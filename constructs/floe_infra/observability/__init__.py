"""Traces, metrics and lineage: where they go, and where they are looked at."""

from floe_infra.observability.config import (
    JaegerConfig,
    LineageConfig,
    MarquezConfig,
    OtelCollectorConfig,
    TelemetryConfig,
    TracesConfig,
)

__all__ = [
    "JaegerConfig",
    "LineageConfig",
    "MarquezConfig",
    "OtelCollectorConfig",
    "TelemetryConfig",
    "TracesConfig",
]
