"""Whole platforms with Vault: what is read is what may be read, in both stacks and in both forms."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chart_values import emitted_values, value_problems
from floe_infra.config import PlatformConfig, load
from floe_infra.network.reachability import Host, Pod, Reachability
from floe_infra.synthesis import synthesize
from provider_schema import conformance_problems
from synthesized import resources

ROOT = Path(__file__).parents[2]
VAULT = {"kind": "vault", "address": "https://vault.example.com:8200", "cidr": "10.9.0.0/24"}
PLATFORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "deployed": ("examples/aws-vault.yaml", {"kind": "openbao"}),
    "deployed on Google": ("examples/gcp-prod.yaml", {"kind": "openbao"}),
    "existing": ("floe-infra.yaml", VAULT),
    "existing, no cloud": ("examples/local-cluster.yaml", VAULT),
}
OWN = {"database-admin"}
"""Of the cloud, where the database is its own."""


@cache
def stacks(platform: str, out: Path) -> dict[str, dict[str, Any]]:
    file, secrets = PLATFORMS[platform]
    config = PlatformConfig.model_validate({**load(ROOT / file).model_dump(exclude_unset=True), "secrets": secrets})
    return {
        stack.name.rpartition("-")[2]: json.loads(stack.file.read_text())
        for stack in synthesize(config, out / platform)
    }


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("out")
    return folder


@pytest.fixture(params=PLATFORMS)
def platform(request, out) -> dict[str, dict[str, Any]]:
    return stacks(request.param, out)


def manifests(services: dict[str, Any]) -> list[dict[str, Any]]:
    """Objects of our own, each with its namespace."""
    return [
        {**each, "namespace": each["metadata"].get("namespace", block["namespace"])}
        for block in resources(services, "helm_release").values()
        for each in emitted_values(block).get("manifests", [])
    ]


def job(services: dict[str, Any]) -> dict[str, Any]:
    [files] = [
        each["data"]
        for each in manifests(services)
        if (each["kind"], each["metadata"]["name"]) == ("ConfigMap", "vault-writer")
    ]
    found: dict[str, Any] = json.loads(files["spec.json"])
    return found


def policies(platform: dict[str, dict[str, Any]]) -> dict[str, str]:
    """By role, what the job writes or an administrator is to run."""
    wanted = job(platform["services"])
    if "policies" in wanted:
        found: dict[str, str] = wanted["policies"]
        return found
    setup = platform["foundation"]["output"]["vault_setup"]["value"]
    return dict(re.findall(r"vault policy write (\S+) - <<'EOF'\n(.*?)EOF\n", setup, re.DOTALL))


def allows(policy: str, key: str) -> bool:
    paths = re.findall(r'path "([^"]+)" { capabilities = \["read"\] }', policy)
    return any(re.fullmatch(re.escape(path).replace(r"\+", "[^/]+"), key) for path in paths)


def test_every_secret_that_is_copied_may_be_read_in_its_namespace_and_nowhere_else(platform):
    may = policies(platform)
    stores = {
        each["namespace"]: each["spec"]["provider"]["vault"]
        for each in manifests(platform["services"])
        if each["kind"] == "SecretStore" and "vault" in each["spec"]["provider"]
    }
    read: dict[str, set[str]] = {}
    for each in manifests(platform["services"]):
        if each["kind"] == "ExternalSecret" and each["spec"]["secretStoreRef"]["name"] == "vault":
            keys = {source["extract"]["key"] for source in each["spec"]["dataFrom"]}
            read.setdefault(each["namespace"], set()).update(keys)
    assert read.keys() <= stores.keys()
    every = set().union(*read.values())
    assert len(every) > 4
    for namespace, keys in read.items():
        policy = may[stores[namespace]["auth"]["kubernetes"]["role"]]
        assert {key for key in every if allows(policy, key)} >= keys, namespace
    assert len({store["auth"]["kubernetes"]["role"] for store in stores.values()}) == len(stores)


def test_every_secret_that_is_copied_is_made(platform):
    made = {f"secret/data/{path}" for path in job(platform["services"])["secrets"]}
    copied = {
        source["extract"]["key"]
        for each in manifests(platform["services"])
        if each["kind"] == "ExternalSecret" and each["spec"]["secretStoreRef"]["name"] == "vault"
        for source in each["spec"]["dataFrom"]
    }
    assert copied <= made


def test_only_what_the_cloud_made_comes_from_the_cloud(platform):
    other = {
        each["metadata"]["name"]
        for each in manifests(platform["services"])
        if each["kind"] == "ExternalSecret" and each["spec"]["secretStoreRef"]["name"] != "vault"
    }
    assert other <= OWN


def test_both_stacks_conform_and_every_value_is_a_charts(platform):
    for stack in platform.values():
        assert conformance_problems(stack) == []
    assert value_problems(platform["services"]) == []


def test_an_administrator_is_told_only_where_there_is_one(out):
    assert "vault_setup" in stacks("existing", out)["foundation"]["output"]
    assert "vault_setup" not in stacks("deployed", out)["foundation"]["output"]


def test_googles_key_unseals(out):
    release = resources(stacks("deployed on Google", out)["services"], "helm_release")["secrets/openbao/release"]
    configuration = json.loads(emitted_values(release)["server"]["ha"]["raft"]["config"])
    assert configuration["seal"]["gcpckms"].keys() == {"project", "region", "key_ring", "crypto_key"}


@pytest.mark.parametrize("name", ["existing", "existing, no cloud"])
def test_operator_and_job_reach_the_server_where_it_is_and_nobody_else_does(name, out):
    objects = manifests(stacks(name, out)["services"])
    network = Reachability([each for each in objects if each["kind"] == "NetworkPolicy"])
    policies = [each for each in objects if each["kind"] == "NetworkPolicy" and each["spec"]["podSelector"]]
    reaching = {
        each["metadata"]["name"]
        for each in policies
        if network.allows(Pod(each["namespace"], each["spec"]["podSelector"]["matchLabels"]), Host("10.9.0.7"), 8200)
    }
    assert reaching == {"external-secrets", "vault-writer"}
    writer = Pod(
        "external-secrets", {"app.kubernetes.io/name": "vault-writer", "app.kubernetes.io/managed-by": "floe-infra"}
    )
    assert not network.allows(writer, Host("10.9.1.7"), 8200)
    assert not network.allows(writer, Host("52.218.1.1"), 8200)
