from __future__ import annotations

import json
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chart_values import emitted_values
from floe_infra.config import PlatformConfig
from floe_infra.config.document import Document
from floe_infra.network.edges import INTERNET, Addresses, Block, Edge, Everyone, Workload
from floe_infra.network.reachability import Host, Pod, Reachability, Reached, all_ends, matrix
from floe_infra.platform import FloePlatform

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    "prod": "floe-infra.yaml",
    "company": "examples/aws-prod.yaml",
    "nessie": "examples/aws-nessie.yaml",
    "duckdb": "examples/aws-duckdb.yaml",
    "staging": "examples/aws-staging.yaml",
    "local": "examples/local-cluster.yaml",
}
VPC, SERVICES = "10.0.0.0/16", "172.20.0.0/16"


def policy(namespace: str = "a", selects: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    selector = {"matchLabels": selects} if selects else {}
    return {"metadata": {"namespace": namespace}, "spec": {"podSelector": selector, **spec}}


def named(namespace: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def labelled(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels}}


CLIENT, SERVER, STRANGER = Pod("a", {"app": "client"}), Pod("b", {"app": "server"}), Pod("c", {"app": "client"})
DENY_ALL = {"policyTypes": ["Ingress", "Egress"]}


def test_without_policies_everything_is_allowed():
    assert Reachability([]).allows(CLIENT, SERVER, 80)


def test_a_policy_with_no_rules_refuses_everything_in_its_namespace():
    network = Reachability([policy("b", **DENY_ALL)])
    assert not network.allows(CLIENT, SERVER, 80)
    assert not network.allows(SERVER, CLIENT, 80)
    assert network.allows(CLIENT, STRANGER, 80)


def test_both_ends_must_allow():
    out = policy("a", policyTypes=["Egress"], egress=[{"to": [{**named("b"), **labelled(app="server")}]}])
    into = policy("b", policyTypes=["Ingress"], ingress=[{"from": [named("a")]}])
    deny = [policy("a", **DENY_ALL), policy("b", **DENY_ALL)]
    assert not Reachability([*deny, out]).allows(CLIENT, SERVER, 80)
    assert not Reachability([*deny, into]).allows(CLIENT, SERVER, 80)
    assert Reachability([*deny, out, into]).allows(CLIENT, SERVER, 80)


def test_two_selectors_in_one_peer_are_one_condition_and_in_two_peers_two():
    both = policy("b", ingress=[{"from": [{**named("a"), **labelled(app="client")}]}])
    either = policy("b", ingress=[{"from": [named("a"), labelled(app="client")]}])
    other, neighbour = Pod("a", {"app": "other"}), Pod("b", {"app": "client"})
    asked = (CLIENT, other, neighbour, STRANGER)
    assert [Reachability([both]).allows(pod, SERVER, 80) for pod in asked] == [True, False, False, False]
    assert [Reachability([either]).allows(pod, SERVER, 80) for pod in asked] == [True, True, True, False]


def test_an_empty_namespace_selector_is_every_namespace():
    network = Reachability([policy("b", ingress=[{"from": [{"namespaceSelector": {}, **labelled(app="client")}]}])])
    assert network.allows(STRANGER, SERVER, 80)
    assert not network.allows(Pod("c", {}), SERVER, 80)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ({"key": "app", "operator": "In", "values": ["client", "x"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["client"]}, False),
        ({"key": "tier", "operator": "NotIn", "values": ["x"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
    ],
)
def test_expressions(expression, allowed):
    peer = {**named("a"), "podSelector": {"matchExpressions": [expression]}}
    assert Reachability([policy("b", ingress=[{"from": [peer]}])]).allows(CLIENT, SERVER, 80) is allowed


def test_no_such_operator():
    peer = {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Like"}]}}
    with pytest.raises(ValueError, match="'Like'"):
        Reachability([policy("b", ingress=[{"from": [{**named("a"), **peer}]}])]).allows(CLIENT, SERVER, 80)


def test_ports_are_tcp_unless_they_say_otherwise_and_can_be_ranges():
    ports = [{"port": 80}, {"protocol": "UDP", "port": 53}, {"port": 9000, "endPort": 9002}]
    network = Reachability([policy("b", ingress=[{"ports": ports}])])
    asked = {(80, "TCP"): True, (80, "UDP"): False, (53, "UDP"): True, (9002, "TCP"): True, (9003, "TCP"): False}
    assert {key: network.allows(CLIENT, SERVER, *key) for key in asked} == asked


def test_types_follow_from_the_rules_when_they_are_not_said():
    """Ingress always, Egress where there are rules for it."""
    assert Reachability([policy("a")]).allows(CLIENT, SERVER, 80)
    assert not Reachability([policy("b")]).allows(CLIENT, SERVER, 80)
    assert not Reachability([policy("a", egress=[])]).allows(CLIENT, SERVER, 80)


def test_addresses_and_exceptions():
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    network = Reachability([policy("a", policyTypes=["Egress"], egress=[{"to": [block]}])])
    asked = {"52.1.2.3": True, "10.1.2.3": False, "8.0.0.0/6": False, "10.0.0.0/7": False, "${token}": False}
    assert {address: network.allows(CLIENT, Host(address), 443) for address in asked} == asked
    assert not network.allows(CLIENT, SERVER, 443)


def test_a_pods_address_counts_where_it_has_one():
    network = Reachability([policy("a", egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/16"}}]}])])
    assert network.allows(CLIENT, Pod("b", {}, address="10.0.3.4"), 443)
    assert not network.allows(CLIENT, Pod("b", {}, address="10.1.3.4"), 443)


def test_the_matrix_says_what_policies_allow_and_not_what_edges_say():
    one, two = Workload("one", "a", {"app": "one"}), Workload("two", "b", {"app": "two"})
    edges = [Edge(one, two, (80,)), Edge(two, INTERNET, (443,))]
    refused = policy("b", **DENY_ALL)
    assert matrix(all_ends([two, one], edges), edges, [refused]) == [Reached("a/one", "internet", (443,))]
    assert matrix(all_ends([two, one], edges), edges, [])[0] == Reached("a/one", "b/two", ())


# The platforms


class Synthesized:
    """A platform's policies as Helm gets them, and its edges."""

    def __init__(self, file: str, **kubernetes: Any) -> None:
        from cdktf import App

        data = Document.read(ROOT / file).data
        data["kubernetes"] = {**data.get("kubernetes", {}), **kubernetes}
        platform = FloePlatform(App(), "platform", PlatformConfig.model_validate(data))
        assert platform.services
        self.services = platform.services
        text = json.dumps(platform.services.to_terraform())
        # What only Terraform knows: the VPC's network and the Services'.
        for name, network in (("network_cidr", VPC), ("cluster_service_cidr", SERVICES)):
            text = text.replace(f"${{data.terraform_remote_state.foundation.outputs.services_{name}}}", network)
        self.blocks = json.loads(text)["resource"]["helm_release"]
        self.releases = list(self.blocks.values())
        self.policies = [
            manifest
            for release in self.releases
            if release["name"] == "network-policies"
            for manifest in emitted_values(release)["manifests"]
        ]
        self.network = Reachability(self.policies)
        self.workloads = [each for section in self.services.workloads.values() for each in section]
        self.named = {each.name: each for each in self.workloads}

    def pod(self, name: str, address: str | None = None) -> Pod:
        return Pod(self.named[name].namespace, self.named[name].labels, address)

    def ports(self) -> list[int]:
        return sorted({1, 22, 80, 443, *(port for edge in self.services.edges for port in edge.ports)})

    def open(self, client: str, server: str) -> list[int]:
        pods = self.pod(client), self.pod(server)
        return [port for port in self.ports() if self.network.allows(*pods, port)]

    def reach(self, client: str, address: str) -> list[int]:
        return [port for port in self.ports() if self.network.allows(self.pod(client), Host(address), port)]


@cache
def platform(name: str) -> Synthesized:
    return Synthesized(EXAMPLES[name])


COMMON = {
    ("marquez-web", "marquez"): [5000],
    ("otel-collector", "jaeger"): [4317],
}
RUNTIME = ("dagster", "dagster-user-deployments", "floe-cube")
POLARIS = {
    ("polaris-provisioning", "polaris"): [8181, 8182],
    **{(client, "polaris"): [8181] for client in RUNTIME},
}
NESSIE = {
    ("nessie-provisioning", "nessie"): [19120],
    **{(client, "nessie"): [19120] for client in RUNTIME},
}
OBSERVED = {
    **{(client, "otel-collector"): [4317, 4318] for client in RUNTIME},
    **{(client, "marquez"): [5000] for client in RUNTIME},
}
SERVERS = ("trino-coordinator", "trino-worker")
TRINO = {
    ("trino-coordinator", "trino-worker"): [8080],
    ("trino-worker", "trino-coordinator"): [8080],
    **{(server, "otel-collector"): [4317, 4318] for server in SERVERS},
    ("trino-coordinator", "marquez"): [5000],
    **{(client, "trino-coordinator"): [8080] for client in RUNTIME},
}
CALLERS = {("polaris", "otel-collector"): [4317, 4318]}
IN_CLUSTER = {
    **{(client, "postgresql"): [5432] for client in ("databases", "polaris", "polaris-bootstrap", "marquez")},
    **{(client, "postgresql"): [5432] for client in ("dagster", "dagster-migration", "dagster-user-deployments")},
    **{(client, "rustfs"): [9000] for client in ("buckets", "polaris", *RUNTIME)},
}
ALLOWED: dict[str, dict[tuple[str, str], list[int]]] = {
    "prod": {
        **COMMON,
        **POLARIS,
        **OBSERVED,
        **TRINO,
        **CALLERS,
        **{(server, "polaris"): [8181] for server in SERVERS},
    },
    "company": {**COMMON, **POLARIS, **OBSERVED, **CALLERS},
    "nessie": {
        **COMMON,
        **NESSIE,
        **OBSERVED,
        **TRINO,
        **{(server, "nessie"): [19120] for server in SERVERS},
        ("nessie", "otel-collector"): [4317, 4318],
    },
    "duckdb": POLARIS,
    "staging": {**COMMON, **POLARIS, **OBSERVED, **CALLERS},
    "local": {**COMMON, **POLARIS, **OBSERVED, **CALLERS, **IN_CLUSTER},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_wired_is_reachable_and_nothing_else_is(name: str):
    there = platform(name)
    found = {
        (client, server): ports
        for client, server in product(there.named, repeat=2)
        if client != server and (ports := there.open(client, server))
    }
    # Their charts are not ours: these talk to each other as they want.
    theirs = ("dagster-migration", *RUNTIME)
    within = {(one, other): there.ports() for one, other in product(theirs, repeat=2) if one != other}
    assert found == {**ALLOWED[name], **within}


@pytest.mark.parametrize("name", EXAMPLES)
def test_nor_with_vpc_cni_where_pods_have_addresses_of_the_network(name: str):
    """Rules for the API server, the database and the cloud's endpoints then fit pods too, on one end; the other end
    refuses."""
    there = platform(name)
    for client, server in product(there.named, repeat=2):
        by_name = [port for port in there.ports() if port in there.open(client, server)]
        ends = there.pod(client, "10.0.1.1"), there.pod(server, "10.0.2.2")
        assert [port for port in there.ports() if there.network.allows(*ends, port)] == by_name, (client, server)


@pytest.mark.parametrize("name", EXAMPLES)
def test_strangers_get_nowhere(name: str):
    there = platform(name)
    strangers = [Pod("default", {}), Pod("kube-system", {"k8s-app": "x"})]
    # A pod that nobody knows, even in a namespace of ours and under an address of the VPC's.
    strangers += [Pod(each.namespace, {"app": "debug"}) for each in there.workloads if each.namespace != "floe"]
    for stranger, workload, port in product(strangers, there.workloads, there.ports()):
        pod = Pod(workload.namespace, workload.labels)
        assert not there.network.allows(stranger, pod, port), (stranger, workload.name, port)
        assert not there.network.allows(pod, stranger, port), (workload.name, stranger, port)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_pod_asks_for_names_and_none_for_a_nodes_credentials(name: str):
    there = platform(name)
    dns = Pod("kube-system", {"k8s-app": "kube-dns"})
    for workload in there.workloads:
        pod = Pod(workload.namespace, workload.labels)
        assert [there.network.allows(pod, dns, 53, protocol) for protocol in ("UDP", "TCP")] == [True, True]
        assert not there.network.allows(dns, pod, 53)
        assert not any(there.network.allows(pod, Host("169.254.169.254"), port) for port in there.ports())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_ref_that_a_part_takes_is_used_by_some_of_its_pods(name: str):
    """What is wired and what pods say of themselves are two lists; neither may have more than the other."""
    from floe_infra.services import TAKES

    for section, workloads in platform(name).services.workloads.items():
        taken = {each for workload in workloads for each in workload.takes} - {section}
        assert taken == set(TAKES.get(section, ())), section


def test_who_reaches_what_is_no_pod_in_production():
    there = platform("prod")
    database, cloud, api = "10.0.9.9", "52.218.1.1", "172.20.0.1"
    talks = {
        name: (there.reach(name, database), there.reach(name, cloud), there.reach(name, api)) for name in there.named
    }
    nothing: tuple[list[int], list[int], list[int]] = ([], [], [])
    assert talks == {
        "external-secrets": ([443, 6443], [443], [443, 6443]),
        "external-secrets-webhook": ([443, 6443], [], [443, 6443]),
        "external-secrets-cert-controller": ([443, 6443], [], [443, 6443]),
        "databases": ([5432], [], []),
        "polaris": ([443, 5432], [443], []),
        "polaris-bootstrap": ([5432], [], []),
        "polaris-provisioning": nothing,
        "trino-coordinator": ([443], [443], []),
        "trino-worker": ([443], [443], []),
        "otel-collector": nothing,
        "jaeger": nothing,
        "marquez": ([5432], [], []),
        "marquez-web": nothing,
        "dagster": ([443, 5432, 6443], [443], [443, 6443]),
        "dagster-migration": ([5432], [], []),
        "dagster-user-deployments": ([443, 5432], [443], []),
        "floe-cube": ([443], [443], []),
    }


def test_a_vendor_and_a_search_server_are_reached_by_their_ports_alone():
    there = platform("company")
    assert there.reach("otel-collector", "52.218.1.1") == [443]
    for name in ("jaeger", "jaeger-es-index-cleaner"):
        assert (there.reach(name, "10.99.1.1"), there.reach(name, "52.218.1.1")) == ([9200], [9200])


def test_without_a_cloud_nothing_leads_out_but_to_the_api_server():
    there = platform("local")
    assert all(there.reach(name, "52.218.1.1") == [] for name in there.named)
    leading = {name for name in there.named if there.reach(name, "10.96.0.1")}
    assert leading == {"external-secrets", "external-secrets-webhook", "external-secrets-cert-controller", "dagster"}


def test_the_api_server_calls_the_webhook_and_nothing_else():
    there = platform("prod")
    called = {
        name: [port for port in there.ports() if there.network.allows(Host("10.0.9.9"), there.pod(name), port)]
        for name in there.named
    }
    assert {name: ports for name, ports in called.items() if ports} == {"external-secrets-webhook": [10250]}


def test_without_the_internet_only_the_network_is_left():
    there = Synthesized(EXAMPLES["prod"], network_policies={"allow_internet": False})
    assert all(there.reach(name, "52.218.1.1") == [] for name in there.named)
    assert there.reach("trino-worker", "10.0.9.9") == [443]
    assert "0.0.0.0/0" not in json.dumps(there.policies)


def test_edges_of_the_file_open_what_they_say_and_no_more():
    edges = [
        {"client": "namespace/superset", "server": "compute", "port": 8080},
        {"client": "10.8.0.0/24", "server": "lineage", "port": 3000},
        {"client": "runtime", "server": "10.20.0.0/16", "port": 1433},
    ]
    there = Synthesized(EXAMPLES["prod"], network_policies={"edges": edges, "metrics_from": ["monitoring"]})
    superset, prometheus, bastion = Pod("superset", {"app": "x"}), Pod("monitoring", {}), Host("10.8.0.7")
    assert there.network.allows(superset, there.pod("trino-coordinator"), 8080)
    assert there.network.allows(bastion, there.pod("marquez-web"), 3000)
    assert not there.network.allows(bastion, there.pod("marquez"), 3000)
    assert not there.network.allows(superset, there.pod("marquez"), 5000)
    assert there.reach("dagster", "10.20.0.1") == [1433]
    assert there.reach("polaris", "10.20.0.1") == []
    scraped = {
        name
        for name in there.named
        if any(there.network.allows(prometheus, there.pod(name), port) for port in there.ports())
    }
    assert scraped == {name for name, each in there.named.items() if each.metrics}
    assert not there.network.allows(prometheus, there.pod("polaris"), 8181)


def test_only_namespaces_of_ours_have_policies():
    """Each in its own release."""
    there = platform("prod")
    ours = {"external-secrets", "database", "catalog", "query", "observability", "floe"}
    assert {each["metadata"]["namespace"] for each in there.policies} == ours
    assert {each["namespace"] for each in there.releases if each["name"] == "network-policies"} == ours


def test_nothing_is_in_a_namespace_before_its_policies():
    there = platform("prod")
    addresses = {address: release for address, release in there.blocks.items() if release["name"] != "network-policies"}
    policies = {release["namespace"]: address for address, release in there.blocks.items() if address not in addresses}
    for release in addresses.values():
        if release["namespace"] in policies and release["name"] != "limits":
            assert f"helm_release.{policies[release['namespace']]}" in release["depends_on"], release["name"]


def test_they_can_be_left_out():
    assert Synthesized(EXAMPLES["duckdb"], network_policies={"enabled": False}).policies == []


def test_ends_are_listed_once():
    one, other = Workload("one", "a", {}), Addresses("x", (Block("10.0.0.0/8"),))
    edges = [Edge(Everyone("b"), one), Edge(one, other), Edge(one, other, (1,))]
    assert all_ends([one], edges) == [one, Everyone("b"), other]
