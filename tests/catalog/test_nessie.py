from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from chart_values import CHARTS, chart_problems
from floe_infra.catalog import NessieConfig
from floe_infra.catalog.nessie import Nessie
from floe_infra.catalog.programs import make_namespaces
from floe_infra.kubernetes.site import Site
from floe_infra.refs import BucketRef, DatabaseRef, StorageRef, TelemetryRef
from in_cluster import STEADY, identity, objects, releases, secret, site, synthesized

ROLE = "arn:aws:iam::111122223333:role/acme-prod-storage"
COLLECTOR = TelemetryRef("http://otel.observability.svc.cluster.local:4317", "http://otel:4318")


def bucket(name: str) -> BucketRef:
    return BucketRef(name=name, arn=f"arn:aws:s3:::{name}", uri=f"s3://{name}")


LAYERS = {"bronze": bucket("lake-bronze"), "gold": bucket("lake-gold")}
AWS = StorageRef(layers=LAYERS, region="eu-west-1", kms_key_arn="arn:aws:kms:eu-west-1:111122223333:key/1")
KEYS = secret("storage-keys", "access_key", "secret_key")
MINIO = StorageRef(layers=LAYERS, region="us-east-1", endpoint="http://minio:9000", path_style=True, secret=KEYS)
GOOGLE = StorageRef(
    layers={layer: BucketRef(f"lake-{layer}", "", f"gs://lake-{layer}") for layer in LAYERS},
    region="europe-west4",
    scheme="gs",
)
DATABASE = DatabaseRef(
    host="db.internal",
    port=5432,
    database="dagster",
    user="floe",
    secret=secret("database-admin", "username", "password"),
    engine_version="16",
)
LOGIN = secret("database-nessie", "username", "password", "database")
SITE = site(identities={"catalog": identity("catalog", "nessie")}, lent_roles={"catalog": ROLE}, secrets=[LOGIN])


def nessie(
    config: NessieConfig | None = None,
    *,
    on: Site = SITE,
    storage: StorageRef = AWS,
    telemetry: TelemetryRef | None = COLLECTOR,
) -> tuple[dict[str, Any], Nessie]:
    made = []

    def make(stack: Any) -> None:
        made.append(
            Nessie(
                stack,
                "catalog",
                config=config or NessieConfig(),
                site=on,
                storage=storage,
                database=DATABASE,
                telemetry=telemetry,
            )
        )

    return synthesized(make), made[0]


def values(*arguments: Any, **more: Any) -> dict[str, Any]:
    stack, _ = nessie(*arguments, **more)
    return releases(stack)["nessie"]["values"]


def s3(**more: Any) -> dict[str, Any]:
    return values(**more)["catalog"]["storage"]["s3"]["defaultOptions"]


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the charts' own values are not at hand")
@pytest.mark.parametrize("storage", [AWS, MINIO, GOOGLE], ids=["aws", "minio", "google"])
def test_the_chart_reads_every_value(storage):
    assert chart_problems("nessie", values(storage=storage)) == []


def test_the_login_then_the_servers_then_the_namespaces():
    stack, made = nessie()
    after = {name: block["depends_on"] for name, block in releases(stack).items()}
    assert "secrets" in after["nessie"][0]
    assert after["nessie-provisioning"] == [f"helm_release.{made.server.release.friendly_unique_id}"]
    assert made.ready == [made.provisioning.release]


def test_versions_are_kept_in_the_database():
    found = values()
    assert found["versionStoreType"] == "JDBC2"
    assert found["jdbc"] == {
        "jdbcUrl": "jdbc:postgresql://db.internal:5432/nessie?sslmode=require",
        "secret": {"name": "nessie-db", "username": "username", "password": "password"},
    }
    assert found["advancedConfig"] == {"quarkus.datasource.postgresql.jdbc.max-size": 10}


def test_servers_start_anew_with_a_new_login():
    secrets = {LOGIN.name: dataclasses.replace(LOGIN, generation=2)}
    assert values(on=dataclasses.replace(SITE, secrets=secrets))["jdbc"]["secret"]["name"] == "nessie-db-2"


def test_there_is_one_warehouse_and_it_is_the_default():
    assert values()["catalog"]["iceberg"] == {
        "defaultWarehouse": "acme_prod",
        "warehouses": [{"name": "acme_prod", "location": "s3://lake-bronze/"}],
        "objectStoresHealthCheckEnabled": True,
    }


def test_servers_assume_a_role_that_is_lent_to_nobody():
    options = s3()
    assert options["authType"] == "APPLICATION_GLOBAL"
    assert options["serverIam"] == {"enabled": True, "roleArn": ROLE, "roleSessionName": "nessie"}
    assert options["clientIam"] == {"enabled": False}
    assert options["requestSigningEnabled"] is False


def test_off_aws_servers_have_keys():
    assert s3(storage=MINIO) == {
        "region": "us-east-1",
        "requestSigningEnabled": False,
        "clientIam": {"enabled": False},
        "authType": "STATIC",
        "endpoint": "http://minio:9000",
        "pathStyleAccess": True,
        "accessKeySecret": {
            "name": "nessie-storage",
            "awsAccessKeyId": "access_key",
            "awsSecretAccessKey": "secret_key",
        },
    }
    _, made = nessie(storage=MINIO)
    assert made._site.cluster_secrets.copies["catalog/nessie-storage"].source == KEYS


def test_on_google_servers_act_as_their_service_account_and_lend_nothing():
    on = dataclasses.replace(SITE, context=dataclasses.replace(SITE.context, account_id="acme-data"))
    found = values(on=on, storage=GOOGLE)
    assert found["catalog"]["storage"] == {
        "gcs": {"defaultOptions": {"projectId": "acme-data", "authType": "APPLICATION_DEFAULT"}}
    }
    assert found["catalog"]["iceberg"]["warehouses"][0]["location"] == "gs://lake-bronze/"
    assert found["catalog"]["iceberg"]["objectStoresHealthCheckEnabled"] is False
    assert [entry["name"] for entry in found["extraEnv"]] == ["JAVA_MAX_MEM_RATIO"]
    _, made = nessie(on=on, storage=GOOGLE)
    assert not made.ref.vends_credentials


def test_an_emulator_takes_any_keys():
    options = s3(storage=dataclasses.replace(MINIO, secret=None))
    assert options["authType"] == "APPLICATION_GLOBAL"
    assert not options.keys() & {"accessKeySecret", "serverIam"}


def test_servers_act_as_the_catalogs_identity_on_steady_nodes_apart_from_each_other():
    found = values()
    assert found["serviceAccount"]["annotations"] == dict(SITE.identities["catalog"].annotations)
    assert {key: found[key] for key in STEADY} == STEADY
    [term] = found["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["topologyKey"] == "topology.kubernetes.io/zone"


def test_replicas():
    assert values(NessieConfig(replicas=3))["podDisruptionBudget"] == {"enabled": True, "policy": {"maxUnavailable": 1}}
    found = values(NessieConfig(replicas=1, max_replicas=None))
    assert (found["podDisruptionBudget"]["enabled"], found["autoscaling"]["enabled"]) == (False, False)


def test_traces_go_to_the_collector_where_there_is_one():
    assert values()["tracing"]["endpoint"] == COLLECTOR.otlp_grpc
    assert values(telemetry=None)["tracing"] == {"enabled": False}


def test_namespaces_lie_in_their_layers_buckets():
    stack, _ = nessie(NessieConfig(namespaces={"gold": "marts"}, namespace="lakehouse"))
    data = objects(stack)["ConfigMap/nessie-provisioning"]["data"]
    assert json.loads(data["spec.json"]) == {
        "uri": "http://nessie.lakehouse.svc.cluster.local:19120/iceberg",
        "warehouse": "acme_prod",
        "namespaces": {"bronze": "s3://lake-bronze/bronze/", "marts": "s3://lake-gold/marts/"},
    }
    with open(make_namespaces.__file__, encoding="utf-8") as source:
        assert data["make_namespaces.py"] == source.read()


def test_ref_says_how_clients_find_it():
    _, made = nessie(NessieConfig(warehouse="lake"))
    assert made.ref.uri == "http://nessie.catalog.svc.cluster.local:19120/iceberg"
    assert (made.ref.kind, made.ref.warehouse, made.ref.scope) == ("nessie", "lake", None)
    assert made.ref.namespaces == {"bronze": "bronze", "gold": "gold"}
    assert made.ref.clients == {}
    assert made.ref.vends_credentials is False
