"""Traces, metrics and lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import KubernetesName
from floe_infra.model import Disabled, Kind
from floe_infra.needs import Needs

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

NAMESPACE = "observability"


class OtelCollectorConfig(Kind):
    """The OpenTelemetry Collector: everything sends to it, and it alone knows who keeps what."""

    kind: Literal["otel_collector"] = "otel_collector"
    """OpenTelemetry Collector."""
    replicas: Annotated[int, Field(ge=1, le=20)] = 2
    """Copies of the collector."""
    namespace: KubernetesName = NAMESPACE
    """The Kubernetes namespace."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here."""

    service: ClassVar = "floe_infra.observability.otel_collector:OtelCollector"
    clouds: ClassVar = frozenset({"aws"})

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """A namespace."""
        return Needs(namespace=self.namespace)


TelemetryConfig = Annotated[OtelCollectorConfig | Disabled, Field(discriminator="kind")]


class JaegerConfig(Kind):
    """Jaeger: keeps traces, and shows them."""

    kind: Literal["jaeger"] = "jaeger"
    """Jaeger."""
    namespace: KubernetesName = NAMESPACE
    """The Kubernetes namespace."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here."""

    service: ClassVar = "floe_infra.observability.jaeger:Jaeger"
    clouds: ClassVar = frozenset({"aws"})

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """A namespace."""
        return Needs(namespace=self.namespace)


TracesConfig = Annotated[JaegerConfig | Disabled, Field(discriminator="kind")]


class MarquezConfig(Kind):
    """Marquez: keeps what was made of what, and shows it."""

    kind: Literal["marquez"] = "marquez"
    """Marquez."""
    namespace: KubernetesName = NAMESPACE
    """The Kubernetes namespace."""

    service: ClassVar = "floe_infra.observability.marquez:Marquez"
    clouds: ClassVar = frozenset({"aws"})

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """A database."""
        return Needs(namespace=self.namespace, databases=("marquez",))


LineageConfig = Annotated[MarquezConfig | Disabled, Field(discriminator="kind")]
