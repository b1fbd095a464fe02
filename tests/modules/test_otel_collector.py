from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from floe_infra.observability.config import DATADOG_SECRET, GRAFANA_SECRET, OtelCollectorConfig
from floe_infra.refs import TracesRef

from .in_cluster import SITE, secret, site
from .stand_ins import Case

KEYS = {GRAFANA_SECRET: ("instance-id", "api-key"), DATADOG_SECRET: ("api-key",)}
JAEGER = "jaeger.traces.svc.cluster.local:4317"
GRAFANA = {"zone": "prod-eu-west-2", "secret": "acme-prod/grafana"}
GRAFANA_AT = {"endpoint": "https://otlp.example.com:8443/otlp", "secret": "acme-prod/grafana"}
DATADOG = {"secret": "acme-prod/datadog"}
HOST = {"hostname": "acme-prod"}
"""The name that the platform has in `CONTEXT`."""


def collector(traces: str | None = None, *, special: bool = False, **config: Any) -> Callable[[Any], Any]:
    from floe_infra.observability.otel_collector import OtelCollector

    parsed = OtelCollectorConfig.model_validate(config)
    secrets = [secret(name, each.remote_name, *KEYS[name]) for name, each in parsed.exporters.secrets.items()]
    return lambda scope: OtelCollector(
        scope,
        "telemetry",
        config=parsed,
        site=site("otel-collector", *secrets, special=special),
        traces=TracesRef(otlp_grpc=traces, ui="") if traces else None,
    )


def case(builds: Callable[[Any], Any], **variables: Any) -> Case:
    return Case("otel-collector", {"namespace": "observability", **variables}, builds)


ALL: dict[str, Any] = {
    "namespace": "otel",
    "sampling_percentage": 12.5,
    "replicas": 3,
    "max_replicas": 3,
    "memory_mib": 2048,
    "cpu": 1.5,
    "values": {"image": {"pullPolicy": "Always"}, "config": {"processors": {"batch": {"timeout": "5s"}}}},
}
ONE = {"replicas": 1, "max_replicas": None}
CASES = {
    "collector-default": case(collector()),
    "collector-all": case(
        collector(JAEGER, special=True, exporters={"grafana_cloud": GRAFANA_AT, "datadog": DATADOG}, **ALL),
        **SITE,
        **ALL,
        traces_endpoint=JAEGER,
        grafana_cloud=GRAFANA_AT,
        datadog={**DATADOG, **HOST},
    ),
    "collector-traces": case(collector(JAEGER), traces_endpoint=JAEGER),
    "collector-traces-sampled": case(
        collector(JAEGER, sampling_percentage=50, **ONE), traces_endpoint=JAEGER, sampling_percentage=50, **ONE
    ),
    "collector-grafana": case(collector(exporters={"grafana_cloud": GRAFANA}), grafana_cloud=GRAFANA),
    "collector-traces-grafana": case(
        collector(JAEGER, exporters={"grafana_cloud": GRAFANA}, sampling_percentage=1),
        traces_endpoint=JAEGER,
        grafana_cloud=GRAFANA,
        sampling_percentage=1,
    ),
    "collector-datadog": case(
        collector(exporters={"datadog": {**DATADOG, "site": "us5.datadoghq.com"}}),
        datadog={**DATADOG, **HOST, "site": "us5.datadoghq.com"},
    ),
    "collector-traces-datadog": case(
        collector(JAEGER, exporters={"datadog": DATADOG}, sampling_percentage=0.5),
        traces_endpoint=JAEGER,
        datadog={**DATADOG, **HOST},
        sampling_percentage=0.5,
    ),
    "collector-vendors": case(
        collector(exporters={"grafana_cloud": GRAFANA, "datadog": DATADOG}),
        grafana_cloud=GRAFANA,
        datadog={**DATADOG, **HOST},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_module_gives_what_the_construct_gives(case, given):
    assert given[case].by_module
    assert given[case].by_module == given[case].by_construct
