from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from chart_values import emitted_values
from floe_infra.config import PlatformConfig
from floe_infra.config.document import Document
from floe_infra.kubernetes.config import EdgeConfig, NetworkPoliciesConfig
from floe_infra.network.edges import PRIVATE, Addresses, Block, Edge, Everyone, Surroundings, Workload, wire
from floe_infra.network.policies import policies_by_namespace
from floe_infra.platform import FloePlatform

ROOT = Path(__file__).parents[2]
NONE = NetworkPoliciesConfig()
SERVER = Workload("server", "b", {"app": "server"}, serves=(80,), pages=(3000,), metrics=(9090,))
CLIENT = Workload("client", "a", {"app": "client"}, takes=("part",))


def rules(policies: list[dict[str, Any]], name: str) -> dict[str, Any]:
    [policy] = [each for each in policies if each["metadata"]["name"] == name]
    return policy["spec"]


def wired(*clients: Workload, takes: tuple[str, ...] = ("part",), **around: Any) -> list[Edge]:
    parts = {"part": [SERVER], "other": list(clients)}
    config = around.pop("config", NONE)
    return wire(parts, takes={"other": takes}, around=Surroundings(**around), config=config)


def test_a_ref_that_is_taken_is_an_edge():
    assert wired(CLIENT) == [Edge(CLIENT, SERVER, (80,))]


def test_one_that_is_not_given_is_none():
    assert wired(CLIENT, takes=()) == []


def test_what_is_in_the_cloud_is_reached_there():
    place = Addresses("PostgreSQL", (Block("10.0.0.0/16"),))
    client = Workload("client", "a", {}, takes=("database",))
    assert wired(client, takes=("database",), in_cloud={"database": (place, 5432)}) == [Edge(client, place, (5432,))]


def test_the_cloud_is_the_internet_and_endpoints_in_the_network():
    client = Workload("client", "a", {}, cloud=True)
    [edge] = wired(client, networks=("10.0.0.0/16",))
    assert [block.cidr for block in edge.server.blocks] == ["10.0.0.0/16", "0.0.0.0/0"]
    assert {"10.0.0.0/8", "169.254.0.0/16"} < set(edge.server.blocks[1].but)
    [edge] = wired(client, networks=("10.0.0.0/16",), internet=False)
    assert [block.cidr for block in edge.server.blocks] == ["10.0.0.0/16"]


def test_on_google_whoever_uses_the_cloud_asks_who_it_is():
    client = Workload("client", "a", {}, cloud=True)
    assert [edge.ports for edge in wired(client, CLIENT, gke=True)] == [(443,), (80, 988), (80,)]


def test_the_api_server_is_in_our_network_and_behind_a_service_or_somewhere_private():
    operator = Workload("operator", "a", {}, api_server=True, webhooks=(10250,))
    ours, called = wired(operator, networks=("10.0.0.0/16",), services="172.20.0.0/16")
    assert [block.cidr for block in ours.server.blocks] == ["10.0.0.0/16", "172.20.0.0/16"]
    assert called == Edge(ours.server, operator, (10250,))
    theirs, _ = wired(operator, networks=("10.0.0.0/16",))
    assert tuple(block.cidr for block in theirs.server.blocks) == PRIVATE


def test_on_google_the_api_server_calls_through_pods_of_its_own():
    operator = Workload("operator", "a", {}, webhooks=(10250,))
    directly, through = wired(operator, gke=True)
    assert isinstance(directly.client, Addresses)
    assert isinstance(through.client, Workload)
    assert (through.client.namespace, through.client.labels) == ("kube-system", {"k8s-app": "konnectivity-agent"})
    assert through.ports == (10250,)


def test_named_edges_lead_to_the_pods_that_listen():
    config = NetworkPoliciesConfig(edges=[EdgeConfig(client="namespace/bi", server="part", port=3000)])
    assert wired(config=config) == [Edge(Everyone("bi"), SERVER, (3000,))]
    config = NetworkPoliciesConfig(edges=[EdgeConfig(client="10.0.0.0/8", server="part", port=12345)])
    assert wired(config=config) == [Edge(Addresses("10.0.0.0/8", (Block("10.0.0.0/8"),)), SERVER, (12345,))]


def test_metrics_are_read_by_whom_the_file_names():
    assert wired(config=NetworkPoliciesConfig(metrics_from=["monitoring"])) == [
        Edge(Everyone("monitoring"), SERVER, (9090,))
    ]


def test_an_edge_is_egress_at_one_end_and_ingress_at_the_other():
    made = policies_by_namespace(["a", "b"], [Edge(CLIENT, SERVER, (80,))])
    out, into = rules(made["a"], "client"), rules(made["b"], "server")
    port = [{"protocol": "TCP", "port": 80}]
    assert out["egress"] == [
        {
            "to": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}},
                    "podSelector": {"matchLabels": {"app": "server"}},
                }
            ],
            "ports": port,
        }
    ]
    assert into["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a"}},
                    "podSelector": {"matchLabels": {"app": "client"}},
                }
            ],
            "ports": port,
        }
    ]
    assert "ingress" not in out
    assert "egress" not in into


def test_each_namespace_is_closed_but_for_names():
    made = policies_by_namespace(["a"], [])["a"]
    assert rules(made, "default-deny") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    dns = rules(made, "dns")
    assert (dns["podSelector"], dns["policyTypes"]) == ({}, ["Egress"])
    assert [port["protocol"] for port in dns["egress"][0]["ports"]] == ["UDP", "TCP"]


def test_an_end_in_no_namespace_of_ours_gets_no_policy():
    made = policies_by_namespace(["b"], [Edge(Everyone("bi"), SERVER, (80,))])
    assert [each["metadata"]["name"] for each in made["b"]] == ["default-deny", "dns", "server"]


def stack(file: str) -> dict[str, Any]:
    from cdktf import App

    data = Document.read(ROOT / file).data
    platform = FloePlatform(App(), "platform", PlatformConfig.model_validate(data))
    return json.loads(json.dumps(platform.services.to_terraform()))["resource"]["helm_release"]


@pytest.mark.parametrize(
    "file",
    [
        "floe-infra.yaml",
        "examples/aws-prod.yaml",
        "examples/aws-nessie.yaml",
        "examples/aws-duckdb.yaml",
        "examples/local-cluster.yaml",
    ],
)
def test_kubernetes_takes_them_and_they_select_the_pods_that_we_make(file: str):
    releases = [(each, emitted_values(each).get("manifests", [])) for each in stack(file).values()]
    policies = [policy for each, made in releases if each["name"] == "network-policies" for policy in made]
    for policy in policies:
        kubernetes_validate.validate(policy, "1.33", strict=True)
    pods = [
        (release["namespace"], each["spec"]["template"]["metadata"]["labels"])
        for release, made in releases
        for each in made
        if each["kind"] in ("Job", "Deployment", "StatefulSet")
    ]
    assert pods
    for namespace, labels in pods:
        selecting = [
            policy["metadata"]["name"]
            for policy in policies
            if policy["metadata"]["namespace"] == namespace
            and (wanted := policy["spec"]["podSelector"].get("matchLabels"))
            and wanted.items() <= labels.items()
        ]
        assert selecting == [labels["app.kubernetes.io/name"]]
