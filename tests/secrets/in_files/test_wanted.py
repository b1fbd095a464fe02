from __future__ import annotations

from floe_infra.kubernetes.site import SecretCopy
from floe_infra.needs import ExistingSecret, Needs, Password
from floe_infra.refs import SecretRef
from floe_infra.secrets.in_files.wanted import Given, Wanted, contents, wanted

ROOT = {"client_id": "root", "client_secret": Password(length=32)}
FILE = "id: {{ .client_id | toJson }}\nsecret: {{ .client_secret | toJson }}\n"


def of(data: dict[str, str] | None, *, composes: bool = True, generation: int = 1) -> Wanted:
    source = SecretRef("polaris-root", "polaris-root", tuple(ROOT), generation=generation)
    copy = SecretCopy("login", source, data)
    return wanted(copy, namespace="catalog", content=ROOT, composes=composes)


def test_only_what_nobody_knows_is_to_be_given():
    found = of(None)
    assert (found.namespace, found.name) == ("catalog", "login")
    assert found.given == {"client_secret": Given("polaris-root", "client_secret", made=True, length=32)}
    assert found.known == {"client_id": "root"}
    assert found.keys == {"client_id", "client_secret"}


def test_a_key_may_have_another_name_here():
    found = of({"polaris-client-secret": "{{ .client_secret }}", "url": "jdbc:x"})
    assert {key: given.name for key, given in found.given.items()} == {
        "polaris-client-secret": "polaris-root.client_secret"
    }
    assert found.known == {"url": "jdbc:x"}


def test_what_holds_other_values_is_put_together_from_them_by_their_names_here():
    found = of({"symmetric.key": "{{ .client_secret }}", "file": FILE})
    assert found.given.keys() == {"symmetric.key"}
    assert found.composed == {"file": 'id: "root"\nsecret: {{ index . "symmetric.key" | toJson }}\n'}


def test_an_operator_that_puts_nothing_together_is_given_the_whole():
    found = of({"client_secret": "{{ .client_secret }}", "file": FILE}, composes=False)
    assert found.composed == {}
    assert found.given["file"].text == 'id: "root"\nsecret: {{ .client_secret | toJson }}\n'
    assert found.keys == of({"client_secret": "{{ .client_secret }}", "file": FILE}).keys


def test_what_is_put_together_of_a_value_that_is_not_there_is_given_as_a_whole():
    assert of({"file": FILE}).given["file"].text == 'id: "root"\nsecret: {{ .client_secret | toJson }}\n'


def test_a_generation_has_a_name_of_its_own():
    assert of(None, generation=2).name == "login-2"


def test_the_shortest_value_cannot_be_guessed():
    assert Given("s", "k", made=True, length=40).shortest == 16
    assert Given("s", "k", made=True, length=8).shortest == 8
    assert Given("s", "api-key").shortest == 1


def test_of_somebody_elses_secret_nothing_is_known():
    needs = {
        "telemetry": Needs("observability", existing={"vendor": ExistingSecret("login", ("instance-id", "api-key"))})
    }
    copy = SecretCopy("vendor", SecretRef("vendor", "login", ("instance-id", "api-key")))
    found = wanted(copy, namespace="observability", content=contents(needs)["vendor"], composes=True)
    assert found.given == {key: Given("vendor", key) for key in ("instance-id", "api-key")}


def test_every_secret_of_every_service_is_known():
    needs = {
        "catalog": Needs("catalog", databases=("polaris",), secrets={"polaris-root": ROOT}),
        "runtime": Needs("floe", reads=("polaris-root",)),
    }
    assert contents(needs).keys() == {"polaris-root", "database-polaris"}
    assert contents(needs)["database-polaris"]["username"] == "polaris"
