from __future__ import annotations

import json
import re
from typing import Any

import pytest

from floe_infra.observability import MarquezConfig
from floe_infra.observability.marquez import Marquez
from floe_infra.refs import DatabaseRef
from in_cluster import CopiedSecrets, objects, releases, secret, site, synthesized

SERVER = DatabaseRef("db.example.internal", 5432, "dagster", "floe", secret("database-admin"), "16")


def marquez(*, generation: int = 1, **settings: Any) -> tuple[dict[str, Any], Marquez]:
    """The objects, and the construct."""
    login = secret("database-marquez", "username", "password", "database", generation=generation)
    made = []

    def make(stack: Any) -> None:
        place = site(secrets=[login], cluster_secrets=CopiedSecrets())
        made.append(Marquez(stack, "lineage", config=MarquezConfig(**settings), site=place, database=SERVER))

    stack = synthesized(make)
    assert set(releases(stack)) == {"marquez", "lineage-secrets"}
    return objects(stack), made[0]


def spec(name: str, **settings: Any) -> dict[str, Any]:
    pods: dict[str, Any] = marquez(**settings)[0][f"Deployment/{name}"]["spec"]["template"]["spec"]
    return pods


def container(name: str, **settings: Any) -> dict[str, Any]:
    [only] = spec(name, **settings)["containers"]
    return only


def configuration(**settings: Any) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(marquez(**settings)[0]["ConfigMap/marquez"]["data"]["marquez.yml"])
    return config


def environment(given: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in given["env"]}


def test_objects_are_what_kubernetes_takes():
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    for each in marquez()[0].values():
        kubernetes_validate.validate(each, "1.33", strict=True)


def test_addresses():
    made, construct = marquez(namespace="lineage")
    assert construct.ref.url == "http://marquez.lineage.svc.cluster.local:5000"
    assert construct.ref.path == "/api/v1/lineage"
    ports = {name: made[f"Service/{name}"]["spec"]["ports"][0]["port"] for name in ("marquez", "marquez-web")}
    assert ports == {"marquez": 5000, "marquez-web": 3000}


@pytest.mark.parametrize("name", ["marquez", "marquez-web"])
def test_services_find_their_pods(name):
    made, _ = marquez()
    service, pods = made[f"Service/{name}"]["spec"], made[f"Deployment/{name}"]["spec"]["template"]
    assert service["selector"].items() <= pods["metadata"]["labels"].items()
    [port] = service["ports"]
    assert port["targetPort"] in [each["containerPort"] for each in pods["spec"]["containers"][0]["ports"]]


def test_the_server_finds_its_ports_and_its_configuration():
    config, given = configuration(), container("marquez")
    connectors = config["server"]["applicationConnectors"] + config["server"]["adminConnectors"]
    assert [each["port"] for each in connectors] == [each["containerPort"] for each in given["ports"]] == [5000, 5001]
    assert given["command"][-1].endswith(" server /etc/marquez/marquez.yml")
    [mount] = [each for each in given["volumeMounts"] if each["mountPath"] == "/etc/marquez"]
    assert mount["name"] in [each["name"] for each in spec("marquez")["volumes"] if "configMap" in each]


def test_the_login_comes_from_the_environment_and_is_in_no_file():
    assert environment(container("marquez")) == {
        "DATABASE_URL": "jdbc:postgresql://db.example.internal:5432/marquez?sslmode=require",
        "DATABASE_USER": {"secretKeyRef": {"name": "marquez-database", "key": "username"}},
        "DATABASE_PASSWORD": {"secretKeyRef": {"name": "marquez-database", "key": "password"}},
    }


def test_whatever_the_configuration_takes_from_the_environment_is_there():
    given = container("marquez")
    wanted = set(re.findall(r"\$\{(\w+)\}", json.dumps(configuration())))
    assert wanted == set(environment(given))


def test_a_password_made_anew_starts_the_pods_anew():
    [password] = {
        each["secretKeyRef"]["name"]
        for each in environment(container("marquez", generation=3)).values()
        if isinstance(each, dict)
    }
    assert password == "marquez-database-3"


def test_changed_configuration_starts_the_pods_anew():
    def annotation(**settings: Any) -> str:
        pods = marquez(**settings)[0]["Deployment/marquez"]["spec"]["template"]["metadata"]
        return str(pods["annotations"]["checksum/configuration"])

    assert annotation() == annotation() != annotation(max_connections=7)


def test_lineage_is_kept_for_ever_unless_asked():
    assert "dbRetention" not in configuration()  # there, it would be on, with seven days
    assert configuration(retention_days=90)["dbRetention"] == {"retentionDays": 90}


def test_servers_change_tables_themselves_and_share_connections_sparingly():
    config = configuration(max_connections=7)
    assert config["migrateOnStartup"] is True
    pool = {key: config["db"][key] for key in ("initialSize", "minSize", "maxSize")}
    assert pool == {"initialSize": 1, "minSize": 1, "maxSize": 7}
    assert config["search"] == {"enabled": False}


def test_a_server_has_ten_minutes_for_the_tables():
    probe = container("marquez")["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 600
    assert probe["httpGet"] == {"path": "/ping", "port": "admin"}


def test_an_absent_database_restarts_nobody():
    given = container("marquez")
    assert given["livenessProbe"]["httpGet"]["path"] == "/ping"
    assert given["readinessProbe"]["httpGet"]["path"] == "/healthcheck"


def test_java_itself_is_asked_to_stop_once_nobody_sends_any_more():
    given = container("marquez")
    assert given["command"][-1].startswith("exec java ")
    [_, seconds] = given["lifecycle"]["preStop"]["exec"]["command"]
    assert int(seconds) + 30 < spec("marquez")["terminationGracePeriodSeconds"]


def test_several_servers_are_taken_away_one_at_a_time():
    made, _ = marquez(replicas=2)
    assert made["Deployment/marquez"]["spec"]["replicas"] == 2
    budget = made["PodDisruptionBudget/marquez"]["spec"]
    assert budget["selector"] == made["Deployment/marquez"]["spec"]["selector"]
    [spread] = spec("marquez")["topologySpreadConstraints"]
    assert spread["labelSelector"] == budget["selector"]
    assert "PodDisruptionBudget/marquez" not in marquez(replicas=1)[0]


def test_the_pages_ask_the_server():
    assert environment(container("marquez-web")) == {
        "MARQUEZ_HOST": "marquez",
        "MARQUEZ_PORT": "5000",
        "WEB_PORT": "3000",
    }


@pytest.mark.parametrize("name", ["marquez", "marquez-web"])
def test_pods_are_restricted_and_where_nobody_takes_nodes_away(name):
    pods = spec(name)
    assert pods["securityContext"]["runAsNonRoot"] is True
    assert pods["securityContext"]["runAsUser"] != 0
    assert pods["automountServiceAccountToken"] is False
    assert pods["nodeSelector"] == {"node-type": "on-demand", "kubernetes.io/arch": "amd64"}
    [only] = pods["containers"]
    assert only["securityContext"]["readOnlyRootFilesystem"] is True
    assert only["resources"]["limits"]["memory"] == only["resources"]["requests"]["memory"]


def test_sizes_and_images():
    given = container("marquez", memory_mib=2000, cpu=1, image="registry.example.com/marquez:0.51.1")
    assert given["resources"] == {"requests": {"cpu": "1", "memory": "2000Mi"}, "limits": {"memory": "2000Mi"}}
    assert given["image"] == "registry.example.com/marquez:0.51.1"
    assert container("marquez-web")["image"] == "docker.io/marquezproject/marquez-web:0.51.1"
