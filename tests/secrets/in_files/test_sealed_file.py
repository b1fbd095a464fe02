from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest

from encrypted import sealed_secret, sealing_key, unsealed, write
from floe_infra.config.document import Document
from floe_infra.secrets.in_files.sealed_file import SealedFile
from floe_infra.secrets.in_files.wanted import Given, Wanted

KEY = sealing_key()
VALUES = {"client_secret": "s3cr3t-s3cr3t-s3cr3t", "symmetric.key": ""}
Change = Callable[[dict[str, Any]], Any]


def sealed(**more: Any) -> dict[str, Any]:
    return sealed_secret("catalog", "polaris-root", VALUES, KEY.public_key(), **more)


@pytest.fixture
def read(tmp_path):
    def read(document: dict[str, Any]) -> SealedFile:
        return SealedFile(Document.read(write(tmp_path / "sealed" / "root.yaml", document)), "c" * 16)

    return read


def test_what_kubeseal_prints_is_taken(read):
    file = read(sealed())
    assert file.problems == []
    assert (file.namespace, file.name, file.scope) == ("catalog", "polaris-root", "strict")
    assert file.sizes == {"client_secret": 20, "symmetric.key": 0}


def test_json_is_taken_too(tmp_path):
    import json

    (tmp_path / "root.json").write_text(json.dumps(sealed()))
    assert SealedFile(Document.read(tmp_path / "root.json"), "").problems == []


@pytest.mark.parametrize("scope", ["strict", "namespace-wide", "cluster-wide"])
def test_the_controller_can_unseal_what_comes_out(read, scope):
    """With what everybody knows, and what is put together, beside it."""
    wanted = Wanted(
        "catalog",
        "polaris-root",
        given={"client_secret": Given("polaris-root", "client_secret"), "symmetric.key": Given("t", "key")},
        known={"client_id": "{{ root }}"},
        composed={"file": 'secret: {{ index . "client_secret" | toJson }}'},
    )
    file = read(sealed(scope=scope))
    assert file.problems == []
    assert file.scope == scope
    manifest = file.manifest(wanted)
    assert manifest["spec"]["template"]["type"] == "Opaque"
    assert unsealed(manifest, "catalog", KEY) == {
        **VALUES,
        "client_id": "{{ root }}",
        "file": 'secret: "s3cr3t-s3cr3t-s3cr3t"',
    }


def test_labels_and_annotations_of_the_secret_are_kept(read):
    document = sealed()
    document["spec"]["template"]["metadata"]["labels"] = {"team": "data"}
    wanted = Wanted("catalog", "polaris-root", {}, {}, {})
    assert read(document).manifest(wanted)["spec"]["template"]["metadata"]["labels"] == {"team": "data"}


def test_a_wrong_name_is_no_matter_of_renaming_unless_the_scope_says_so(read):
    assert "seal it anew" in read(sealed()).wrong_place()
    assert read(sealed(scope="namespace-wide")).wrong_place() == "change its name"
    assert read(sealed(scope="cluster-wide")).wrong_place() == "change its name and namespace"


def _set(path: str, value: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        *above, last = path.split("/")
        for step in above:
            document = document.setdefault(step, {})
        document[last] = value

    return change


def _shortened(document: dict[str, Any]) -> None:
    values = document["spec"]["encryptedData"]
    values["client_secret"] = b64encode(b64decode(values["client_secret"])[:200]).decode()


REFUSED: list[tuple[str, Change, str, str]] = [
    ("plain secret", _set("kind", "Secret"), "kind", "is a plain Secret"),
    ("another kind", _set("kind", "ConfigMap"), "kind", '"ConfigMap" is nothing that belongs here'),
    ("another version", _set("apiVersion", "bitnami.com/v2"), "apiVersion", '"bitnami.com/v2" is not known'),
    ("no namespace", lambda it: it["metadata"].pop("namespace"), "metadata", "says no namespace"),
    ("no name", lambda it: it["metadata"].pop("name"), "metadata", "says no name"),
    ("plain data", _set("data", {"a": "Yg=="}), "data", "is not encrypted"),
    ("plain text", _set("stringData", {"a": "b"}), "stringData", "is not encrypted"),
    ("plain data inside", _set("spec/stringData", {"a": "b"}), "spec.stringData", "is not encrypted"),
    ("plain template", _set("spec/template/data", {"a": "b"}), "spec.template.data", "is not encrypted"),
    (
        "a copy of what was applied",
        _set("spec/template/metadata/annotations", {"kubectl.kubernetes.io/last-applied-configuration": "{}"}),
        'spec.template.metadata.annotations."kubectl.kubernetes.io/last-applied-configuration"',
        "holds a copy of the plain Secret",
    ),
    ("the old form", lambda it: it.update(spec={"data": "AgB"}), "spec.data", "is of the old form"),
    ("no values", _set("spec/encryptedData", {}), "spec.encryptedData", "there are no values"),
    (
        "a plain value",
        _set("spec/encryptedData/client_secret", "hunter2!"),
        "spec.encryptedData.client_secret",
        "is not in base64, so it is not encrypted",
    ),
    (
        "a value in base64 alone",
        _set("spec/encryptedData/client_secret", b64encode(b"correct horse battery staple" * 20).decode()),
        "spec.encryptedData.client_secret",
        "does not begin as a sealed value does",
    ),
    (
        "a number",
        _set("spec/encryptedData/client_secret", 42),
        "spec.encryptedData.client_secret",
        "the value is no text",
    ),
    ("half a value", _shortened, "spec.encryptedData.client_secret", "is cut off"),
    (
        "a template for another",
        _set("spec/template/metadata/name", "polaris-rooot"),
        "spec.template.metadata.name",
        '"polaris-rooot" is not what metadata.name says',
    ),
    ("another type", _set("spec/template/type", "kubernetes.io/tls"), "spec.template.type", "no other type"),
    ("for ever", _set("spec/template/immutable", True), "spec.template.immutable", "cannot get a new value"),
    (
        "a scope that is no text",
        _set("metadata/annotations", {"sealedsecrets.bitnami.com/cluster-wide": True}),
        'metadata.annotations."sealedsecrets.bitnami.com/cluster-wide"',
        "true is no text",
    ),
    ("an unknown key", _set("spec/encryptData", {}), "spec.encryptData", "is not taken"),
]


@pytest.mark.parametrize(
    ("change", "key", "message"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_what_is_wrong_is_said_at_its_place(read, change, key, message):
    document = sealed()
    change(document)
    [problem] = read(document).problems
    assert problem.key == key
    assert message in problem.message
    assert problem.file.endswith("sealed/root.yaml")
    assert problem.line > 0


def test_no_problem_shows_a_value(read):
    document = sealed()
    document["spec"]["encryptedData"]["client_secret"] = "hunter2-hunter2-hunter2-hunter2-hunter2-hunter2"
    [problem] = read(document).problems
    assert "hunter2" not in str(problem)
    assert "kubeseal --cert" in problem.fix
