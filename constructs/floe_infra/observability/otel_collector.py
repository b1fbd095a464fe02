"""The OpenTelemetry Collector: the one address for telemetry, whoever keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import CONTAINER_SECURITY, POD_SECURITY, resources, secret_env
from floe_infra.kubernetes.placement import spread
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.network.edges import Workload
from floe_infra.observability.config import DATADOG_SECRET, GRAFANA_SECRET, OtelCollectorConfig
from floe_infra.refs import TelemetryRef, TracesRef
from floe_infra.unknown import otherwise

NAME = "otel-collector"
_IMAGES = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector"
_VERSION = "0.158.0"
"""Of the chart's own choice; exporters have their names since 0.144."""
_USER = 10001
"""In all of the project's images."""
_JAEGER, _GRAFANA, _DATADOG, _STATS, _NOBODY = (
    "otlp_grpc/jaeger",
    "otlp_http/grafana_cloud",
    "datadog",
    "datadog/connector",
    "nop",
)
_GRAFANA_LOGIN = "basicauth/grafana_cloud"
_ENVIRONMENT = {
    GRAFANA_SECRET: {"GRAFANA_CLOUD_INSTANCE_ID": "instance-id", "GRAFANA_CLOUD_API_KEY": "api-key"},
    DATADOG_SECRET: {"DD_API_KEY": "api-key"},
}
"""By secret: environment variables, and the keys they come from."""


class OtelCollector(Construct):
    """The collector, with an exporter for each place that keeps something.

    Attributes:
        ref: where to send.
        secrets: the vendors' keys, copied.
        release: the collector.
        ready: what sends comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: OtelCollectorConfig,
        site: Site,
        traces: TracesRef | None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        namespace = config.namespace
        copies = [SecretCopy(name, site.secrets[name]) for name in config.exporters.secrets]
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=copies) if copies else []
        self.release = site.release(
            self,
            NAME,
            chart=charts.OTEL_COLLECTOR,
            namespace=namespace,
            values={
                **_pods(config, site),
                **site.restarting("podAnnotations", namespace, *(copy.ref(namespace).name for copy in copies)),
                "extraEnvs": [
                    secret_env(variable, secret=copy.ref(namespace).name, key=key)
                    for copy in copies
                    for variable, key in _ENVIRONMENT[copy.name].items()
                ],
                "config": _configuration(config, traces, platform=site.context.prefix),
            },
            user_values=config.values,
            after=[*self.secrets, *after],
        )
        host = f"{NAME}.{namespace}.svc.cluster.local"
        self.ref = TelemetryRef(otlp_grpc=f"http://{host}:4317", otlp_http=f"http://{host}:4318")
        self.ready = [self.release.release]

    @staticmethod
    def workloads(config: OtelCollectorConfig) -> tuple[Workload, ...]:
        """The collector."""
        grafana, datadog = config.exporters.grafana_cloud, config.exporters.datadog
        ports = [urlsplit(grafana.url).port or 443] if grafana else []
        return (
            Workload(
                NAME,
                config.namespace,
                {"app.kubernetes.io/instance": NAME, "component": "standalone-collector"},
                serves=(4317, 4318),
                metrics=(8888,),
                takes=("traces",),
                elsewhere=tuple(dict.fromkeys([*ports, *([443] if datadog else [])])),
            ),
        )


def _pods(config: OtelCollectorConfig, site: Site) -> dict[str, Any]:
    """All but the configuration. The chart restarts the pods when that changes."""
    most = otherwise(config.max_replicas, config.replicas)
    return {
        "fullnameOverride": NAME,
        "mode": "deployment",
        # The smaller image knows everything but Datadog.
        "image": {"repository": f"{_IMAGES}-{'contrib' if config.exporters.datadog else 'k8s'}", "tag": _VERSION},
        "replicaCount": config.replicas,
        "autoscaling": {
            "enabled": most > config.replicas,
            "minReplicas": config.replicas,
            "maxReplicas": most,
            "targetCPUUtilizationPercentage": 70,
        },
        "podDisruptionBudget": {"enabled": config.replicas > 1, "minAvailable": 1},
        "resources": resources(cpu=f"{config.cpu:g}", memory=f"{config.memory_mib}Mi"),
        "serviceAccount": {"create": True, "name": NAME, "automountServiceAccountToken": False},
        "podSecurityContext": {**POD_SECURITY, "runAsUser": _USER, "runAsGroup": _USER},
        "securityContext": CONTAINER_SECURITY,
        "ports": {
            **{port: {"enabled": False} for port in ("jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin")},
            "metrics": {"enabled": True},
        },
        "topologySpreadConstraints": spread(**{"app.kubernetes.io/instance": NAME}),
        **site.steady.values,
    }


def _configuration(config: OtelCollectorConfig, traces: TracesRef | None, *, platform: str) -> dict[str, Any]:
    """Laid over the chart's: null takes something of that away."""
    exporters = _exporters(config, traces, platform=platform)
    login = {_GRAFANA_LOGIN: _LOGIN} if config.exporters.grafana_cloud else {}
    sampler = {"probabilistic_sampler": {"sampling_percentage": config.sampling_percentage}}
    return {
        "receivers": {"otlp": {"protocols": _PROTOCOLS}, "jaeger": None, "zipkin": None, "prometheus": None},
        "processors": {"batch": {"timeout": "1s"}, **(sampler if _samples(config) else {})},
        "exporters": {"debug": None, **exporters},
        **({"connectors": {_STATS: {}}} if _DATADOG in exporters else {}),
        "extensions": login,
        "service": {"extensions": ["health_check", *login], "pipelines": _pipelines(config, exporters)},
    }


_PROTOCOLS = {
    "grpc": {
        "endpoint": "0.0.0.0:4317",
        # A connection stays with one copy as long as it lives: without an end to it new copies would have no work.
        "keepalive": {"server_parameters": {"max_connection_age": "300s", "max_connection_age_grace": "30s"}},
    },
    "http": {"endpoint": "0.0.0.0:4318"},
}
_LOGIN = {"client_auth": {"username": "${env:GRAFANA_CLOUD_INSTANCE_ID}", "password": "${env:GRAFANA_CLOUD_API_KEY}"}}


def _samples(config: OtelCollectorConfig) -> bool:
    return config.sampling_percentage < 100


def _exporters(config: OtelCollectorConfig, traces: TracesRef | None, *, platform: str) -> dict[str, Any]:
    exporters: dict[str, Any] = {}
    if traces:
        exporters[_JAEGER] = {"endpoint": traces.otlp_grpc, "tls": {"insecure": True}}
    if grafana := config.exporters.grafana_cloud:
        exporters[_GRAFANA] = {"endpoint": grafana.url, "auth": {"authenticator": _GRAFANA_LOGIN}}
    if datadog := config.exporters.datadog:
        exporters[_DATADOG] = {
            "api": {"site": datadog.site, "key": "${env:DD_API_KEY}"},
            # Of what names no host; else each copy of the collector would count as one.
            "hostname": platform,
        }
    if not (config.exporters.grafana_cloud or config.exporters.datadog):
        exporters[_NOBODY] = {}
    return exporters


def _pipelines(config: OtelCollectorConfig, exporters: Mapping[str, Any]) -> dict[str, Any]:
    """By signal. Jaeger takes traces only. What nobody keeps is dropped here, so that those who send it need not care.

    Datadog counts requests from all traces, so it counts before most of them are thrown away; what it counts is for
    itself alone (https://docs.datadoghq.com/opentelemetry/ingestion_sampling/).
    """
    vendors = [name for name in exporters if name != _JAEGER]
    keepers = [name for name in exporters if name != _NOBODY] or [_NOBODY]
    sampler = ["probabilistic_sampler"] if _samples(config) else []
    pipelines = {
        "traces": _pipeline(["otlp"], ["memory_limiter", *sampler, "batch"], keepers),
        "metrics": _pipeline(["otlp"], ["memory_limiter", "batch"], vendors),
        "logs": _pipeline(["otlp"], ["memory_limiter", "batch"], vendors),
    }
    if _DATADOG in exporters:
        pipelines["traces"] = _pipeline(["otlp"], ["memory_limiter", "batch"], [_STATS])
        pipelines["traces/sampled"] = _pipeline([_STATS], [*sampler, "batch"], keepers)
        pipelines["metrics/datadog"] = _pipeline([_STATS], ["batch"], [_DATADOG])
    return pipelines


def _pipeline(receivers: list[str], processors: list[str], exporters: list[str]) -> dict[str, Any]:
    return {"receivers": receivers, "processors": processors, "exporters": exporters}
