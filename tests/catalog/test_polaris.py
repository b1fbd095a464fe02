from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from cdktf import TerraformVariable

from catalog.programs.polaris_server import PolarisServer
from chart_values import CHARTS, chart_problems, emitted_values
from floe_infra.catalog import PolarisConfig
from floe_infra.catalog.config import client_id
from floe_infra.catalog.polaris import Polaris
from floe_infra.catalog.programs import provision_polaris as program
from floe_infra.kubernetes import charts
from floe_infra.kubernetes.site import Site
from floe_infra.refs import BucketRef, DatabaseRef, StorageRef, TelemetryRef
from in_cluster import STEADY, identity, objects, releases, secret, site, synthesized
from synthesized import resources

ROLE = "arn:aws:iam::111122223333:role/acme-prod-storage"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
COLLECTOR = TelemetryRef("http://otel.observability.svc.cluster.local:4317", "http://otel:4318")


def bucket(name: str) -> BucketRef:
    return BucketRef(name=name, arn=f"arn:aws:s3:::{name}", uri=f"s3://{name}")


LAYERS = {"bronze": bucket("lake-bronze"), "gold": bucket("lake-gold")}
AWS = StorageRef(layers=LAYERS, region="eu-west-1", kms_key_arn=KEY)
KEYS = secret("storage-keys", "access_key", "secret_key")
MINIO = StorageRef(layers=LAYERS, region="us-east-1", endpoint="http://minio:9000", path_style=True, secret=KEYS)
GOOGLE = StorageRef(
    layers={layer: BucketRef(f"lake-{layer}", "", f"gs://lake-{layer}") for layer in LAYERS},
    region="europe-west4",
    scheme="gs",
)
ONE_BUCKET = StorageRef(layers=dict.fromkeys(LAYERS, bucket("lake")), region="eu-west-1")
DATABASE = DatabaseRef(
    host="db.internal",
    port=5432,
    database="dagster",
    user="floe",
    secret=secret("database-admin", "username", "password"),
    engine_version="16",
)
CREDENTIALS = ("client_id", "client_secret")
SECRETS = [
    secret("database-polaris", "username", "password", "database"),
    secret("database-marquez", "username", "password", "database"),
    secret("polaris-root", *CREDENTIALS),
    secret("polaris-token-key", "key"),
    secret("catalog-client-runtime", *CREDENTIALS),
    secret("catalog-client-trino", *CREDENTIALS),
]
SITE = site(identities={"catalog": identity("catalog", "polaris")}, lent_roles={"catalog": ROLE}, secrets=SECRETS)


def polaris(
    config: PolarisConfig | None = None,
    *,
    on: Site = SITE,
    storage: StorageRef = AWS,
    database: DatabaseRef = DATABASE,
    telemetry: TelemetryRef | None = COLLECTOR,
) -> tuple[dict[str, Any], Polaris]:
    made = []

    def make(stack: Any) -> None:
        made.append(
            Polaris(
                stack,
                "catalog",
                config=config or PolarisConfig(),
                site=on,
                storage=storage,
                database=database,
                telemetry=telemetry,
            )
        )

    return synthesized(make), made[0]


def values(*arguments: Any, **more: Any) -> dict[str, Any]:
    stack, _ = polaris(*arguments, **more)
    return releases(stack)["polaris"]["values"]


def spec(*arguments: Any, **more: Any) -> program.Spec:
    """As the program itself reads it."""
    stack, _ = polaris(*arguments, **more)
    return program.read_spec(objects(stack)["ConfigMap/polaris-provisioning"]["data"]["spec.json"])


def with_secret(name: str, generation: int) -> Site:
    changed = {**SITE.secrets, name: dataclasses.replace(SITE.secrets[name], generation=generation)}
    return dataclasses.replace(SITE, secrets=changed)


def pod_of(stack: dict[str, Any], job: str) -> dict[str, Any]:
    return objects(stack)[f"Job/{job}"]["spec"]["template"]["spec"]


# What comes after what


def test_secrets_then_the_realm_then_the_servers_then_what_is_in_them():
    stack, made = polaris()
    after = {name: block["depends_on"] for name, block in releases(stack).items()}
    address = {each: f"helm_release.{each.release.friendly_unique_id}" for each in (made.bootstrap, made.server)}
    assert len(after["polaris-bootstrap"]) == 1
    assert "secrets" in after["polaris-bootstrap"][0]
    assert after["polaris"] == [address[made.bootstrap]]
    assert after["polaris-provisioning"] == [address[made.server]]
    assert made.ready == [made.provisioning.release]


# Secrets


def test_each_secret_is_copied_for_what_reads_it():
    _, made = polaris()
    copies = made._site.cluster_secrets.copies
    assert {name: copy.source.name for name, copy in copies.items()} == {
        "catalog/polaris-db": "database-polaris",
        "catalog/polaris-token-key": "polaris-token-key",
        "catalog/polaris-root": "polaris-root",
        "catalog/polaris-client-runtime": "catalog-client-runtime",
        "catalog/polaris-client-trino": "catalog-client-trino",
    }
    assert copies["catalog/polaris-db"].data["jdbcUrl"] == "jdbc:postgresql://db.internal:5432/polaris?sslmode=require"


def test_the_administrators_credentials_are_a_document_that_no_value_breaks_out_of():
    _, made = polaris()
    document = made._site.cluster_secrets.copies["catalog/polaris-root"].data["credentials.yaml"]
    assert (
        document == "POLARIS:\n  client-id: {{ .client_id | toJson }}\n  client-secret: {{ .client_secret | toJson }}\n"
    )


@pytest.mark.parametrize(
    ("name", "copy"), [("database-polaris", "polaris-db-2"), ("polaris-token-key", "polaris-token-key-2")]
)
def test_servers_start_anew_with_new_secrets(name, copy):
    assert copy in json.dumps(values(on=with_secret(name, 2)))


def test_new_credentials_of_a_client_are_made_valid():
    before, _ = polaris()
    after, _ = polaris(on=with_secret("catalog-client-trino", 2))
    assert "polaris-client-trino-2" in json.dumps(pod_of(after, "polaris-provisioning"))
    assert releases(before)["polaris"]["values"] == releases(after)["polaris"]["values"]


# The realm


def test_the_realm_is_made_by_the_admin_tool_of_the_servers_version():
    stack, _ = polaris()
    [container] = pod_of(stack, "polaris-bootstrap")["containers"]
    assert container["image"] == f"docker.io/apache/polaris-admin-tool:{charts.POLARIS.version}"
    assert container["args"] == ["bootstrap", "-f", "/credentials/credentials.yaml"]
    assert container["env"][0] == {"name": "POLARIS_PERSISTENCE_TYPE", "value": "relational-jdbc"}
    assert {
        each["name"]: (each["valueFrom"]["secretKeyRef"]["name"], each["valueFrom"]["secretKeyRef"]["key"])
        for each in container["env"][1:]
    } == {
        "QUARKUS_DATASOURCE_USERNAME": ("polaris-db", "username"),
        "QUARKUS_DATASOURCE_PASSWORD": ("polaris-db", "password"),
        "QUARKUS_DATASOURCE_JDBC_URL": ("polaris-db", "jdbcUrl"),
    }


def test_the_admin_tool_sees_its_own_file_only():
    stack, _ = polaris()
    [_, volume] = pod_of(stack, "polaris-bootstrap")["volumes"]
    assert volume["secret"]["items"] == [{"key": "credentials.yaml", "path": "credentials.yaml"}]


def test_another_version_in_the_files_values_is_that_of_both():
    config = PolarisConfig(values={"image": {"tag": "1.8.0"}, "maintenance": {"image": {"repository": "mirror/admin"}}})
    stack, _ = polaris(config)
    assert pod_of(stack, "polaris-bootstrap")["containers"][0]["image"] == "mirror/admin:1.8.0"


def test_another_database_server_gets_a_realm_and_the_servers_start_anew():
    moved = dataclasses.replace(DATABASE, host="elsewhere.internal")
    stack, other = polaris()[0], polaris(database=moved)[0]
    for release in ("polaris-bootstrap", "polaris"):
        assert releases(stack)[release]["values"] != releases(other)[release]["values"]


# The servers


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the charts' own values are not at hand")
@pytest.mark.parametrize("storage", [AWS, MINIO, GOOGLE], ids=["aws", "minio", "google"])
def test_the_chart_reads_every_value(storage):
    assert chart_problems("polaris", values(storage=storage)) == []


def test_servers_keep_what_they_know_in_the_database():
    found = values()
    assert found["persistence"]["type"] == "relational-jdbc"
    assert found["persistence"]["relationalJdbc"]["secret"]["name"] == "polaris-db"
    assert found["advancedConfig"] == {"quarkus.datasource.jdbc.max-size": 10}


def test_all_servers_sign_with_one_key():
    broker = values()["authentication"]["tokenBroker"]
    assert broker == {
        "type": "symmetric-key",
        "secret": {"name": "polaris-token-key", "symmetricKey": {"secretKey": "symmetric.key"}},
    }


def test_servers_act_as_the_catalogs_identity_on_steady_nodes():
    found = values()
    assert found["serviceAccount"] == {
        "create": True,
        "name": "polaris",
        "annotations": dict(SITE.identities["catalog"].annotations),
    }
    assert {key: found[key] for key in STEADY} == STEADY
    assert {"name": "AWS_REGION", "value": "eu-west-1"} in found["extraEnv"]


def test_replicas_and_their_autoscaling():
    found = values(PolarisConfig(replicas=2, max_replicas=5))
    assert found["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert (found["autoscaling"]["enabled"], found["autoscaling"]["minReplicas"]) == (True, 2)
    assert found["autoscaling"]["maxReplicas"] == 5


@pytest.mark.parametrize("most", [None, 1])
def test_one_server(most):
    found = values(PolarisConfig(replicas=1, max_replicas=most))
    assert (found["replicaCount"], found["autoscaling"]["enabled"]) == (1, False)
    assert found["podDisruptionBudget"]["enabled"] is False


def test_traces_go_to_the_collector_where_there_is_one():
    assert values()["tracing"]["endpoint"] == COLLECTOR.otlp_grpc
    assert values(telemetry=None)["tracing"] == {"enabled": False}


def test_nothing_is_open_to_the_outside():
    assert values()["ingress"] == {"enabled": False, "tls": []}


def test_the_files_values_are_laid_over():
    assert values(PolarisConfig(values={"logging": {"level": "DEBUG"}}))["logging"] == {"level": "DEBUG"}


# What is in them


def test_the_catalog_may_use_every_warehouse_bucket_and_lends_the_role():
    catalog = spec().catalog
    assert catalog.name == "acme_prod"
    assert catalog.default_base_location == "s3://lake-bronze"
    assert catalog.storage == {
        "storageType": "S3",
        "allowedLocations": ["s3://lake-bronze", "s3://lake-gold"],
        "region": "eu-west-1",
        "roleArn": ROLE,
        "currentKmsKey": KEY,
    }


def test_without_a_key_of_ones_own_none_is_named():
    assert "currentKmsKey" not in spec(storage=dataclasses.replace(AWS, kms_key_arn=None)).catalog.storage


def test_off_aws_nothing_is_lent_and_servers_have_keys():
    assert spec(storage=MINIO).catalog.storage == {
        "storageType": "S3",
        "allowedLocations": ["s3://lake-bronze", "s3://lake-gold"],
        "region": "us-east-1",
        "endpoint": "http://minio:9000",
        "pathStyleAccess": True,
        "stsUnavailable": True,
    }
    assert values(storage=MINIO)["storage"]["secret"] == {
        "name": "polaris-storage",
        "awsAccessKeyId": "access_key",
        "awsSecretAccessKey": "secret_key",
    }
    _, made = polaris(storage=MINIO)
    assert made.ref.vends_credentials is False


def test_on_google_the_catalog_lends_what_a_service_account_may_do():
    lent = "acme-prod-lent@acme-data.iam.gserviceaccount.com"
    on = dataclasses.replace(SITE, lent_roles={"catalog": lent})
    assert spec(on=on, storage=GOOGLE).catalog.storage == {
        "storageType": "GCS",
        "allowedLocations": ["gs://lake-bronze", "gs://lake-gold"],
        "gcsServiceAccount": lent,
    }
    _, made = polaris(on=on, storage=GOOGLE)
    assert made.ref.vends_credentials
    assert [entry["name"] for entry in values(on=on, storage=GOOGLE)["extraEnv"]] == ["JAVA_MAX_MEM_RATIO"]


def test_on_aws_there_must_be_a_role_to_lend():
    with pytest.raises(KeyError, match="catalog"):
        polaris(on=dataclasses.replace(SITE, lent_roles={}))


def test_namespaces_lie_below_their_layers_bucket_under_their_own_name():
    found = spec(PolarisConfig(namespaces={"gold": "marts"})).namespaces
    assert {namespace.name: namespace.location for namespace in found} == {
        ("bronze",): "s3://lake-bronze/bronze/",
        ("marts",): "s3://lake-gold/marts/",
    }


def test_layers_of_one_bucket_lie_side_by_side():
    found = spec(storage=ONE_BUCKET)
    assert found.catalog.storage["allowedLocations"] == ["s3://lake"]
    assert [namespace.location for namespace in found.namespaces] == ["s3://lake/bronze/", "s3://lake/gold/"]


def test_clients_have_the_role_that_the_scope_names():
    found, (_, made) = spec(), polaris()
    [role] = found.principal_roles
    assert made.ref.scope == f"PRINCIPAL_ROLE:{role.name}"
    [catalog_role] = found.catalog_roles
    assert role.catalog_roles == (catalog_role.name,)
    assert catalog_role.privileges == ("CATALOG_MANAGE_CONTENT",)
    assert {each.name: each.principal_roles for each in found.principals} == {
        "floe-runtime": (role.name,),
        "floe-trino": (role.name,),
    }


def test_credentials_are_where_the_program_looks_for_them():
    stack, _ = polaris()
    pod = pod_of(stack, "polaris-provisioning")
    secrets = {each["name"]: each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each}
    mounts = {each["mountPath"]: secrets.get(each["name"]) for each in pod["containers"][0]["volumeMounts"]}
    found = spec()
    assert mounts[found.root_credentials] == "polaris-root"
    assert [mounts[principal.credentials] for principal in found.principals] == [
        "polaris-client-runtime",
        "polaris-client-trino",
    ]


def test_the_job_runs_the_program_that_is_tested():
    stack, _ = polaris()
    data = objects(stack)["ConfigMap/polaris-provisioning"]["data"]
    [container] = pod_of(stack, "polaris-provisioning")["containers"]
    assert container["command"] == ["python", "/program/provision_polaris.py", "/program/spec.json"]
    with open(program.__file__, encoding="utf-8") as source:
        assert data["provision_polaris.py"] == source.read()


@pytest.mark.parametrize(("given", "said"), [(True, "true"), (False, "false")])
def test_whether_a_drop_may_purge(given, said):
    properties = spec(PolarisConfig(drop_with_purge=given)).catalog.properties
    assert properties == {"polaris.config.drop-with-purge.enabled": said}


def test_the_program_waits_for_the_servers_in_their_namespace():
    found = spec(PolarisConfig(namespace="lakehouse"))
    assert found.url == "http://polaris.lakehouse.svc.cluster.local:8181"
    assert found.health_url == "http://polaris-mgmt.lakehouse.svc.cluster.local:8182/q/health/ready"


def test_what_only_terraform_knows_arrives_as_a_token():
    def make(stack: Any) -> None:
        name = TerraformVariable(stack, "bucket", type="string").string_value
        storage = StorageRef(layers={"bronze": BucketRef(name, "arn", f"s3://{name}")}, region="eu-west-1")
        Polaris(stack, "catalog", config=PolarisConfig(), site=SITE, storage=storage, database=DATABASE)

    block = resources(synthesized(make), "helm_release")["catalog/provisioning/release"]
    config_map, _ = emitted_values(block, text="lake")["manifests"]
    assert program.read_spec(config_map["data"]["spec.json"]).namespaces[0].location == "s3://lake/bronze/"
    assert "s3://${var.bucket}/bronze/" in block["values"][0]


@pytest.mark.parametrize("storage", [AWS, MINIO, GOOGLE, ONE_BUCKET], ids=["aws", "minio", "google", "one-bucket"])
def test_polaris_takes_what_the_spec_asks_for(storage, tmp_path, capsys):
    found, (_, made) = spec(storage=storage), polaris(storage=storage)
    with PolarisServer("root", "root-secret") as server:
        for directory in ("root", "runtime", "trino"):
            (tmp_path / directory).mkdir()
            (tmp_path / directory / "client_id").write_text("root" if directory == "root" else client_id(directory))
            (tmp_path / directory / "client_secret").write_text(f"{directory}-secret")
        here = {"url": server.url, "health_url": f"{server.url}/q/health/ready"}
        text = json.dumps({**dataclasses.asdict(found), **here}).replace("/credentials/", f"{tmp_path}/")
        (tmp_path / "spec.json").write_text(text)
        assert program.main([str(tmp_path / "spec.json")]) == 0
        capsys.readouterr()
        assert program.main([str(tmp_path / "spec.json")]) == 0
    assert all(line.endswith(": as it was") for line in capsys.readouterr().out.splitlines())
    [catalog] = server.state.catalogs
    assert catalog == made.ref.warehouse
    assert {name for (name,) in server.state.catalogs[catalog].namespaces} == set(made.ref.namespaces.values())


# The ref


def test_ref_says_how_clients_find_it():
    _, made = polaris(PolarisConfig(warehouse="lake", namespace="lakehouse"))
    assert made.ref.uri == "http://polaris.lakehouse.svc.cluster.local:8181/api/catalog"
    assert (made.ref.kind, made.ref.warehouse, made.ref.region) == ("polaris", "lake", "eu-west-1")
    assert made.ref.namespaces == {"bronze": "bronze", "gold": "gold"}
    assert {client: each.name for client, each in made.ref.clients.items()} == {
        "runtime": "catalog-client-runtime",
        "trino": "catalog-client-trino",
    }
    assert made.ref.vends_credentials is True
