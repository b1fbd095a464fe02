from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alone import DISPOSABLE, PROD
from floe_infra.config import PlatformConfig
from floe_infra.database import InClusterDatabaseConfig
from floe_infra.database.in_cluster import InClusterDatabase
from floe_infra.fields import Finding
from in_cluster import STEADY, CopiedSecrets, objects, secret, site, synthesized
from synthesized import resources

LOGIN = secret("database-dagster", "username", "password", "database")


def made(*, generation: int = 1, context: Any = PROD, **fields: Any) -> tuple[dict[str, Any], InClusterDatabase]:
    databases = []

    def make(stack: Any) -> None:
        admin = secret("in-cluster-postgresql-admin", "username", "password", generation=generation)
        place = site(secrets=[admin, LOGIN], cluster_secrets=CopiedSecrets(), context=context)
        config = InClusterDatabaseConfig(**fields)
        databases.append(InClusterDatabase(stack, "database", config=config, site=place))

    return synthesized(make), databases[0]


def pod(**fields: Any) -> dict[str, Any]:
    stateful_set = objects(made(**fields)[0])["StatefulSet/postgresql"]
    return stateful_set["spec"]["template"]["spec"]


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


def settings(container: dict[str, Any]) -> dict[str, str]:
    server, *arguments = container["args"]
    assert server == "postgres"
    assert arguments[::2] == ["-c"] * (len(arguments) // 2)
    return dict(setting.split("=", 1) for setting in arguments[1::2])


def test_others_find_a_server_that_speaks_tls():
    ref = made(database_name="runs", username="root")[1].ref
    assert (ref.host, ref.port, ref.database, ref.user) == (
        "postgresql.database.svc.cluster.local",
        5432,
        "runs",
        "root",
    )
    assert ref.ssl_mode == "require"
    assert ref.engine_version == "16"


def test_the_service_leads_to_the_pod():
    found = objects(made()[0])
    service, stateful_set = found["Service/postgresql"]["spec"], found["StatefulSet/postgresql"]["spec"]
    assert service["selector"] == stateful_set["template"]["metadata"]["labels"]
    assert [port["port"] for port in service["ports"]] == [5432]
    [container] = stateful_set["template"]["spec"]["containers"]
    assert [port["containerPort"] for port in container["ports"]] == [5432]


def test_without_tls_nobody_gets_in():
    found = objects(made()[0])
    assert "host " not in found["ConfigMap/postgresql"]["data"]["pg_hba.conf"]
    assert "hostssl all all all scram-sha-256" in found["ConfigMap/postgresql"]["data"]["pg_hba.conf"]
    [container] = pod()["containers"]
    assert settings(container)["hba_file"] == "/configuration/pg_hba.conf"
    assert settings(container)["ssl"] == "on"


def test_key_and_certificate_are_made_where_the_server_reads_them():
    spec = pod()
    [prepare], [server] = spec["initContainers"], spec["containers"]
    assert prepare["command"] == ["sh", "/configuration/prepare.sh", "/tls"]
    assert settings(server)["ssl_key_file"] == "/tls/tls.key"
    assert settings(server)["ssl_cert_file"] == "/tls/tls.crt"
    assert prepare["volumeMounts"] == server["volumeMounts"]
    assert environment(prepare) == environment(server)


def test_everything_that_is_written_has_a_place():
    spec = pod()
    [server] = spec["containers"]
    assert server["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec["securityContext"]["runAsUser"] == 999
    mounts = {mount["mountPath"]: mount["name"] for mount in server["volumeMounts"]}
    assert {"/var/lib/postgresql/data", "/var/run/postgresql", "/tmp", "/tls", "/dev/shm"} <= mounts.keys()
    assert {volume["name"] for volume in spec["volumes"]} == set(mounts.values())
    assert environment(server)["PGDATA"].startswith("/var/lib/postgresql/data/")


def test_the_password_comes_from_a_file_alone():
    spec = pod(generation=3)
    [server] = spec["containers"]
    assert environment(server)["POSTGRES_PASSWORD_FILE"] == "/admin/password"
    assert "POSTGRES_PASSWORD" not in environment(server)
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "admin"]
    assert volume["secret"]["secretName"] == "postgresql-admin-3"  # a new generation starts the server anew


def test_a_server_that_recovers_is_left_alone():
    [server] = pod()["containers"]
    assert server["livenessProbe"]["exec"]["command"][-1].endswith("|| [ $? -eq 1 ]")
    assert "||" not in server["readinessProbe"]["exec"]["command"][-1]


def test_it_has_time_to_stop_where_nobody_takes_nodes_away():
    spec = pod()
    assert spec["terminationGracePeriodSeconds"] == 120
    assert {key: spec[key] for key in STEADY} == STEADY


def test_a_quarter_of_its_memory_is_cache():
    [server] = pod(memory_gib=4)["containers"]
    assert server["resources"]["limits"] == {"memory": "4Gi"}
    assert settings(server)["shared_buffers"] == "1024MB"


def test_the_disk_has_its_size_and_the_clusters_class():
    claim = objects(made(storage_gib=25)[0])["PersistentVolumeClaim/postgresql"]["spec"]
    assert claim["resources"]["requests"] == {"storage": "25Gi"}
    assert "storageClassName" not in claim


@pytest.mark.parametrize(("context", "kept"), [(PROD, True), (DISPOSABLE, False)])
def test_what_holds_data_is_kept(context, kept):
    stack, _ = made(context=context)
    release = resources(stack, "helm_release")["postgresql/server/release"]
    claim = objects(stack)["PersistentVolumeClaim/postgresql"]
    assert release.get("lifecycle", {}).get("prevent_destroy", False) is kept
    assert ("helm.sh/resource-policy" in claim["metadata"]["annotations"]) is kept


def test_databases_are_made_after_the_server():
    stack, database = made()
    job = resources(stack, "helm_release")["database/job/release"]
    assert f"helm_release.{database.server.manifests.release.friendly_unique_id}" in job["depends_on"]
    container = objects(stack)["Job/databases"]["spec"]["template"]["spec"]["containers"][0]
    assert environment({"env": [each for each in container["env"] if "value" in each]})["PGHOST"] == database.ref.host


def platform(environment: str) -> PlatformConfig:
    cloud = {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"}
    database = {"kind": "in_cluster"}
    return PlatformConfig.model_validate(
        {"name": "acme", "environment": environment, "cloud": cloud, "cluster": {"kind": "eks"}, "database": database}
        | {"network": {"kind": "vpc"}}
    )


def test_the_administrators_login_is_made_and_everybodys_read():
    need = platform("dev").needs["database"]
    assert need.secrets["in-cluster-postgresql-admin"]["username"] == "floe"
    assert {"in-cluster-postgresql-admin", "database-dagster", "database-marquez"} <= set(need.all_reads)


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_it_carries_nothing_that_matters(environment):
    with pytest.raises(ValidationError) as error:
        platform(environment)
    [finding] = [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]
    message = f"in_cluster is not for {environment}: PostgreSQL in the cluster has no backups and no standby"
    assert finding == Finding(
        ("database", "kind"), message, "only with environment local or dev", "choose another kind"
    )
