from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alone import DISPOSABLE
from chart_values import emitted_values
from floe_infra.config import PlatformConfig, load
from floe_infra.network.reachability import Host, Pod, Reachability
from floe_infra.platform import FloePlatform
from floe_infra.refs import SealRef
from floe_infra.secrets import OpenBaoConfig
from in_cluster import STEADY, identity, objects, releases
from synthesized import resources
from vault_alone import CERTIFICATE, made, spec

EXAMPLE = Path(__file__).parents[2] / "examples/aws-vault.yaml"
TLS = {"secret": "openbao-tls", "ca_certificate": CERTIFICATE}


def values(**settings: Any) -> dict[str, Any]:
    """The chart's."""
    found: dict[str, Any] = releases(made(OpenBaoConfig.model_validate(settings)))["openbao"]["values"]
    return found


def configuration(seal: SealRef | None = None, **settings: Any) -> dict[str, Any]:
    """The servers'."""
    stack = made(OpenBaoConfig.model_validate(settings), **({"seal": seal} if seal else {}))
    text = releases(stack)["openbao"]["values"]["server"]["ha"]["raft"]["config"]
    assert "{{" not in text, "the chart takes it for a template"
    found: dict[str, Any] = json.loads(text)
    return found


def test_there_are_three_servers_each_on_a_steady_node_of_its_own_in_zones_of_their_own():
    server = values()["server"]
    assert server["ha"]["replicas"] == 3
    assert {key: server[key] for key in STEADY} == STEADY
    assert server["topologySpreadConstraints"][0]["topologyKey"] == "topology.kubernetes.io/zone"
    assert "affinity" not in server, "the chart's own keeps two of them from one node"


def test_their_disks_stay():
    server = values()["server"]
    assert server["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


@pytest.mark.parametrize(("context", "kept"), [({}, True), ({"context": DISPOSABLE}, False)])
def test_the_servers_are_kept(context, kept):
    release = resources(made(OpenBaoConfig(), **context), "helm_release")["secrets/openbao/release"]
    assert release.get("lifecycle", {}).get("prevent_destroy", False) is kept


@pytest.mark.parametrize(("servers", "enabled"), [(1, False), (3, True), (5, True)])
def test_a_budget_keeps_a_majority_and_does_not_hold_up_the_node_of_a_single_one(servers, enabled):
    assert values(servers=servers)["server"]["ha"]["disruptionBudget"] == {"enabled": enabled}


def test_the_first_is_initialized_before_there_is_another():
    server = values()["server"]
    assert server["podManagementPolicy"] == "OrderedReady"
    assert server["extraArgs"] == "$(sh /openbao/first-start/first_start.sh http 3)"
    mounts = {each["name"]: each["mountPath"] for each in server["volumeMounts"]}
    assert mounts["openbao-first-start"] == "/openbao/first-start"


def test_each_finds_all_others():
    peers = configuration(servers=5)["storage"]["raft"]["retry_join"]
    assert [each["leader_api_addr"] for each in peers] == [
        f"http://openbao-{index}.openbao-internal:8200" for index in range(5)
    ]


def test_the_clouds_key_unseals_them_as_their_own_account():
    assert configuration()["seal"] == {
        "awskms": {"region": "eu-west-1", "kms_key_id": "arn:aws:kms:eu-west-1:111122223333:key/1"}
    }
    google = {"project": "p", "region": "europe-west4", "key_ring": "r", "crypto_key": "unseal"}
    assert configuration(SealRef("gcpckms", google))["seal"] == {"gcpckms": google}
    account = values()["server"]["serviceAccount"]
    assert account["annotations"] == identity("secrets", "openbao").annotations


def test_every_request_is_logged():
    [device] = configuration()["audit"]
    assert device["file"]["stdout"]["options"] == {"file_path": "stdout"}


def test_pods_are_restricted_and_write_nothing_but_their_disk_and_tmp():
    server = values()["server"]
    assert server["statefulSet"]["securityContext"]["container"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {each["name"] for each in server["volumeMounts"] if not each.get("readOnly")} == {"tmp"}
    assert OpenBaoConfig.pod_security == "restricted"


def test_nothing_else_of_the_chart_is_there():
    found = values()
    assert [found[part]["enabled"] for part in ("injector", "csi", "ui")] == [False, False, False]


def test_what_the_first_start_asks_for():
    """Only what lets the job and an administrator in."""
    stack = made(OpenBaoConfig())
    [block] = json.loads(objects(stack)["ConfigMap/openbao-first-start"]["data"]["initialize.json"])["initialize"]
    requests = {name: each for one in block["platform"]["request"] for name, each in one.items()}
    assert list(requests) == [
        "values",
        "accounts",
        "api-server",
        "writer-policy",
        "administrator-policy",
        "writer",
        "administrator",
    ]
    assert requests["writer"]["data"]["bound_service_account_names"] == ["vault-writer"]
    assert requests["administrator"]["data"]["bound_service_account_names"] == ["openbao-administrator"]
    account = objects(stack)["ServiceAccount/openbao-administrator"]
    assert account["automountServiceAccountToken"] is False


def test_the_job_says_who_reads_what_by_name():
    wanted = spec(made(OpenBaoConfig()))
    assert wanted["policies"]["acme-prod.database"] == (
        'path "secret/data/acme/prod/database-polaris/+" { capabilities = ["read"] }\n'
    )
    assert wanted["policies"]["acme-prod.observability"] == (
        'path "secret/data/vendors/vendor" { capabilities = ["read"] }\n'
    )
    assert {name: role["bound_service_account_namespaces"] for name, role in wanted["roles"].items()} == {
        f"acme-prod.{namespace}": [namespace] for namespace in ("catalog", "database", "observability")
    }
    assert all(role["token_policies"] == [name] for name, role in wanted["roles"].items())
    assert wanted["owned"] == "acme-prod."


def test_a_leader_is_asked_so_that_what_was_just_written_is_read():
    stack = made(OpenBaoConfig())
    assert spec(stack)["address"] == "http://openbao-active.secrets.svc.cluster.local:8200"
    store = objects(stack)["SecretStore/vault"]["spec"]["provider"]["vault"]
    assert store["server"] == spec(stack)["address"]


def test_tls_is_served_and_checked_by_everybody():
    settings = configuration(tls=TLS)
    listener = settings["listener"][0]["tcp"]
    assert (listener["tls_cert_file"], listener["tls_key_file"]) == ("/openbao/tls/tls.crt", "/openbao/tls/tls.key")
    assert "tls_disable" not in listener
    name = "openbao-active.secrets.svc.cluster.local"
    for peer in settings["storage"]["raft"]["retry_join"]:
        assert peer["leader_api_addr"].startswith("https://")
        assert (peer["leader_ca_cert_file"], peer["leader_tls_servername"]) == ("/openbao/first-start/ca.crt", name)
    found = values(tls=TLS)
    assert found["global"]["tlsDisable"] is False
    assert {"name": "openbao-tls", "secret": {"secretName": "openbao-tls", "defaultMode": 0o440}} in found["server"][
        "volumes"
    ]
    stack = made(OpenBaoConfig.model_validate({"tls": TLS}))
    assert spec(stack)["address"] == f"https://{name}:8200"
    assert objects(stack)["SecretStore/vault"]["spec"]["provider"]["vault"].keys() >= {"caBundle"}
    assert objects(stack)["ConfigMap/openbao-first-start"]["data"]["ca.crt"] == CERTIFICATE


def test_values_of_both_charts_can_be_changed():
    stack = made(OpenBaoConfig(values={"a": 1}, server_values={"server": {"logLevel": "debug"}}))
    assert releases(stack)["openbao"]["values"]["server"]["logLevel"] == "debug"
    assert releases(stack)["external-secrets"]["values"]["a"] == 1


def test_one_after_the_other_comes_up():
    blocks = resources(made(OpenBaoConfig()), "helm_release")
    assert any("first_start" in each for each in blocks["secrets/openbao/release"]["depends_on"])
    before = blocks["secrets/values/release"]["depends_on"]
    assert any("secrets_openbao_release" in each for each in before)


# On a whole platform


@pytest.fixture(scope="module")
def platform() -> FloePlatform:
    from cdktf import App

    return FloePlatform(App(), "platform", load(EXAMPLE))


@pytest.fixture(scope="module")
def network(platform: FloePlatform) -> tuple[dict[str, Pod], Reachability]:
    stack = json.loads(json.dumps(platform.services.to_terraform()))
    policies = [
        each
        for block in resources(stack, "helm_release").values()
        for each in emitted_values(block).get("manifests", [])
        if each["kind"] == "NetworkPolicy"
    ]
    workloads = [each for part in platform.services.workloads.values() for each in part]
    return {each.name: Pod(each.namespace, each.labels) for each in workloads}, Reachability(policies)


def test_operator_and_job_reach_the_servers_and_nobody_else_does(network):
    pods, reached = network
    callers = {name for name, pod in pods.items() if reached.allows(pod, pods["openbao"], 8200) and name != "openbao"}
    assert callers == {"external-secrets", "vault-writer"}
    assert not any(reached.allows(pod, pods["openbao"], 8201) for name, pod in pods.items() if name != "openbao")


def test_the_servers_reach_each_other_the_cloud_and_the_api_server_and_no_other_pod(network):
    pods, reached = network
    servers = pods["openbao"]
    assert [port for port in (443, 8200, 8201) if reached.allows(servers, servers, port)] == [8200, 8201]
    assert reached.allows(servers, Host("52.218.1.1"), 443)
    assert not reached.allows(servers, Host("52.218.1.1"), 80)
    others = (pod for name, pod in pods.items() if name != "openbao")
    assert not any(reached.allows(servers, pod, port) for pod in others for port in (443, 5432, 8181, 8200))


def test_the_job_reaches_nothing_but_the_servers(network):
    pods, reached = network
    job = pods["vault-writer"]
    assert not any(reached.allows(job, Host(host), 443) for host in ("52.218.1.1", "172.20.0.1"))
    assert not any(reached.allows(job, pod, port) for name, pod in pods.items() for port in (443, 5432, 8181, 8201))


def test_the_key_crosses_to_the_services_by_name(platform):
    text = json.dumps(platform.services.to_terraform())
    assert "services_seal_settings_kms_key_id" in text
    assert "services_seal_settings_kms_key_id" in json.dumps(platform.foundation.to_terraform()["output"])


def test_only_who_reads_from_the_cloud_is_somebody_there(platform):
    stack = json.loads(json.dumps(platform.foundation.to_terraform()))
    names = {role["name"] for role in resources(stack, "aws_iam_role").values()}
    assert {name for name in names if name.endswith(".secret-reader")} == {"floe-staging-database.secret-reader"}
    assert "floe-staging-secrets.openbao" in names
    secrets = stack["resource"].get("aws_secretsmanager_secret", {})
    assert secrets == {}, "what RDS makes is the only one there"


def test_without_a_cloud_nothing_could_unseal_them():
    given = {
        **load(EXAMPLE.with_name("local-cluster.yaml")).model_dump(exclude_unset=True),
        "secrets": {"kind": "openbao"},
    }
    with pytest.raises(
        ValueError, match=r"openbao does not exist on local .*no key there unseals it; choose in_cluster"
    ):
        PlatformConfig.model_validate(given)


def test_each_server_finds_a_node_of_its_own():
    given = load(EXAMPLE).model_dump(exclude_unset=True)
    system = {"instance_types": ["m5.large"], "capacity_type": "on_demand", "min_size": 1, "max_size": 2}
    given["cluster"] = {"kind": "eks", "node_groups": {"system": system}}
    with pytest.raises(ValueError, match="3 servers need as many on-demand nodes without taints, and there can be 2"):
        PlatformConfig.model_validate(given)
    PlatformConfig.model_validate({**given, "secrets": {"kind": "openbao", "servers": 1}})


@pytest.mark.parametrize("name", ["a/+/b", "/a", "a//b"])
def test_a_path_that_a_policy_would_read_otherwise_names_no_secret(name):
    given = load(EXAMPLE).model_dump(exclude_unset=True)
    given["telemetry"] = {"exporters": {"grafana_cloud": {"zone": "prod-eu-west-2", "secret": name}}}
    with pytest.raises(ValueError, match="no secret in Vault can be called"):
        PlatformConfig.model_validate(given)


def test_one_line_changes_the_backend():
    """What is made of the file but secrets stays as it is."""
    one, other = (
        PlatformConfig.model_validate({**load(EXAMPLE).model_dump(exclude_unset=True), "secrets": {"kind": kind}})
        for kind in ("openbao", "external_secrets")
    )
    assert one.model_dump(exclude={"secrets"}) == other.model_dump(exclude={"secrets"})
