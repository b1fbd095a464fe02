"""Traces, metrics and lineage: where they go, and where they are looked at."""

from floe_infra.observability.config import (
    BadgerStorage,
    Datadog,
    ElasticsearchStorage,
    Exporters,
    GrafanaCloud,
    JaegerConfig,
    LineageConfig,
    MarquezConfig,
    MemoryStorage,
    OpenSearchStorage,
    OtelCollectorConfig,
    TelemetryConfig,
    TracesConfig,
)

__all__ = [
    "BadgerStorage",
    "Datadog",
    "ElasticsearchStorage",
    "Exporters",
    "GrafanaCloud",
    "JaegerConfig",
    "LineageConfig",
    "MarquezConfig",
    "MemoryStorage",
    "OpenSearchStorage",
    "OtelCollectorConfig",
    "TelemetryConfig",
    "TracesConfig",
]
