"""Every value that the examples give a chart is one that it reads; and the check itself sees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chart_values import (
    CHARTS,
    READ_ALL_THE_SAME,
    chart_problems,
    commented_keys,
    emitted_values,
    read_chart,
    read_yaml,
    value_problems,
)
from floe_infra.config import load
from floe_infra.synthesis import synthesize

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]
needs_charts = pytest.mark.skipif(not CHARTS.is_dir(), reason="the charts' own values are not at hand")


@needs_charts
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_examples_give_what_charts_read(file: Path, tmp_path: Path):
    stacks = synthesize(load(file), tmp_path / "cdktf.out")
    problems = {stack.name: value_problems(json.loads(stack.file.read_text())) for stack in stacks}
    assert problems == {stack.name: [] for stack in stacks}


def rendered_examples() -> list[Any]:
    """The values that were rendered with each chart when its facts were written down."""
    facts = CHARTS / "FACTS.md"
    text = facts.read_text(encoding="utf-8") if facts.is_file() else ""
    found = re.findall(r"```yaml\n# values: ([\w-]+).*?\n(.*?)```", text, re.DOTALL)
    return [pytest.param(chart, read_yaml(values), id=chart) for chart, values in found]


@pytest.mark.parametrize(("chart", "values"), rendered_examples())
def test_rendered_values_pass(chart, values):
    assert read_chart(chart) is not None
    assert chart_problems(chart, values) == []


@needs_charts
@pytest.mark.parametrize(
    ("chart", "values", "path"),
    [
        ("trino", {"imge": {"tag": "480"}}, "imge"),
        ("trino", {"server": {"worker": 3}}, "server.worker"),
        ("trino", {"worker": {"jvm": {"maxHeap": "8G"}}}, "worker.jvm.maxHeap"),
        ("trino", {"worker": {"config": {"query": {"maxMem": "1GB"}}}}, "worker.config.query.maxMem"),
        ("trino", {"coordinator": {"topologySpreadConstraints": []}}, "coordinator.topologySpreadConstraints"),
        ("jaeger", {"allInOne": {"enabled": True}}, "allInOne"),  # of charts before 4.2
        ("jaeger", {"config": {"service": {}}}, "config"),  # of which its README speaks
        ("nessie", {"service": {"ports": [{"name": "a", "port": 1}]}}, "service.ports[0].port"),
        ("nessie", {"catalog": {"storage": {"s3": {"defaults": {}}}}}, "catalog.storage.s3.defaults"),
        ("marquez", {"marquez": {"db": {"pasword": None}}}, "marquez.db.pasword"),
        ("external-secrets", {"webhook": {"replicas": 2}}, "webhook.replicas"),
        ("polaris", {"persistence": {"relationalJdbc": {"secrets": {}}}}, "persistence.relationalJdbc.secrets"),
        ("opentelemetry-collector", {"config": {"service": {"pipeline": {}}}}, "config.service.pipeline"),
        ("dagster", {"dagsterDaemon": {"runRetries": {"enable": True}}}, "dagsterDaemon.runRetries.enable"),
        ("vault", {"server": {"ha": {"raft": {"conf": ""}}}}, "server.ha.raft.conf"),
        ("opentelemetry-collector", {"ports": {"jaeger": {"enabled": False}}}, "ports.jaeger"),
        ("opentelemetry-collector", {"config": {"receivers": {"zipkins": None}}}, "config.receivers.zipkins"),
        ("trino", {"catalogs": {"tcph": None}}, "catalogs.tcph"),
        ("jaeger", {"jaeger": {"resources": {"request": {}}}}, "jaeger.resources.request"),  # null by default
        (
            "jaeger",
            {"jaeger": {"topologySpreadConstraints": [{"skew": 1}]}},
            "jaeger.topologySpreadConstraints[0].skew",
        ),
    ],
)
def test_misspelt_keys(chart, values, path):
    [found, *_] = chart_problems(chart, values)
    assert found.startswith(f"{path}: the chart has no such value")


@needs_charts
@pytest.mark.parametrize(
    ("values", "path", "meant"),
    [
        ({"worker": {"resources": {"limit": {}}}}, "worker.resources.limit", "limits"),
        ({"securityContext": {"runAsNonroot": True}}, "securityContext.runAsNonroot", "runAsNonRoot"),
        ({"worker": {"affinity": {"podAffinty": {}}}}, "worker.affinity.podAffinty", "podAffinity"),
        ({"worker": {"tolerations": [{}, {"keys": "a"}]}}, "worker.tolerations[1].keys", "key"),
        ({"env": [{"name": "A", "val": "b"}]}, "env[0].val", "value"),
        ({"envFrom": [{"secret": {"name": "a"}}]}, "envFrom[0].secret", "secretRef"),
    ],
)
def test_misspelt_keys_of_what_kubernetes_gets(values, path, meant):
    assert chart_problems("trino", values) == [f"{path}: the chart has no such value; {meant} is one"]


@needs_charts
def test_misspelt_keys_of_a_subchart():
    values = {"dagster-user-deployments": {"deployments": [{"name": "a", "imag": {}}]}}
    [found, *_] = chart_problems("dagster", values)
    assert found == "dagster-user-deployments.deployments[0].imag: the chart has no such value; image is one"


@needs_charts
@pytest.mark.parametrize(
    ("chart", "values", "problem"),
    [
        ("trino", {"image": "trinodb/trino:480"}, 'image: a map is read, not "trinodb/trino:480"'),
        ("trino", {"image": {"tag": {"a": 1}}}, 'image.tag: a scalar is read, not {"a": 1}'),
        ("trino", {"server": {"workers": [2]}}, "server.workers: a scalar is read, not [2]"),
        ("trino", {"worker": {"tolerations": {"key": "a"}}}, 'worker.tolerations: a list is read, not {"key": "a"}'),
        ("trino", {"worker": {"nodeSelector": ["a"]}}, 'worker.nodeSelector: a map is read, not ["a"]'),
        ("trino", {"networkPolicy": {"enabled": "false"}}, 'networkPolicy.enabled: a boolean is read, not "false"'),
        ("jaeger", {"jaeger": {"extraEnv": {"A": "b"}}}, 'jaeger.extraEnv: a list is read, not {"A": "b"}'),
        ("nessie", {"ingress": {"hosts": ["a"]}}, 'ingress.hosts[0]: a map is read, not "a"'),
    ],
)
def test_values_of_another_kind(chart, values, problem):
    assert chart_problems(chart, values) == [problem]


@needs_charts
@pytest.mark.parametrize(
    ("chart", "values"),
    [
        pytest.param("trino", {}, id="nothing"),
        pytest.param("trino", {"catalogs": {"tpch": None, "lake": "connector.name=iceberg"}}, id="beside defaults"),
        pytest.param("trino", {"worker": {"annotations": {"a/b": "c"}, "nodeSelector": {"d": "e"}}}, id="free keys"),
        pytest.param("trino", {"server": {"keda": {"pollingInterval": 60}}, "global": {"a": 1}}, id="global"),
        pytest.param("trino", {"worker": {"jvm": {"maxHeapSize": None}}}, id="null"),
        pytest.param("minio", {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}, id="resources"),
        pytest.param("vault", {"injector": {"enabled": False}, "csi": {"enabled": True}}, id="switches that are text"),
        pytest.param("cluster-autoscaler", {"extraArgs": {"expander": "least-waste"}}, id="in a comment"),
        pytest.param("not-here", {"a": 1}, id="no such chart at hand"),
    ],
)
def test_values_that_are_read(chart, values):
    assert chart_problems(chart, values) == []


@needs_charts
@pytest.mark.parametrize(
    ("chart", "values", "problem"),
    [
        ("polaris", {"image": {"pullPolicy": "always"}}, "image.pullPolicy: 'always' is not one of"),
        ("polaris", {"replicaCount": 0}, "replicaCount: 0 is less than the minimum of 1"),
        ("opentelemetry-collector", {"mode": "deploy"}, "mode: 'deploy' is not one of"),
        ("opentelemetry-collector", {"ports": {"otlp": {"enable": True}}}, "ports.otlp: Additional properties"),
        ("dagster", {"runLauncher": {"type": "K8s"}}, "runLauncher.type: 'K8s' is not one of"),
        (
            "dagster",
            {"dagster-user-deployments": {"deployments": [{"name": "a"}]}},
            "dagster-user-deployments.deployments.0: 'image' is a required property",
        ),
    ],
)
def test_schemas_of_charts(chart, values, problem):
    assert any(found.startswith(problem) for found in chart_problems(chart, values))


@needs_charts
def test_exceptions_are_still_needed():
    """A path that its chart's values.yaml names by now is checked like all others."""
    for name, paths in READ_ALL_THE_SAME.items():
        chart = read_chart(name)
        assert chart is not None
        for path in (path for path in paths if not path.endswith("*")):
            *above, key = path.split(".")
            default = chart.defaults
            for step in above:
                default = default[step]
            assert key not in {*default, *chart.commented.get(tuple(above), ())}, f"{name}: {path}"


def test_keys_in_comments():
    text = """
top: 1
# plain: 2
#tight: 3
resources: {}
  # limits:
  #   cpu: 100m
server:
  # config: {}
  jvm:
    heap: 8G  # not_a_key: here
    # Prose: which only looks like a key
  script: |
    # shell: comment
    key: value
  #  odd: 4
list:
  - name: a
    # value: b
# - element: c
"""
    assert commented_keys(text) == {
        (): {"plain", "tight"},
        ("resources",): {"limits"},
        ("resources", "limits"): {"cpu"},
        ("server",): {"config"},
        ("server", "jvm"): {"Prose"},
        ("server", "script"): {"odd"},
        ("list",): {"value", "element"},
    }


def release(*documents: str, **arguments: Any) -> dict[str, Any]:
    return {"name": "a", "chart": "trino", "values": list(documents), **arguments}


@pytest.mark.parametrize(
    ("document", "values"),
    [
        ('{"a": "$${ENV:X}", "b": "50 %%{x}", "c": "$x $$y"}', {"a": "${ENV:X}", "b": "50 %{x}", "c": "$x $$y"}),
        ('{"a": "s3://${aws_s3_bucket.x.id}/b", "n": ${aws_db.x.port}}', {"a": "s3://token/b", "n": 1}),
        ('{"a": "${x["k"]}", "b": "say \\"${y}\\" {"}', {"a": "token", "b": 'say "token" {'}),
        ('{"a": "${sha256("{\\"k\\": \\"}$${z}${v["w"]}\\"")}", "b": 2}', {"a": "token", "b": 2}),
        ('{"a": null, "b": [true, "ü"]}', {"a": None, "b": [True, "ü"]}),
    ],
)
def test_values_as_helm_gets_them(document, values):
    assert emitted_values(release(document)) == values


def test_later_documents_are_laid_over_earlier_ones():
    values = emitted_values(release('{"a": {"b": 1, "c": [1, 2]}}', '{"a": {"b": null, "c": [3]}, "d": 4}'))
    assert values == {"a": {"b": None, "c": [3]}, "d": 4}


@needs_charts
@pytest.mark.parametrize("chart", ["trino", "oci://registry.example.com/charts/trino", "./mirror/trino/"])
def test_problems_of_a_stack_say_where(chart):
    stack = {"resource": {"helm_release": {"query_trino": release('{"imge": {}}', chart=chart)}}}
    assert value_problems(stack) == ["helm_release.query_trino: imge: the chart has no such value; image is one"]


def test_values_given_otherwise_are_refused():
    stack = {"resource": {"helm_release": {"x": release("{}", set_wo=[{"name": "imge", "value": "a"}])}}}
    assert value_problems(stack) == ["helm_release.x: set_wo: give values in `values` only, which are checked"]


def test_stacks_without_releases():
    assert value_problems({"terraform": {}}) == []
