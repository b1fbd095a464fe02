"""What Dagster is told of parts given by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chart_values import chart_problems
from floe_infra.handoff.dagster_values import dagster_values
from floe_infra.kubernetes.config import QuotaConfig
from floe_infra.kubernetes.placement import Placement
from floe_infra.refs import BucketRef, DatabaseRef, IdentityRef, SecretRef

from .test_platform_yaml import GCS, POLARIS, RUSTFS, S3, parts

LOGS = BucketRef("logs", "arn:aws:s3:::logs", "s3://logs")
DATABASE = DatabaseRef("db.example.com", 5432, "floe", "admin", SecretRef("database-admin", "k", ()), "16")


def values(provider: str = "aws", text: str = "version: 1\n", **given: Any) -> dict[str, Any]:
    return dagster_values(parts(provider, **given), text)["dagster"]


def env(of: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in of.get("env", [])}


def pipelines(made: dict[str, Any]) -> dict[str, Any]:
    [deployment] = made["dagster-user-deployments"]["deployments"]
    return deployment


def test_the_database_is_the_platforms():
    made = values(database=DATABASE)
    assert made["postgresql"]["postgresqlHost"] == "db.example.com"
    assert made["postgresql"]["postgresqlParams"] == {"sslmode": "require"}
    assert made["global"]["postgresqlSecretName"] == "floe-dagster-postgresql-secret"
    assert made["generatePostgresqlPasswordSecret"] is False
    assert "externalPostgresql" not in made


def test_the_service_account_carries_the_clouds_annotations():
    google = {"iam.gke.io/gcp-service-account": "dagster@acme.iam.gserviceaccount.com"}
    made = values("gcp", identity=IdentityRef("floe", "floe-dagster", "dagster@…", "", google))
    assert made["serviceAccount"] == {"create": True, "annotations": google}
    assert made["global"]["serviceAccountName"] == "floe-dagster"


def test_with_a_role_the_keys_are_there_and_empty():
    told = env(pipelines(values(storage=S3, catalog=POLARIS)))
    assert (told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], told["AWS_REGION"]) == ("", "", "eu-west-1")


def test_otherwise_everything_that_touches_storage_has_the_keys():
    made = values("local", storage=replace(RUSTFS, compute_logs=LOGS))
    wanted = {"secretKeyRef": {"name": "floe-dagster-storage-secret", "key": "AWS_ACCESS_KEY_ID"}}
    for pod in (pipelines(made), made["dagsterWebserver"], made["dagsterDaemon"]):
        assert env(pod)["AWS_ACCESS_KEY_ID"] == wanted
    manager = made["computeLogManager"]["config"]["s3ComputeLogManager"]
    assert (manager["bucket"], manager["endpointUrl"]) == ("logs", "http://rustfs:9000")


def test_google_keeps_output_in_its_own_storage():
    manager = values("gcp", storage=GCS)["computeLogManager"]
    assert manager["type"] == "GCSComputeLogManager"
    assert manager["config"]["gcsComputeLogManager"]["bucket"] == "logs"


def test_the_catalogs_client_is_named_key_by_key():
    told = env(pipelines(values(storage=S3, catalog=POLARIS)))
    for variable, key in {
        "POLARIS_CLIENT_ID": "polaris-client-id",
        "POLARIS_CLIENT_SECRET": "polaris-client-secret",
    }.items():
        assert told[variable] == {"secretKeyRef": {"name": "floe-dagster-catalog-secret", "key": key}}
    assert told["POLARIS_SCOPE"] == "PRINCIPAL_ROLE:data_engineer"


def test_runs_go_where_nodes_may_vanish_and_nothing_else_does():
    spot = Placement({"node-type": "spot"}, [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}])
    made = values(steady=Placement({"node-type": "on-demand"}), interruptible=spot)
    run = made["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    assert run["podSpecConfig"]["tolerations"] == spot.tolerations
    assert run["podSpecConfig"]["nodeSelector"] == {"node-type": "spot"}
    for pod in (pipelines(made), made["dagsterWebserver"], made["dagsterDaemon"]):
        assert pod["nodeSelector"] == {"node-type": "on-demand"}
        assert "tolerations" not in pod


def test_runs_have_room_to_spill_and_know_their_limits():
    run = values()["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    container = run["containerConfig"]
    assert container["resources"]["limits"] == container["resources"]["requests"] == {"cpu": "4", "memory": "16Gi"}
    assert env(container)["DUCKDB_MEMORY_LIMIT"] == "12288MiB"
    assert {"name": "duckdb-spill", "mountPath": "/tmp/duckdb"} in container["volumeMounts"]
    assert {"name": "duckdb-spill", "emptyDir": {}} in run["podSpecConfig"]["volumes"]


def test_runs_inherit_nothing_and_are_told_all_that_the_codes_server_is():
    """Dagster would lay the server's size over theirs."""
    made = values(storage=S3, catalog=POLARIS)
    server = pipelines(made)
    run = made["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    assert server["includeConfigInLaunchedRuns"] == {"enabled": False}
    assert server["podSecurityContext"] == run["podSpecConfig"]["securityContext"]
    assert env(server).items() < env(run["containerConfig"]).items()
    mounts = {each["name"]: each["mountPath"] for each in run["containerConfig"]["volumeMounts"]}
    assert {each["name"]: each["mountPath"] for each in server["volumeMounts"]}.items() < mounts.items()
    assert {each["name"] for each in run["podSpecConfig"]["volumes"]} == set(mounts)
    assert mounts["dagster-home"] == env(server)["DAGSTER_HOME"]


def test_a_run_may_wait_for_a_node():
    assert values()["dagsterDaemon"]["runMonitoring"] == {"enabled": True, "startTimeoutSeconds": 900}


@pytest.mark.parametrize(
    ("quota", "most"),
    [
        ({"pods": 200, "cpu": 400, "memory_gib": 1600}, 99),  # runs of 16 GiB and 4 CPU
        ({"pods": 200, "cpu": 400, "memory_gib": 68}, 4),
        ({"pods": 200, "cpu": 10, "memory_gib": 1600}, 2),
        ({"pods": 13, "cpu": 400, "memory_gib": 1600}, 3),
        ({"pods": 200, "cpu": 5, "memory_gib": 17}, 1),
    ],
)
def test_no_more_runs_at_once_than_the_quota_carries(quota, most):
    given = parts()
    kubernetes = given.config.kubernetes.model_copy(update={"quota": QuotaConfig(**quota)})
    config = given.config.model_copy(update={"kubernetes": kubernetes})
    daemon = dagster_values(replace(given, config=config), "")["dagster"]["dagsterDaemon"]
    assert daemon["runCoordinator"]["config"] == {"queuedRunCoordinator": {"maxConcurrentRuns": most}}


@pytest.mark.parametrize("provider", ["aws", "gcp", "local"])
def test_dagsters_chart_reads_all_of_it(provider):
    """Or would, where the shared folder has the chart."""
    storage = {"aws": replace(S3, compute_logs=LOGS), "gcp": GCS, "local": replace(RUSTFS, compute_logs=LOGS)}[provider]
    given = parts(provider, storage=storage, catalog=POLARIS, database=DATABASE)
    runtime = given.config.runtime.model_copy(update={"image": "r.example.com/p:1", "dagster_version": "1.12.6"})
    config = given.config.model_copy(update={"runtime": runtime})
    assert chart_problems("dagster", dagster_values(replace(given, config=config), "")["dagster"]) == []


def told(**runtime: Any) -> dict[str, Any]:
    """Of a runtime with these fields."""
    given = parts(storage=S3)
    config = given.config.model_copy(update={"runtime": given.config.runtime.model_copy(update=runtime)})
    return dagster_values(replace(given, config=config), "")["dagster"]


def test_dagsters_own_services_are_of_the_release_that_the_image_has():
    made = told(dagster_version="1.12.6")
    assert made["dagsterWebserver"]["image"] == made["dagsterDaemon"]["image"] == {"tag": "1.12.6"}
    assert "image" not in values()["dagsterWebserver"]


def test_variables_of_ones_own_come_last():
    made = told(env={"PYTHONPATH": "/app/demo", "DUCKDB_THREADS": "1"})
    run = made["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]["containerConfig"]
    for pod in (pipelines(made), run):
        assert env(pod)["PYTHONPATH"] == "/app/demo"
        assert env(pod)["DUCKDB_THREADS"] == "1"


def test_another_platform_yaml_starts_the_pipelines_anew():
    def checksum(text: str) -> str:
        return pipelines(values(text=text))["annotations"]["checksum/platform"]

    assert checksum("a") != checksum("b")


def test_an_image_is_its_name_and_its_tag():
    made = told(image="registry.example.com:5000/lake/pipelines:3f2c1ab")
    assert pipelines(made)["image"] == {
        "repository": "registry.example.com:5000/lake/pipelines",
        "tag": "3f2c1ab",
        "pullPolicy": "IfNotPresent",
    }
