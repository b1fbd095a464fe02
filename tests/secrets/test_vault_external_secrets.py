from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from alone import PROD
from chart_values import emitted_values
from floe_infra.kubernetes.site import SecretCopy
from floe_infra.needs import Needs
from floe_infra.network.edges import Workload
from floe_infra.refs import SecretRef
from floe_infra.secrets import OpenBaoConfig, VaultConfig
from floe_infra.secrets.vault_external_secrets import VaultExternalSecrets
from floe_infra.secrets.vault_layout import layout
from in_cluster import STEADY, objects, releases, secret
from synthesized import resources
from vault_alone import ADDRESS, ADMIN, CERTIFICATE, NEEDS, google_identity, made, spec

CONFIG = VaultConfig(address=ADDRESS)


def stores(stack: dict[str, Any], namespace: str) -> dict[str, dict[str, Any]]:
    """The providers of a namespace's stores, by the stores' names."""
    block = resources(stack, "helm_release")[f"secrets/stores/{namespace}/release"]
    found = {each["metadata"]["name"]: each for each in emitted_values(block)["manifests"]}
    return {name: each["spec"]["provider"] for name, each in found.items() if each["kind"] == "SecretStore"}


def workloads(**settings: Any) -> dict[str, Workload]:
    config = VaultConfig.model_validate({"address": ADDRESS, **settings})
    return {each.name: each for each in VaultExternalSecrets.workloads(config)}


def test_each_namespace_logs_in_as_itself():
    found = stores(made(CONFIG), "catalog")
    assert found == {
        "vault": {
            "vault": {
                "server": ADDRESS,
                "path": "secret",
                "version": "v2",
                "auth": {
                    "kubernetes": {
                        "mountPath": "kubernetes",
                        "role": "acme-prod.catalog",
                        "serviceAccountRef": {"name": "secret-reader", "audiences": ["vault"]},
                    }
                },
            }
        }
    }


def test_a_server_with_a_namespace_and_an_authority_of_its_own():
    config = VaultConfig(address=ADDRESS, ca_certificate=CERTIFICATE, vault_namespace="teams/data", auth_mount="eks")
    stack = made(config)
    vault = stores(stack, "catalog")["vault"]["vault"]
    assert vault["namespace"] == "teams/data"
    assert base64.b64decode(vault["caBundle"]).decode() == CERTIFICATE
    assert vault["auth"]["kubernetes"]["mountPath"] == "eks"
    job = spec(stack)
    assert (job["vault_namespace"], job["ca_file"], job["auth_mount"]) == ("teams/data", "/vault/ca.crt", "eks")
    assert objects(stack)["ConfigMap/vault-writer"]["data"]["ca.crt"] == CERTIFICATE


def test_what_the_cloud_keeps_has_a_store_where_it_is_read_and_nowhere_else():
    stack = made(CONFIG)
    assert stores(stack, "database").keys() == {"vault", "cloud"}
    assert stores(stack, "database")["cloud"]["aws"]["service"] == "SecretsManager"
    assert stores(stack, "catalog").keys() == stores(stack, "observability").keys() == {"vault"}


def test_a_namespace_that_reads_from_the_cloud_alone_has_no_other_store():
    needs = {**NEEDS, "database": Needs(namespace="database", reads=("database-admin",))}
    assert stores(made(CONFIG, needs=needs), "database").keys() == {"cloud"}


def test_googles_own_secrets_come_from_google():
    cloud = stores(made(CONFIG, reader=google_identity), "database")["cloud"]
    assert cloud["gcpsm"]["auth"]["workloadIdentity"]["serviceAccountRef"] == {"name": "secret-reader"}


def test_copies_come_from_where_the_secret_is():
    place = layout(CONFIG, PROD)
    login = secret("database-polaris", "username", "password")
    ours = SecretCopy("login", SecretRef("database-polaris", place.key("database-polaris", 1), login.keys))
    found = objects(made(CONFIG, ours, SecretCopy("admin", ADMIN)))
    sources = {
        name: (spec["secretStoreRef"]["name"], spec["dataFrom"][0]["extract"]["key"])
        for name in ("login", "admin")
        for spec in [found[f"ExternalSecret/{name}"]["spec"]]
    }
    assert sources == {
        "login": ("vault", "secret/data/acme/prod/database-polaris/1"),
        "admin": ("cloud", ADMIN.remote_key),
    }


def test_the_job_is_told_what_to_make_and_nothing_that_is_secret():
    wanted = spec(made(VaultConfig(address=ADDRESS, generations={"polaris-root": 2})))
    assert wanted["secrets"] == {
        "acme/prod/database-polaris/1": {"username": "polaris", "password": {"random": 40}, "database": "polaris"},
        "acme/prod/polaris-root/2": {"client_id": "root", "client_secret": {"random": 40}},
        "acme/prod/polaris-token-key/1": {"key": {"random": 96}},
    }
    assert (wanted["address"], wanted["role"], wanted["mount"]) == (ADDRESS, "acme-prod-writer", "secret")


def test_the_policies_of_somebody_elses_server_are_not_the_jobs_business():
    wanted = spec(made(CONFIG))
    assert wanted.keys().isdisjoint({"policies", "roles", "owned"})
    assert "vault_setup" in wanted["hint"]


def test_the_job_logs_in_with_a_token_for_the_server_alone():
    job = objects(made(VaultConfig(address=ADDRESS, audience="https://vault")))["Job/vault-writer"]
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "vault-writer"
    assert pod["automountServiceAccountToken"] is False, "Kubernetes' own API is not called"
    [projected] = [each["projected"] for each in pod["volumes"] if "projected" in each]
    assert projected["sources"] == [
        {"serviceAccountToken": {"audience": "https://vault", "expirationSeconds": 600, "path": "token"}}
    ]
    assert {key: pod[key] for key in STEADY} == STEADY


def test_the_job_runs_again_when_anything_else_is_wanted():
    def checksum(config: VaultConfig) -> str:
        template = objects(made(config))["Job/vault-writer"]["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/files"])

    assert checksum(CONFIG) == checksum(VaultConfig(address=ADDRESS))
    assert checksum(CONFIG) != checksum(VaultConfig(address=ADDRESS, generations={"polaris-root": 2}))


def test_stores_come_after_the_values():
    blocks = resources(made(CONFIG), "helm_release")
    before = blocks["secrets/stores/catalog/release"]["depends_on"]
    assert any("secrets_values_release" in each for each in before)
    assert any("external-secrets" in each for each in before)


def test_operator_and_job_reach_a_server_of_which_only_the_name_is_known_by_its_port():
    found = workloads()
    assert found["external-secrets"].elsewhere == found["vault-writer"].elsewhere == (8200,)
    assert found["external-secrets"].cloud
    assert not found["vault-writer"].cloud
    assert found["external-secrets-webhook"].elsewhere == ()


@pytest.mark.parametrize(
    "settings", [{"cidr": "10.9.0.0/16"}, {"address": "https://10.9.0.0:8200", "cidr": "10.9.0.0/16"}]
)
def test_where_the_network_is_known_they_reach_nothing_else(settings):
    for name in ("external-secrets", "vault-writer"):
        assert workloads(**settings)[name].networks == {"10.9.0.0/16": (8200,)}
        assert workloads(**settings)[name].elsewhere == ()


def test_what_only_looks_like_an_address_is_none():
    assert workloads(address="https://10.9.1")["vault-writer"].elsewhere == (443,)


def test_a_server_named_by_its_address_is_a_network_of_one():
    assert workloads(address="https://10.9.1.2")["vault-writer"].networks == {"10.9.1.2/32": (443,)}


def test_the_same_kubernetes_secrets_come_out_as_with_any_other_backend():
    """What charts name is decided without asking where it comes from."""
    place = layout(OpenBaoConfig(), PROD)
    source = secret("polaris-root", "client_id", "client_secret")
    ours = SecretRef("polaris-root", place.key("polaris-root", 1), source.keys)
    copies = [SecretCopy("polaris-root", each, {"id": "{{ .client_id }}"}) for each in (source, ours)]
    first, second = (copy.ref("catalog") for copy in copies)
    assert first == second
    target = objects(made(OpenBaoConfig(), copies[1]))["ExternalSecret/polaris-root"]["spec"]["target"]
    assert target["name"] == "polaris-root"
    assert target["template"]["data"] == {"id": "{{ .client_id }}"}


def test_nothing_that_the_stack_holds_is_random():
    assert json.dumps(made(CONFIG)) == json.dumps(made(CONFIG))
    assert "vault-writer" in releases(made(CONFIG))["secret-values"]["values"]["manifests"][0]["metadata"]["name"]
