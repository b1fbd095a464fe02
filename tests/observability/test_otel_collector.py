from __future__ import annotations

from typing import Any

import pytest

from chart_values import chart_problems
from floe_infra.observability import OtelCollectorConfig
from floe_infra.observability.otel_collector import OtelCollector
from floe_infra.refs import TracesRef
from in_cluster import STEADY, CopiedSecrets, releases, secret, site, synthesized

JAEGER = TracesRef(
    otlp_grpc="jaeger.observability.svc.cluster.local:4317", ui="http://jaeger.observability.svc.cluster.local:16686"
)
GRAFANA = {"zone": "prod-eu-west-2", "secret": "team/grafana"}
DATADOG = {"site": "datadoghq.eu", "secret": "team/datadog"}
VENDORS = [{}, {"grafana_cloud": GRAFANA}, {"datadog": DATADOG}, {"grafana_cloud": GRAFANA, "datadog": DATADOG}]


def collector(
    exporters: dict[str, Any] | None = None, *, traces: TracesRef | None = JAEGER, generation: int = 1, **settings: Any
) -> tuple[dict[str, Any], OtelCollector, CopiedSecrets]:
    """What Helm gets, the construct, and the secrets that were copied for it."""
    config = OtelCollectorConfig.model_validate({"exporters": exporters or {}, **settings})
    operator, made = CopiedSecrets(), []
    secrets = [secret(name, *each.keys, generation=generation) for name, each in config.exporters.secrets.items()]

    def make(stack: Any) -> None:
        place = site(secrets=secrets, cluster_secrets=operator)
        made.append(OtelCollector(stack, "telemetry", config=config, site=place, traces=traces))

    block = releases(synthesized(make))["otel-collector"]
    assert block["namespace"] == "observability"
    return block["values"], made[0], operator


def pipelines(exporters: dict[str, Any], **more: Any) -> dict[str, Any]:
    values, _, _ = collector(exporters, **more)
    return values["config"]["service"]["pipelines"]


@pytest.mark.parametrize("exporters", VENDORS)
@pytest.mark.parametrize("traces", [JAEGER, None])
@pytest.mark.parametrize("percentage", [100, 10])
def test_pipelines_name_only_what_there_is(exporters, traces, percentage):
    """What they name and is not there would keep the collector from starting."""
    values, _, _ = collector(exporters, traces=traces, sampling_percentage=percentage)
    config = values["config"]
    there = {
        part: {name for name, each in config.get(part, {}).items() if each is not None}
        for part in ("receivers", "processors", "exporters", "connectors", "extensions")
    }
    there["processors"] |= {"memory_limiter"}  # the chart's own
    there["extensions"] |= {"health_check"}
    used: dict[str, set[str]] = {"receivers": set(), "exporters": set(), "processors": set()}
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["receivers"]
        assert pipeline["exporters"]
        for part, names in pipeline.items():
            used[part] |= set(names)
    connectors = there["connectors"]
    assert used["receivers"] == there["receivers"] | connectors
    assert used["exporters"] == there["exporters"] | connectors
    assert used["processors"] == there["processors"]
    assert set(config["service"]["extensions"]) == there["extensions"]


@pytest.mark.parametrize("exporters", VENDORS)
def test_the_chart_reads_every_value(exporters):
    values, _, _ = collector(exporters, sampling_percentage=10)
    assert chart_problems("opentelemetry-collector", values) == []


def test_what_the_chart_brings_unasked_is_taken_away():
    values, _, _ = collector()
    assert {name for name, each in values["config"]["receivers"].items() if each is None} == {
        "jaeger",
        "zipkin",
        "prometheus",
    }
    assert values["config"]["exporters"]["debug"] is None
    assert values["ports"]["zipkin"] == {"enabled": False}


def test_traces_go_to_jaeger_and_what_nobody_keeps_is_dropped():
    values, _, _ = collector()
    exporters = values["config"]["exporters"]
    assert exporters["otlp_grpc/jaeger"] == {"endpoint": JAEGER.otlp_grpc, "tls": {"insecure": True}}
    lines = values["config"]["service"]["pipelines"]
    assert {signal: line["exporters"] for signal, line in lines.items()} == {
        "traces": ["otlp_grpc/jaeger"],
        "metrics": ["nop"],
        "logs": ["nop"],
    }


def test_without_anybody_everything_is_accepted_and_dropped():
    assert [line["exporters"] for line in pipelines({}, traces=None).values()] == [["nop"]] * 3


def test_grafana_cloud_gets_every_signal_and_logs_in_from_the_environment():
    values, _, operator = collector({"grafana_cloud": GRAFANA})
    assert values["config"]["exporters"]["otlp_http/grafana_cloud"] == {
        "endpoint": "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp",
        "auth": {"authenticator": "basicauth/grafana_cloud"},
    }
    login = values["config"]["extensions"]["basicauth/grafana_cloud"]["client_auth"]
    assert login == {"username": "${env:GRAFANA_CLOUD_INSTANCE_ID}", "password": "${env:GRAFANA_CLOUD_API_KEY}"}
    variables = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in values["extraEnvs"]}
    assert variables == {
        "GRAFANA_CLOUD_INSTANCE_ID": {"name": "grafana-cloud", "key": "instance-id"},
        "GRAFANA_CLOUD_API_KEY": {"name": "grafana-cloud", "key": "api-key"},
    }
    assert list(operator.copies) == ["observability/grafana-cloud"]
    lines = pipelines({"grafana_cloud": GRAFANA})
    assert all("otlp_http/grafana_cloud" in line["exporters"] for line in lines.values())
    assert lines["traces"]["exporters"] == ["otlp_grpc/jaeger", "otlp_http/grafana_cloud"]


def test_datadog_counts_before_traces_are_thrown_away_and_keeps_its_counts_for_itself():
    lines = pipelines({"grafana_cloud": GRAFANA, "datadog": DATADOG}, sampling_percentage=5)
    assert lines["traces"]["exporters"] == ["datadog/connector"]
    assert "probabilistic_sampler" not in lines["traces"]["processors"]
    assert lines["traces/sampled"] == {
        "receivers": ["datadog/connector"],
        "processors": ["probabilistic_sampler", "batch"],
        "exporters": ["otlp_grpc/jaeger", "otlp_http/grafana_cloud", "datadog"],
    }
    assert (lines["metrics/datadog"]["receivers"], lines["metrics/datadog"]["exporters"]) == (
        ["datadog/connector"],
        ["datadog"],
    )
    assert "datadog/connector" not in lines["metrics"]["receivers"]


def test_datadog_is_in_the_larger_image_only():
    plain, _, _ = collector()
    values, _, _ = collector({"datadog": DATADOG})
    assert plain["image"]["repository"].endswith("/opentelemetry-collector-k8s")
    assert values["image"] == {
        "repository": "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib",
        "tag": "0.158.0",
    }
    assert values["config"]["exporters"]["datadog"] == {
        "api": {"site": "datadoghq.eu", "key": "${env:DD_API_KEY}"},
        "hostname": "acme-prod",
    }
    assert [each["valueFrom"]["secretKeyRef"] for each in values["extraEnvs"]] == [
        {"name": "datadog", "key": "api-key"}
    ]


def test_all_traces_are_kept_unless_asked():
    assert "probabilistic_sampler" not in pipelines({})["traces"]["processors"]
    values, _, _ = collector(sampling_percentage=12.5)
    assert values["config"]["processors"]["probabilistic_sampler"] == {"sampling_percentage": 12.5}
    assert values["config"]["service"]["pipelines"]["traces"]["processors"] == [
        "memory_limiter",
        "probabilistic_sampler",
        "batch",
    ]


def test_receivers_listen_everywhere_on_the_usual_ports():
    values, made, _ = collector()
    protocols = values["config"]["receivers"]["otlp"]["protocols"]
    assert {name: each["endpoint"] for name, each in protocols.items()} == {
        "grpc": "0.0.0.0:4317",
        "http": "0.0.0.0:4318",
    }
    assert made.ref.otlp_grpc == "http://otel-collector.observability.svc.cluster.local:4317"
    assert made.ref.otlp_http == "http://otel-collector.observability.svc.cluster.local:4318"


def test_connections_end_so_that_new_copies_get_work():
    values, _, _ = collector()
    parameters = values["config"]["receivers"]["otlp"]["protocols"]["grpc"]["keepalive"]["server_parameters"]
    assert parameters["max_connection_age"] == "300s"


def test_copies_follow_the_load():
    values, _, _ = collector(replicas=2, max_replicas=5)
    assert values["autoscaling"] == {
        "enabled": True,
        "minReplicas": 2,
        "maxReplicas": 5,
        "targetCPUUtilizationPercentage": 70,
    }
    assert values["podDisruptionBudget"]["enabled"] is True


def test_one_copy_does_not_hold_up_whoever_empties_its_node():
    values, _, _ = collector(replicas=1, max_replicas=None)
    assert values["autoscaling"]["enabled"] is False
    assert values["podDisruptionBudget"]["enabled"] is False


def test_pods_are_restricted_and_where_nobody_takes_nodes_away():
    values, _, _ = collector(memory_mib=300, cpu=0.1)
    assert values["podSecurityContext"]["runAsNonRoot"] is True
    assert values["securityContext"]["readOnlyRootFilesystem"] is True
    assert values["serviceAccount"]["automountServiceAccountToken"] is False
    assert values["resources"] == {"requests": {"cpu": "0.1", "memory": "300Mi"}, "limits": {"memory": "300Mi"}}
    assert {key: values[key] for key in STEADY} == STEADY
    [spread] = values["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == {"app.kubernetes.io/instance": "otel-collector"}


def test_a_key_made_anew_starts_the_pods_anew():
    values, _, _ = collector({"datadog": DATADOG}, generation=2)
    assert values["extraEnvs"][0]["valueFrom"]["secretKeyRef"]["name"] == "datadog-2"


def test_values_of_the_users_are_laid_over():
    values, _, _ = collector(values={"config": {"processors": {"batch": {"timeout": "5s"}}}})
    assert values["config"]["processors"]["batch"] == {"timeout": "5s"}
    assert values["config"]["receivers"]["zipkin"] is None
