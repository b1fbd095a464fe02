"""`terraform-modules/otel-collector`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from floe_infra.context import Context
from floe_infra.fields import Matches
from floe_infra.model import Model
from floe_infra.modules.definition import Choice, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.inputs import SCALES_UP, HostPort
from floe_infra.modules.site import SecretsInputs, SiteInputs, secret, site
from floe_infra.observability.config import (
    DATADOG_SECRET,
    GRAFANA_SECRET,
    Datadog,
    Exporters,
    GrafanaCloud,
    OtelCollectorConfig,
)
from floe_infra.refs import TracesRef

if TYPE_CHECKING:
    from constructs import Construct

HostName = Annotated[
    str,
    Matches(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?", "a host's name: letters, digits, dots and hyphens"),
]


class DatadogAccount(Datadog):
    """Datadog: traces, metrics and logs."""

    hostname: HostName
    """The host of what names none, such as the platform's name; else each copy of the collector would count as one."""


class CollectorInputs(Model):
    """What the module asks for besides what the configuration does."""

    traces_endpoint: HostPort | None = None
    """Where traces are kept besides, by OTLP/gRPC without TLS: host:port, such as `module.jaeger.otlp_grpc`; nowhere
    when left out."""
    grafana_cloud: GrafanaCloud | None = None
    """The stack of Grafana Cloud that everything is sent to; none when left out."""
    datadog: DatadogAccount | None = None
    """The account of Datadog that everything is sent to; none when left out."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.observability.otel_collector import OtelCollector

    exporters: dict[str, Any] = {}
    secrets = {}
    if chosen["grafana_cloud"]:
        endpoint = (
            'var.grafana_cloud.endpoint == null ? "https://otlp-gateway-${var.grafana_cloud.zone}.grafana.net/otlp" : '
            "var.grafana_cloud.endpoint"
        )
        exporters["grafana_cloud"] = GrafanaCloud.model_construct(zone=None, endpoint=tokens.text(endpoint), secret="")
        secrets[GRAFANA_SECRET] = secret(tokens, GRAFANA_SECRET, "var.grafana_cloud.secret", "instance-id", "api-key")
    if chosen["datadog"]:
        exporters["datadog"] = Datadog.model_construct(site=tokens.text("var.datadog.site"), secret="")
        secrets[DATADOG_SECRET] = secret(tokens, DATADOG_SECRET, "var.datadog.secret", "api-key")
    collector = OtelCollector(
        scope,
        "module",
        config=tokens.of(
            OtelCollectorConfig,
            "var",
            exporters=Exporters.model_construct(**exporters),
            max_replicas=tokens.number("var.max_replicas").nullable,
            values=tokens.entries("var.values"),
        ),
        site=site("otel-collector", tokens, context, secrets=secrets),
        traces=TracesRef(otlp_grpc=tokens.text("var.traces_endpoint"), ui="") if chosen["traces"] else None,
    )
    return {
        "otlp_grpc": Output(collector.ref.otlp_grpc, "Where telemetry goes by OTLP/gRPC, inside the cluster."),
        "otlp_http": Output(collector.ref.otlp_http, "Where telemetry goes by OTLP/HTTP; without the signal's path."),
    }


MODULE = Module(
    name="otel-collector",
    summary="OpenTelemetry Collector: one address for traces, metrics and logs, from where they go to who keeps them.",
    inputs=(CollectorInputs, SiteInputs, OtelCollectorConfig, SecretsInputs),
    construct="floe_infra.observability.otel_collector:OtelCollector",
    # The one place for it is what Datadog calls the host.
    prefix="var.datadog.hostname",
    providers=("helm",),
    build=_build,
    # The exporters are variables of their own.
    hidden=("kind", "exporters"),
    choices=(
        Choice("datadog", "var.datadog != null"),
        Choice("traces", "var.traces_endpoint != null"),
        Choice("grafana_cloud", "var.grafana_cloud != null"),
        Choice("samples", "var.sampling_percentage < 100"),
    ),
    rules=(
        SCALES_UP,
        Rule(
            "grafana_cloud",
            "var.grafana_cloud == null ? true : "
            "(var.grafana_cloud.zone == null) != (var.grafana_cloud.endpoint == null)",
            "zone or endpoint, and not both",
            '{ secret = "acme-prod/grafana-cloud" }',
        ),
    ),
    sample={
        "namespace": "observability",
        "node_selector": {"node-type": "on-demand"},
        "grafana_cloud": {"zone": "prod-eu-west-2", "secret": "acme-prod/grafana-cloud"},
        "datadog": {"secret": "acme-prod/datadog", "hostname": "acme-prod"},
    },
)
