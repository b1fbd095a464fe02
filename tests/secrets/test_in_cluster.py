from __future__ import annotations

from typing import Any

import pytest

from alone import DISPOSABLE, PROD
from chart_values import emitted_values
from floe_infra.kubernetes.site import SecretCopy
from floe_infra.needs import ExistingSecret, Needs, Password
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets import InClusterSecretsConfig
from floe_infra.secrets.in_cluster import InClusterSecrets
from in_cluster import objects, releases, site, synthesized
from synthesized import resources

NEEDS = {
    "catalog": Needs(
        namespace="catalog",
        databases=("polaris",),
        secrets={
            "polaris-root": {"client_id": "{{ root }} ${x}", "client_secret": Password()},
            "polaris-token-key": {"key": Password(length=96), "salt": Password(length=8), "old": Password(length=8)},
        },
    ),
    "telemetry": Needs(namespace="observability", existing={"vendor": ExistingSecret("vendor-login", ("api-key",))}),
    "runtime": Needs(namespace="floe", reads=("polaris-root",)),
    "secrets": Needs(namespace="secrets"),
}
SECRETS = [
    SecretRef("polaris-root", "polaris-root-2", ("client_id", "client_secret"), generation=2),
    SecretRef("polaris-token-key", "polaris-token-key", ("key", "salt", "old")),
    SecretRef("database-polaris", "database-polaris", ("username", "password", "database")),
    SecretRef("vendor", "vendor-login", ("api-key",)),
]


def operator(*copies: SecretCopy, context: Any = PROD, needs: dict[str, Needs] = NEEDS) -> dict[str, Any]:
    readers = {
        need.namespace: IdentityRef(need.namespace, "secret-reader", role="", role_arn="")
        for need in needs.values()
        if need.all_reads
    }

    def make(stack: Any) -> None:
        place = site(cluster_secrets=None, secrets=SECRETS, context=context)
        config = InClusterSecretsConfig()
        made = InClusterSecrets(stack, "secrets", config=config, site=place, readers=readers, needs=needs)
        if copies:
            made.copy(stack, "copies", namespace="catalog", secrets=copies)

    return synthesized(make)


def store(namespace: str) -> dict[str, dict[str, Any]]:
    """The objects of a namespace's store, by kind; all these releases have the same name."""
    block = resources(operator(), "helm_release")[f"secrets/stores/{namespace}/release"]
    assert block["namespace"] == namespace
    return {each["kind"]: each for each in emitted_values(block)["manifests"]}


def recipe(name: str) -> dict[str, Any]:
    return objects(operator())[f"ExternalSecret/{name}"]["spec"]


def generated(name: str) -> dict[str, int]:
    """The keys that are made, with the length of their values."""
    found = objects(operator())
    lengths = {}
    for each in found[f"ExternalSecret/{name}"]["spec"]["dataFrom"]:
        [rewrite] = each["rewrite"]
        assert rewrite["regexp"]["source"] == "^password$"
        reference = each["sourceRef"]["generatorRef"]
        generator = found[f"{reference['kind']}/{reference['name']}"]
        assert generator["apiVersion"] == reference["apiVersion"]
        lengths[rewrite["regexp"]["target"]] = generator["spec"]["length"]
    return lengths


def test_each_key_has_a_value_of_its_own():
    assert generated("polaris-root-2") == {"client_secret": 40}
    assert generated("polaris-token-key") == {"key": 96, "salt": 8, "old": 8}
    assert generated("database-polaris") == {"password": 40}


def test_values_are_letters_and_digits():
    spec = objects(operator())["Password/letters-and-digits-40"]["spec"]
    assert spec["symbols"] == 0
    assert 0 < spec["digits"] < spec["length"]
    assert spec["allowRepeat"] is True  # there are ten digits and 52 letters, fewer than some values are long


def test_values_are_made_once():
    spec = recipe("polaris-root-2")
    assert spec["refreshPolicy"] == "CreatedOnce"
    assert spec["target"]["immutable"] is True
    assert spec["target"]["name"] == "polaris-root-2"


def test_what_is_known_comes_out_as_it_went_in():
    template = recipe("polaris-root-2")["target"]["template"]
    assert template["mergePolicy"] == "Merge"
    assert template["data"] == {"client_id": "{{ `{{` }} root }} ${x}"}


def test_what_somebody_else_keeps_is_not_made():
    assert "ExternalSecret/vendor-login" not in objects(operator())


def test_each_namespace_gets_exactly_what_it_needs_by_name():
    rules = {namespace: store(namespace)["Role"]["rules"] for namespace in ("catalog", "observability", "floe")}
    assert {namespace: rule["resourceNames"] for namespace, [rule] in rules.items()} == {
        "catalog": ["polaris-root-2", "polaris-token-key", "database-polaris"],
        "observability": ["vendor-login"],
        "floe": ["polaris-root-2"],
    }
    assert all((rule["resources"], rule["verbs"]) == (["secrets"], ["get"]) for [rule] in rules.values())


def test_the_role_is_where_the_values_are_and_its_holder_where_they_are_wanted():
    found = store("catalog")
    role, binding = found["Role"], found["RoleBinding"]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "secrets"
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "secret-reader", "namespace": "catalog"}]


def test_each_store_reads_as_its_namespaces_account():
    kubernetes = store("catalog")["SecretStore"]["spec"]["provider"]["kubernetes"]
    assert kubernetes["remoteNamespace"] == "secrets"
    assert kubernetes["auth"] == {"serviceAccount": {"name": "secret-reader"}}
    assert kubernetes["server"]["caProvider"]["name"] == "kube-root-ca.crt"


def test_copies_come_after_their_sources():
    stack = operator(SecretCopy("login", SECRETS[0]))
    blocks = resources(stack, "helm_release")
    copy = objects(stack)["ExternalSecret/login-2"]
    assert copy["spec"]["dataFrom"] == [{"extract": {"key": "polaris-root-2"}}]
    addresses = {path: address for address, path in _addresses(stack).items()}
    assert addresses["secrets/stores/catalog/release"] in blocks["copies/release"]["depends_on"]
    before = blocks["secrets/stores/catalog/release"]["depends_on"]
    assert {addresses["secrets/values/release"], addresses["secrets/external-secrets/release"]} <= set(before)


def _addresses(stack: dict[str, Any]) -> dict[str, str]:
    blocks = stack["resource"]["helm_release"]
    return {f"helm_release.{name}": block["//"]["metadata"]["path"].split("/", 1)[1] for name, block in blocks.items()}


@pytest.mark.parametrize(("context", "kept"), [(PROD, True), (DISPOSABLE, False)])
def test_values_are_kept(context, kept):
    release = resources(operator(context=context), "helm_release")["secrets/values/release"]
    assert release.get("lifecycle", {}).get("prevent_destroy", False) is kept


def test_where_nothing_is_wanted_nothing_is_made():
    stack = operator(needs={"secrets": Needs(namespace="secrets")})
    assert set(releases(stack)) == {"external-secrets"}


def test_no_value_is_in_terraforms_hands():
    """Recipes hold lengths and names; what is random is not there yet."""
    text = str(operator())
    assert "random" not in text
    assert "ephemeral" not in text
