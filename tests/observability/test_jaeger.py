from __future__ import annotations

import re
from typing import Any

import pytest

from chart_values import chart_problems
from floe_infra.observability import JaegerConfig
from floe_infra.observability.jaeger import Jaeger
from in_cluster import STEADY, CopiedSecrets, objects, releases, secret, site, synthesized
from synthesized import resources

SEARCH = {"kind": "opensearch", "server_urls": ["https://a.example.com:9200", "https://b.example.com:9200"]}
STORAGES = [{"kind": "memory"}, {"kind": "badger"}, SEARCH, {**SEARCH, "kind": "elasticsearch", "secret": "team/es"}]


def jaeger(storage: dict[str, Any] | None = None, **settings: Any) -> tuple[dict[str, Any], Jaeger]:
    """The stack and the construct."""
    config = JaegerConfig.model_validate({"storage": storage or {"kind": "badger"}, **settings})
    secrets = [secret(name, *each.keys) for name, each in config.secrets.items()]
    made = []

    def make(stack: Any) -> None:
        place = site(secrets=secrets, cluster_secrets=CopiedSecrets())
        made.append(Jaeger(stack, "traces", config=config, site=place))

    return synthesized(make), made[0]


def values(storage: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    stack, _ = jaeger(storage, **settings)
    return releases(stack)["jaeger"]["values"]


def backend(storage: dict[str, Any]) -> dict[str, Any]:
    return values(storage)["userconfig"]["extensions"]["jaeger_storage"]["backends"]["main"]


@pytest.mark.parametrize("storage", STORAGES)
def test_the_chart_reads_every_value(storage):
    assert chart_problems("jaeger", values(storage)) == []


@pytest.mark.parametrize("storage", STORAGES)
def test_the_configuration_is_whole(storage):
    """It takes the place of the image's own, so whatever it names must be in it."""
    config = values(storage)["userconfig"]
    assert set(config["service"]["extensions"]) == set(config["extensions"])
    [pipeline] = config["service"]["pipelines"].values()
    assert {part: set(names) for part, names in pipeline.items()} == {
        part: set(config[part]) for part in ("receivers", "processors", "exporters")
    }
    stores = set(config["extensions"]["jaeger_storage"]["backends"])
    assert {config["extensions"]["jaeger_query"]["storage"]["traces"]} == stores
    assert {config["exporters"]["jaeger_storage_exporter"]["trace_storage"]} == stores


def test_it_answers_the_probes_and_listens_everywhere():
    config = values()["userconfig"]
    extensions, protocols = config["extensions"], config["receivers"]["otlp"]["protocols"]
    assert extensions["healthcheckv2"] == {"use_v2": True, "http": {"endpoint": "0.0.0.0:13133"}}
    assert protocols == {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}
    assert extensions["jaeger_query"]["http"] == {"endpoint": "0.0.0.0:16686"}


def test_in_memory():
    stack, made = jaeger({"kind": "memory", "max_traces": 500})
    assert backend({"kind": "memory", "max_traces": 500}) == {"memory": {"max_traces": 500}}
    assert made.volume is None
    assert not resources(stack, "kubernetes_persistent_volume_claim_v1")


def test_on_a_volume():
    stack, _ = jaeger({"kind": "badger", "size_gib": 30, "days": 2})
    [claim] = resources(stack, "kubernetes_persistent_volume_claim_v1").values()
    assert claim["metadata"]["name"] == "jaeger-traces"
    assert claim["spec"] == {"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "30Gi"}}}
    config = values({"kind": "badger", "size_gib": 30, "days": 2})
    [volume] = [each for each in config["jaeger"]["extraVolumes"] if "persistentVolumeClaim" in each]
    assert volume["persistentVolumeClaim"] == {"claimName": "jaeger-traces"}
    mounts = {each["name"]: each["mountPath"] for each in config["jaeger"]["extraVolumeMounts"]}
    badger = config["userconfig"]["extensions"]["jaeger_storage"]["backends"]["main"]["badger"]
    assert badger["ephemeral"] is False
    assert all(directory.startswith(f"{mounts[volume['name']]}/") for directory in badger["directories"].values())
    assert badger["ttl"] == {"spans": "48h"}


def test_the_claim_is_not_waited_for_before_its_pod_is_there():
    stack, _ = jaeger()
    [(address, claim)] = stack["resource"]["kubernetes_persistent_volume_claim_v1"].items()
    assert claim["wait_until_bound"] is False
    assert f"kubernetes_persistent_volume_claim_v1.{address}" in releases(stack)["jaeger"]["depends_on"]


def test_the_old_pod_lets_the_volume_go_before_the_new_one_starts():
    assert values({"kind": "badger"})["jaeger"]["strategy"] == {"type": "Recreate"}
    assert values(SEARCH)["jaeger"]["strategy"] == {"type": "RollingUpdate"}


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_in_what_is_there_already(kind):
    storage = {**SEARCH, "kind": kind, "secret": "team/search", "days": 3}
    assert backend(storage) == {
        kind: {
            "server_urls": SEARCH["server_urls"],
            "auth": {"basic": {"username": "${env:ES_USERNAME}", "password": "${env:ES_PASSWORD}"}},
            "indices": {"index_prefix": "acme-prod"},
            "max_span_age": "72h",
        }
    }
    given = values(storage)
    login = {
        each["name"]: each["valueFrom"]["secretKeyRef"] for each in given["jaeger"]["extraEnv"] if "valueFrom" in each
    }
    assert login == {
        "ES_USERNAME": {"name": "traces-storage", "key": "username"},
        "ES_PASSWORD": {"name": "traces-storage", "key": "password"},
    }


def test_without_a_login():
    assert "auth" not in backend(SEARCH)["opensearch"]


def test_old_indices_are_removed_by_whoever_may_write_new_ones():
    given = values({**SEARCH, "secret": "team/search", "days": 3, "index_prefix": "lake"})
    cleaner = given["esIndexCleaner"]
    assert (cleaner["enabled"], cleaner["numberOfDays"]) == (True, 3)
    assert given["storage"]["elasticsearch"]["url"] == "https://a.example.com:9200"
    variables = {each["name"]: each.get("value") for each in cleaner["extraEnv"]}
    assert variables == {"INDEX_PREFIX": "lake", "ES_USERNAME": None, "ES_PASSWORD": None}
    assert "esIndexCleaner" not in values()


def test_changed_configuration_starts_the_pod_anew():
    def label(**settings: Any) -> str:
        labels: dict[str, str] = values(**settings)["jaeger"]["podLabels"]
        return labels["floe-infra/configuration"]

    labels = [
        label(),
        label(storage={"kind": "badger", "days": 8}),
        label(values={"userconfig": {"processors": {"batch": {"timeout": "1s"}}}}),
    ]
    assert len(set(labels)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{1,63}", each) for each in labels)
    assert label(memory_mib=4096) == label()


def test_pods_are_restricted_and_where_nobody_takes_nodes_away():
    given = values(memory_mib=1000, cpu=0.5)["jaeger"]
    assert given["podSecurityContext"]["runAsNonRoot"] is True
    assert given["podSecurityContext"]["fsGroup"] == 10001
    assert given["securityContext"]["readOnlyRootFilesystem"] is True
    assert given["serviceAccount"] == {"automountServiceAccountToken": False}
    assert given["resources"] == {"requests": {"cpu": "0.5", "memory": "1000Mi"}, "limits": {"memory": "1000Mi"}}
    assert {"name": "GOMEMLIMIT", "value": "800MiB"} in given["extraEnv"]
    assert {key: given[key] for key in STEADY} == STEADY


def test_several_copies_are_taken_away_one_at_a_time():
    stack, _ = jaeger(SEARCH, replicas=2)
    assert releases(stack)["jaeger"]["values"]["jaeger"]["replicas"] == 2
    [budget] = objects(stack).values()
    assert (budget["kind"], budget["spec"]["maxUnavailable"]) == ("PodDisruptionBudget", 1)
    # The chart's own labels, of which those of the nightly job's pods differ in the component.
    selector = {"app.kubernetes.io/instance": "jaeger", "app.kubernetes.io/component": "all-in-one"}
    assert budget["spec"]["selector"]["matchLabels"] == selector
    [spread] = values(SEARCH)["jaeger"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == selector
    assert not objects(jaeger()[0])


def test_where_traces_go_and_are_looked_at():
    _, made = jaeger(namespace="traces")
    assert made.ref.otlp_grpc == "jaeger.traces.svc.cluster.local:4317"
    assert made.ref.ui == "http://jaeger.traces.svc.cluster.local:16686"
    assert made.ready == [made.release.release]
