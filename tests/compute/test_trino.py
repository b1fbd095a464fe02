"""What Helm gets of Trino: its memory, its place, how it gets at tables, and what it tells whom."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from alone import PROD
from chart_values import chart_problems
from floe_infra.compute import TrinoConfig
from floe_infra.compute.trino import Trino
from floe_infra.kubernetes.site import Site
from floe_infra.refs import BucketRef, CatalogRef, LineageRef, StorageRef, TelemetryRef
from floe_infra.sizing.trino import data_size
from in_cluster import CLUSTER, STEADY, CopiedSecrets, identity, objects, releases, secret, site, synthesized

SHARED = secret("trino-shared-secret", "shared_secret")
CLIENT = secret("catalog-client-trino", "client_id", "client_secret")
KEYS = secret("storage", "access_key", "secret_key")


def bucket(name: str) -> BucketRef:
    return BucketRef(name=name, arn=f"arn:aws:s3:::{name}", uri=f"s3://{name}")


S3 = StorageRef(layers={"bronze": bucket("bronze")}, region="eu-west-1", exchange=bucket("exchange"))
ELSEWHERE = StorageRef(
    layers={"bronze": bucket("bronze")},
    region="us-east-1",
    endpoint="http://rustfs.storage.svc.cluster.local:9000",
    path_style=True,
    exchange=bucket("exchange"),
    secret=KEYS,
)
POLARIS = CatalogRef(
    kind="polaris",
    warehouse="acme_prod",
    region="eu-west-1",
    uri="http://polaris.catalog.svc.cluster.local:8181/api/catalog",
    scope="PRINCIPAL_ROLE:data_engineer",
    clients={"trino": CLIENT},
    vends_credentials=True,
)
NESSIE = CatalogRef(
    kind="nessie",
    warehouse="acme_prod",
    region="eu-west-1",
    uri="http://nessie.catalog.svc.cluster.local:19120/iceberg",
)
GLUE = CatalogRef(kind="glue", warehouse="111122223333", region="eu-west-1")
TELEMETRY = TelemetryRef(
    otlp_grpc="http://otel-collector.observability.svc.cluster.local:4317",
    otlp_http="http://otel-collector.observability.svc.cluster.local:4318",
)
LINEAGE = LineageRef(url="http://marquez.observability.svc.cluster.local:5000")
GROUP = {"name": "all", "maxQueued": 100, "hardConcurrencyLimit": 10, "softMemoryLimit": "80%"}
GROUPS = {"rootGroups": [GROUP], "selectors": [{"group": "all", "user": "${USER}"}]}

SETTINGS: list[dict[str, Any]] = [
    {},
    {"workers": 0},
    {"workers": 1, "spot": False},
    {"max_workers": 8, "fault_tolerant": True, "resource_groups": GROUPS},
]


def make(
    *,
    catalog: CatalogRef | None = POLARIS,
    storage: StorageRef | None = S3,
    telemetry: TelemetryRef | None = TELEMETRY,
    lineage: LineageRef | None = LINEAGE,
    place: Site | None = None,
    **settings: Any,
) -> tuple[dict[str, Any], Trino]:
    """The stack's Terraform JSON, and the construct."""
    given = place or site(secrets=[SHARED, CLIENT], identities={"compute": identity("query", "trino")})
    made = []

    def build(stack: Any) -> None:
        made.append(
            Trino(
                stack,
                "compute",
                config=TrinoConfig(**settings),
                site=given,
                storage=storage,
                catalog=catalog,
                telemetry=telemetry,
                lineage=lineage,
            )
        )

    return synthesized(build), made[0]


def values(**given: Any) -> dict[str, Any]:
    return releases(make(**given)[0])["trino"]["values"]


def properties(lines: list[str]) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in lines]
    assert len({key for key, _ in pairs}) == len(pairs), "each property once"
    return dict(pairs)


def iceberg(**given: Any) -> dict[str, str]:
    return properties(values(**given)["catalogs"]["iceberg"].splitlines())


@pytest.mark.parametrize("catalog", [POLARIS, NESSIE, GLUE, None], ids=lambda each: each.kind if each else "none")
@pytest.mark.parametrize("settings", SETTINGS)
def test_the_chart_reads_every_value(catalog, settings):
    assert chart_problems("trino", values(catalog=catalog, **settings)) == []


def test_the_service_is_found_under_one_name():
    stack, trino = make(namespace="sql")
    assert releases(stack)["trino"]["namespace"] == "sql"
    assert (trino.ref.engine, trino.ref.host, trino.ref.port, trino.ref.catalog) == (
        "trino",
        "trino.sql.svc.cluster.local",
        8080,
        "iceberg",
    )
    given = values()
    assert (given["fullnameOverride"], given["service"]) == ("trino", {"type": "ClusterIP", "port": 8080})


def test_the_image_is_that_of_the_file():
    assert values(version="483")["image"] == {"tag": "483"}


@pytest.mark.parametrize("settings", SETTINGS)
def test_memory_is_what_sizing_says(settings):
    """From the pod's limit to the query's, and every number in the words of whoever reads it."""
    given, memory = values(**settings), TrinoConfig(**settings).memory
    for role, server in (("coordinator", memory.coordinator), ("worker", memory.worker)):
        assert given[role]["jvm"] == {"maxHeapSize": f"{server.heap_mib}M"}
        assert given[role]["resources"]["requests"]["memory"] == f"{server.limit_mib}Mi"
        assert given[role]["resources"]["limits"] == {"memory": f"{server.limit_mib}Mi"}
        assert given[role]["config"]["memory"]["heapHeadroomPerNode"] == data_size(server.headroom_mib)
        assert given[role]["config"]["query"]["maxMemoryPerNode"] == data_size(server.per_node_mib)
    assert given["server"]["config"]["query"]["maxMemory"] == data_size(memory.query_mib)
    assert properties(given["additionalConfigProperties"])["query.max-total-memory"] == data_size(memory.total_mib)


def test_without_workers_the_coordinator_does_the_work():
    given, (_, trino) = values(workers=0), make(workers=0)
    assert given["server"]["workers"] == 0
    assert given["coordinator"]["config"]["nodeScheduler"] == {"includeCoordinator": True}
    assert (trino.ref.memory_mib, trino.ref.cpu) == (8192, 2)
    assert values()["coordinator"]["config"]["nodeScheduler"] == {"includeCoordinator": False}
    _, trino = make()
    assert (trino.ref.memory_mib, trino.ref.cpu) == (28672, 7)


def test_workers_run_on_spot_nodes_and_the_coordinator_never_does():
    given = values()
    assert {key: given["coordinator"][key] for key in STEADY} == STEADY
    assert given["worker"]["nodeSelector"] == {"node-type": "spot"}
    assert given["worker"]["tolerations"] == [
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
    ]
    given = values(spot=False)
    assert {key: given["worker"][key] for key in STEADY} == STEADY


def test_workers_are_spread_over_zones():
    [constraint] = values()["worker"]["topologySpreadConstraints"]
    assert constraint["topologyKey"] == "topology.kubernetes.io/zone"
    assert constraint["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] == "worker"


def test_workers_are_gone_before_their_spot_node_is():
    worker = values()["worker"]
    grace = worker["gracefulShutdown"]["gracePeriodSeconds"]
    assert worker["gracefulShutdown"]["enabled"]
    assert 2 * grace < worker["terminationGracePeriodSeconds"] <= 120
    assert values(spot=False)["worker"]["terminationGracePeriodSeconds"] == 600


@pytest.mark.parametrize(
    ("settings", "parts", "notice"),
    [({"workers": 2}, 2, 120), ({"workers": 7}, 7, 120), ({"workers": 8, "spot": False}, 4, 600)],
)
def test_a_change_has_the_time_that_workers_are_given_to_stop(settings, parts, notice):
    """Helm takes a change back that is not ready in time, and a worker waits for its tasks before it makes room."""
    stack, _ = make(**settings)
    release = releases(stack)["trino"]
    assert release["timeout"] == 900 + parts * notice
    assert release["values"]["worker"]["deployment"]["progressDeadlineSeconds"] > notice


def test_a_change_asks_for_no_more_room_than_there_is():
    """The checks of the configuration count one coordinator, and no more than all workers."""
    given = values()
    assert given["coordinator"]["deployment"]["strategy"] == {"type": "Recreate"}
    assert given["worker"]["deployment"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": "25%"}


def test_the_number_of_workers_follows_their_processors_alone():
    server = values(max_workers=9)["server"]
    assert (server["workers"], server["autoscaling"]["maxReplicas"]) == (5, 9)
    assert server["autoscaling"]["targetCPUUtilizationPercentage"] == 60
    assert server["autoscaling"]["targetMemoryUtilizationPercentage"] == ""
    for fixed in ({}, {"max_workers": 5}):
        assert values(**fixed)["server"]["autoscaling"] == {"enabled": False}


def test_some_workers_stay_when_nodes_are_emptied():
    made = objects(make()[0])
    budget = made["PodDisruptionBudget/trino-worker"]["spec"]
    assert budget["maxUnavailable"] == "25%"
    assert budget["selector"]["matchLabels"] == {
        "app.kubernetes.io/instance": "trino",
        "app.kubernetes.io/component": "worker",
    }


@pytest.mark.parametrize("settings", [{"workers": 0}, {"workers": 1}])
def test_a_single_server_has_no_disruption_budget(settings):
    """It would keep its node from ever being emptied."""
    assert list(objects(make(**settings)[0])) == ["ServiceAccount/trino"]
    assert "PodDisruptionBudget/trino-worker" in objects(make(workers=1, max_workers=2)[0])


def test_pods_act_as_the_cloud_identity_and_have_no_token_of_kubernetes():
    account = objects(make()[0])["ServiceAccount/trino"]
    assert account["metadata"]["annotations"] == identity("query", "trino").annotations
    assert account["automountServiceAccountToken"] is False
    assert values()["serviceAccount"] == {"create": False, "name": "trino"}


def test_pods_are_restricted():
    given = values()
    assert given["securityContext"]["runAsNonRoot"] is True
    assert given["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert given["containerSecurityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_nothing_but_trinos_own_image_runs():
    assert not {"jmx", "sidecarContainers", "initContainers"} & set(values())


def test_generated_data_is_no_catalog():
    catalogs = values()["catalogs"]
    assert list(catalogs) == ["tpch", "tpcds", "iceberg"]
    assert catalogs["tpch"] is None
    assert catalogs["tpcds"] is None


def test_tables_of_polaris():
    found = iceberg()
    assert found["iceberg.rest-catalog.uri"] == POLARIS.uri
    assert found["iceberg.rest-catalog.oauth2.credential"] == "${ENV:CATALOG_CLIENT_ID}:${ENV:CATALOG_CLIENT_SECRET}"
    assert found["iceberg.rest-catalog.vended-credentials-enabled"] == "true"
    assert found["fs.native-s3.enabled"] == "true"


def test_tables_of_nessie_and_glue():
    assert iceberg(catalog=NESSIE)["iceberg.rest-catalog.security"] == "NONE"
    assert iceberg(catalog=GLUE)["iceberg.catalog.type"] == "glue"


def test_without_a_catalog_there_is_what_the_charts_values_name():
    given = values(catalog=None, values={"catalogs": {"memory": "connector.name=memory"}})
    assert given["catalogs"] == {"tpch": None, "tpcds": None, "memory": "connector.name=memory"}
    assert make(catalog=None)[1].ref.catalog is None


def copied(**given: Any) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The Secrets' templates by name, and the names of those that become environment variables."""
    operator = CopiedSecrets()
    secrets = given.pop("secrets", [SHARED, CLIENT, KEYS])
    place = site(secrets=secrets, cluster_secrets=operator)
    names = [each["secretRef"]["name"] for each in values(place=place, **given)["envFrom"]]
    return {name.removeprefix("query/"): dict(copy.data or {}) for name, copy in operator.copies.items()}, names


@pytest.mark.parametrize(
    ("catalog", "storage"), [(POLARIS, S3), (NESSIE, S3), (NESSIE, ELSEWHERE), (GLUE, S3), (None, S3)]
)
@pytest.mark.parametrize("fault_tolerant", [False, True])
def test_what_is_filled_in_from_the_environment_is_there(catalog, storage, fault_tolerant):
    """Trino does not start without a variable that its configuration names."""
    given = {"catalog": catalog, "storage": storage, "fault_tolerant": fault_tolerant}
    secrets, names = copied(**given)
    assert list(secrets) == names
    keys = [key for data in secrets.values() for key in data]
    assert len(set(keys)) == len(keys)
    text = json.dumps(values(place=site(secrets=[SHARED, CLIENT, KEYS]), **given))
    named = {part.partition("}")[0] for part in text.split("${ENV:")[1:]}
    assert named == set(keys)


def test_the_servers_know_each_other_by_a_secret():
    secrets, _ = copied()
    assert secrets["trino-shared-secret"] == {"TRINO_SHARED_SECRET": "{{ .shared_secret }}"}
    lines = properties(values()["additionalConfigProperties"])
    assert lines["internal-communication.shared-secret"] == "${ENV:TRINO_SHARED_SECRET}"


def test_a_secret_that_is_made_anew_starts_pods_anew():
    """Its name is another one then, in the pods' template as well."""
    _, before = copied()
    _, after = copied(secrets=[secret("trino-shared-secret", "shared_secret", generation=2), CLIENT])
    assert before[0] == "trino-shared-secret"
    assert after == ["trino-shared-secret-2", *before[1:]]


def test_terraform_leaves_trinos_variables_alone():
    stack, _ = make()
    [text] = releases_text(stack)
    assert "=$${ENV:TRINO_SHARED_SECRET}" in text
    assert "${ENV:" not in text.replace("$${ENV:", "")


def releases_text(stack: dict[str, Any]) -> list[str]:
    """What Terraform reads, before it undoes its escapes."""
    blocks = stack["resource"]["helm_release"].values()
    return [block["values"][0] for block in blocks if block["name"] == "trino"]


def test_fault_tolerant_queries_keep_intermediate_results_in_their_own_bucket():
    given = values(fault_tolerant=True)
    assert properties(given["additionalConfigProperties"])["retry-policy"] == "TASK"
    assert given["server"]["exchangeManager"] == {"name": "filesystem", "baseDir": ["s3://exchange"]}
    assert given["server"]["workers"] == 5


@pytest.mark.parametrize(("partition", "domain"), [("aws", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")])
def test_intermediate_results_go_to_s3_by_tls_which_its_buckets_insist_on(partition, domain):
    place = site(secrets=[SHARED, CLIENT])
    place = replace(place, context=replace(place.context, partition=partition))
    given = values(fault_tolerant=True, place=place)
    assert properties(given["additionalExchangeManagerProperties"]) == {
        "exchange.s3.region": "eu-west-1",
        "exchange.s3.endpoint": f"https://s3.eu-west-1.{domain}",
    }


def test_intermediate_results_off_aws():
    given = values(fault_tolerant=True, catalog=NESSIE, storage=ELSEWHERE, place=site(secrets=[SHARED, CLIENT, KEYS]))
    assert properties(given["additionalExchangeManagerProperties"]) == {
        "exchange.s3.region": "us-east-1",
        "exchange.s3.endpoint": "http://rustfs.storage.svc.cluster.local:9000",
        "exchange.s3.path-style-access": "true",
        "exchange.s3.aws-access-key": "${ENV:EXCHANGE_ACCESS_KEY}",
        "exchange.s3.aws-secret-key": "${ENV:EXCHANGE_SECRET_KEY}",
    }


def test_without_fault_tolerance_nothing_is_repeated_nor_kept():
    given = values()
    assert "retry-policy" not in properties(given["additionalConfigProperties"])
    assert (given["server"]["exchangeManager"], given["additionalExchangeManagerProperties"]) == ({}, [])


def test_fault_tolerance_without_a_bucket_is_refused():
    storage = StorageRef(layers=S3.layers, region="eu-west-1")
    with pytest.raises(LookupError, match="exchange"):
        make(fault_tolerant=True, storage=storage)


def test_traces_go_to_the_collector():
    found = properties(values()["additionalConfigProperties"])
    assert (found["tracing.enabled"], found["otel.exporter.endpoint"]) == ("true", TELEMETRY.otlp_grpc)
    assert not any("tracing" in line or "otel" in line for line in values(telemetry=None)["additionalConfigProperties"])


def test_lineage_goes_to_its_receiver():
    assert properties(values()["eventListenerProperties"]) == {
        "event-listener.name": "openlineage",
        "openlineage-event-listener.trino.uri": "http://trino.query.svc.cluster.local:8080",
        "openlineage-event-listener.namespace": "acme-prod",
        "openlineage-event-listener.transport.type": "HTTP",
        "openlineage-event-listener.transport.url": LINEAGE.url,
        "openlineage-event-listener.transport.endpoint": "/api/v1/lineage",
    }
    assert values(lineage=None)["eventListenerProperties"] == []


def test_the_environments_name_is_one_that_trino_takes():
    """https://trino.io/docs/current/installation/deployment.html#node-properties"""
    assert PROD.prefix == "acme-prod"
    assert values()["server"]["node"] == {"environment": "acme_prod"}


def test_resource_groups_are_passed_on_as_they_are():
    given = values(resource_groups=GROUPS)["resourceGroups"]
    assert given["type"] == "configmap"
    assert json.loads(given["resourceGroupsConfig"]) == GROUPS
    assert values()["resourceGroups"] == {}


def test_what_the_file_says_of_the_chart_wins():
    given = values(values={"worker": {"terminationGracePeriodSeconds": 300}, "ingress": {"enabled": True}})
    assert given["worker"]["terminationGracePeriodSeconds"] == 300
    assert given["worker"]["nodeSelector"] == {"node-type": "spot"}
    assert given["ingress"] == {"enabled": True}


def test_trino_comes_after_its_secrets_and_its_account():
    stack, trino = make()
    before = releases(stack)["trino"]["depends_on"]
    assert f"helm_release.{trino.objects.release.friendly_unique_id}" in before
    for each in trino.secrets:
        assert f"helm_release.{each.friendly_unique_id}" in before
    assert trino.ready == [trino.release.release]


def test_a_cluster_without_spot_nodes_has_workers_all_the_same():
    groups = tuple(group for group in CLUSTER.node_groups if not group.spot)
    cluster = type(CLUSTER)(**{**vars(CLUSTER), "node_groups": groups})
    given = values(place=site(secrets=[SHARED, CLIENT], cluster=cluster))
    assert {key: given["worker"][key] for key in STEADY} == STEADY
