from __future__ import annotations

from typing import Any

import pytest

from floe_infra.kubernetes.site import SecretCopy
from floe_infra.secrets import ExternalSecretsConfig
from floe_infra.secrets.external_secrets import ExternalSecrets
from in_cluster import STEADY, identity, objects, releases, secret, site, synthesized

READERS = {"catalog": identity("catalog", "secret-reader"), "query": identity("query", "secret-reader")}
LOGIN = secret("database-polaris", "username", "password")


def operator(*copies: SecretCopy, **settings: Any) -> dict[str, Any]:
    def make(stack: Any) -> None:
        config, place = ExternalSecretsConfig(**settings), site(cluster_secrets=None)
        made = ExternalSecrets(stack, "secrets", config=config, site=place, readers=READERS, needs={})
        if copies:
            made.copy(stack, "copies", namespace="catalog", secrets=copies)

    return synthesized(make)


def test_each_namespace_has_a_store_that_reads_as_its_own_account():
    stack = operator()
    stores = [made for name, made in releases(stack).items() if name == "secret-store"]
    account, store = stores[0]["values"]["manifests"]
    assert account["metadata"]["annotations"] == READERS["query"].annotations
    aws = store["spec"]["provider"]["aws"]
    assert aws["auth"] == {"jwt": {"serviceAccountRef": {"name": "secret-reader"}}}
    assert aws["region"] == "eu-west-1"
    assert "ClusterSecretStore" not in str(stack)


def test_the_operator_itself_has_no_rights_in_the_cloud():
    values = releases(operator())["external-secrets"]["values"]
    assert "annotations" not in values["serviceAccount"]


def test_it_stays_where_nobody_takes_nodes_away():
    values = releases(operator())["external-secrets"]["values"]
    assert {key: values["global"][key] for key in STEADY} == STEADY


@pytest.mark.parametrize("replicas", [1, 2])
def test_one_of_several_may_go(replicas):
    values = releases(operator(replicas=replicas))["external-secrets"]["values"]
    assert values["podDisruptionBudget"]["enabled"] is values["leaderElect"] is (replicas > 1)


def test_a_copy_follows_the_clouds_secret():
    copy = SecretCopy("polaris-db", LOGIN, {"url": "jdbc:{{ .username }}"})
    made = objects(operator(copy, refresh_minutes=5))["ExternalSecret/polaris-db"]
    assert made["spec"] == {
        "refreshInterval": "5m0s",
        "secretStoreRef": {"kind": "SecretStore", "name": "cloud"},
        "target": {
            "name": "polaris-db",
            "creationPolicy": "Owner",
            "template": {"engineVersion": "v2", "data": {"url": "jdbc:{{ .username }}"}},
        },
        "dataFrom": [{"extract": {"key": LOGIN.remote_key}}],
    }


def test_without_a_template_the_keys_are_the_clouds():
    copy = SecretCopy("polaris-db", LOGIN)
    assert "template" not in objects(operator(copy))["ExternalSecret/polaris-db"]["spec"]["target"]
    assert copy.ref("catalog").keys == ("username", "password")


def test_a_new_value_has_a_new_name_so_that_what_names_it_waits_for_it():
    again = secret("database-polaris", "username", "password", generation=2)
    made = objects(operator(SecretCopy("polaris-db", again), SecretCopy("fixed", again, stable_name=True)))
    assert {"ExternalSecret/polaris-db-2", "ExternalSecret/fixed"} <= made.keys()
    annotations = made["ExternalSecret/fixed"]["metadata"]["annotations"]
    assert annotations == {"floe-infra/generation": "2"}, "else it would be fetched a quarter of an hour later"


def test_secrets_come_after_the_store_and_the_store_after_the_operator():
    made = releases(operator(SecretCopy("polaris-db", LOGIN)))
    [store] = [name for name in made["stack-secrets"]["depends_on"] if "stores_catalog" in name]
    assert store
    assert any("external-secrets" in name for name in made["secret-store"]["depends_on"])
