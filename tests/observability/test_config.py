from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from floe_infra.config import PlatformConfig
from floe_infra.config.schema import schema
from floe_infra.observability import (
    BadgerStorage,
    Datadog,
    ElasticsearchStorage,
    GrafanaCloud,
    JaegerConfig,
    MarquezConfig,
    MemoryStorage,
    OtelCollectorConfig,
)

SEARCH = {"kind": "elasticsearch", "server_urls": ["https://search.example.com:9200"]}


def platform(environment: str, **sections: Any) -> PlatformConfig:
    cloud = {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"}
    present = {"network": {"kind": "vpc"}, "cluster": {"kind": "eks"}, "database": {"kind": "rds"}}
    return PlatformConfig.model_validate(
        {"name": "acme", "environment": environment, "cloud": cloud, **present, **sections}
    )


def traces(environment: str, **settings: Any) -> Any:
    return platform(environment, traces={"kind": "jaeger", **settings}).traces


def refused(model: Any, **settings: Any) -> Any:
    with pytest.raises(ValidationError) as error:
        model.model_validate(settings)
    [finding] = error.value.errors()[0]["ctx"]["findings"]
    return finding


@pytest.mark.parametrize(
    ("environment", "copies", "most", "storage", "servers"),
    [
        ("local", 1, None, "memory", 1),
        ("dev", 1, None, "memory", 1),
        ("staging", 2, 3, "badger", 1),
        ("prod", 2, 6, "badger", 2),
    ],
)
def test_sizes_by_environment(environment, copies, most, storage, servers):
    config = platform(environment)
    assert (config.telemetry.replicas, config.telemetry.max_replicas) == (copies, most)
    assert (config.traces.storage.kind, config.traces.replicas) == (storage, 1)
    assert config.lineage.replicas == servers


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
@pytest.mark.parametrize("storage", [SEARCH, {"kind": "opensearch", "server_urls": ["http://search:9200"], "days": 3}])
def test_another_storage_takes_nothing_from_the_tiers(environment, storage):
    given = traces(environment, storage=storage).storage
    assert given.model_dump(exclude_unset=True) == storage


def test_one_number_of_the_usual_storage_is_enough():
    assert traces("dev", storage={"max_traces": 500}).storage == MemoryStorage(max_traces=500)
    assert traces("prod", storage={"days": 30}).storage == BadgerStorage(days=30)


@pytest.mark.parametrize("storage", [{"max_traces": 500}, {"days": 30}, {}, SEARCH])
def test_editors_take_what_the_loader_takes(storage):
    file = {"name": "acme", "environment": "dev", "cloud": {"region": "eu-west-1"}, "traces": {"storage": storage}}
    assert Draft202012Validator(schema()).is_valid(file)


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("storage", [MemoryStorage(), BadgerStorage(), BadgerStorage(days=2)])
def test_a_storage_chosen_in_python_stays(environment, storage):
    assert platform(environment, traces=JaegerConfig(storage=storage)).traces.storage == storage


@pytest.mark.parametrize("kind", ["memory", "badger"])
def test_copies_that_share_nothing_are_refused(kind):
    finding = refused(JaegerConfig, replicas=2, storage={"kind": kind})
    assert finding.path == ("replicas",)
    assert f"2 copies with storage {kind}" in finding.message
    assert "elasticsearch or opensearch" in finding.fix


def test_copies_that_share_their_storage_are_welcome():
    assert JaegerConfig(replicas=3, storage=ElasticsearchStorage(server_urls=["http://search:9200"])).replicas == 3


def test_fewest_and_most_copies_are_the_right_way_round():
    assert refused(OtelCollectorConfig, replicas=9).path == ("max_replicas",)
    assert OtelCollectorConfig(replicas=9, max_replicas=None)


@pytest.mark.parametrize("where", [{}, {"zone": "prod-eu-west-2", "endpoint": "https://otlp.example.com/otlp"}])
def test_grafana_cloud_is_in_one_place(where):
    assert refused(GrafanaCloud, secret="grafana", **where).allowed == "zone or endpoint"


def test_where_grafana_cloud_takes_otlp():
    assert GrafanaCloud(zone="prod-eu-west-2", secret="grafana").url == (
        "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp"
    )
    assert GrafanaCloud(endpoint="https://otlp.example.com/otlp", secret="grafana").url.endswith("example.com/otlp")


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (GrafanaCloud, {"endpoint": "http://otlp.example.com/otlp", "secret": "grafana"}),  # in plain text
        (GrafanaCloud, {"endpoint": "https://otlp.example.com/{{ .Values }}", "secret": "grafana"}),  # a template
        (GrafanaCloud, {"endpoint": "https://1234:key@otlp.example.com/otlp", "secret": "grafana"}),  # a login
        (Datadog, {"site": "datadog.com", "secret": "datadog"}),
        (Datadog, {"site": "app.datadoghq.eu.evil.example", "secret": "datadog"}),
        (MarquezConfig, {"image": "marquezproject/marquez"}),
        (MarquezConfig, {"image": "marquezproject/marquez:latest"}),
        (MarquezConfig, {"image": "registry.example.com:5000/marquez"}),
        (ElasticsearchStorage, {"server_urls": ["https://user:secret@search.example.com"]}),
    ],
)
def test_what_is_not_valid(model, settings):
    with pytest.raises(ValidationError, match=r"not valid here|holds a password"):
        model.model_validate(settings)


@pytest.mark.parametrize(
    "image", ["marquezproject/marquez:0.51.1", "registry.example.com:5000/lineage/marquez:latest-0.51.1"]
)
def test_images_with_a_version(image):
    assert MarquezConfig(image=image).image == image


@pytest.mark.parametrize("site", ["datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com"])
def test_datadog_sites(site):
    assert Datadog(site=site, secret="datadog").site == site


def test_what_the_services_need_of_the_cloud():
    vendors = {
        "grafana_cloud": {"zone": "prod-eu-west-2", "secret": "team/grafana"},
        "datadog": {"secret": "team/datadog"},
    }
    config = platform(
        "prod",
        telemetry={"exporters": vendors},
        traces={"storage": {**SEARCH, "secret": "team/search"}},
    )
    found = {
        name: (existing.remote_name, existing.keys)
        for need in config.needs.values()
        for name, existing in need.existing.items()
    }
    assert found == {
        "grafana-cloud": ("team/grafana", ("instance-id", "api-key")),
        "datadog": ("team/datadog", ("api-key",)),
        "traces-storage": ("team/search", ("username", "password")),
    }
    assert config.needs["lineage"].databases == ("marquez",)


def test_by_default_nobody_elses_secrets_are_read():
    config = platform("prod")
    assert not any(config.needs[section].existing for section in ("telemetry", "traces", "lineage"))
