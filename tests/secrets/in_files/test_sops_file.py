from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from encrypted import made_by_operator, recipient, sops_encrypted, sops_secret, write
from floe_infra.config.document import Document
from floe_infra.secrets.in_files.config import SopsConfig
from floe_infra.secrets.in_files.sops_file import SopsFile, encrypt
from floe_infra.secrets.in_files.wanted import Given, Wanted

KEY, COLLEAGUE = X25519PrivateKey.generate(), X25519PrivateKey.generate()
ARN = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d"
GOOGLE = "projects/acme/locations/europe-west4/keyRings/floe/cryptoKeys/sops"
AGE = SopsConfig(age=[recipient(KEY)])
VALUES = {"client_secret": "s3cr3t-s3cr3t-s3cr3t", "credentials.yaml": "a:\n  b\n"}
Change = Callable[[dict[str, Any]], Any]


def encrypted(keys: Sequence[X25519PrivateKey] = (KEY,), **more: Any) -> dict[str, Any]:
    return sops_encrypted(sops_secret("catalog", "polaris-root", VALUES), keys, **more)


@pytest.fixture
def read(tmp_path):
    def read(document: dict[str, Any], config: SopsConfig = AGE) -> SopsFile:
        return SopsFile(Document.read(write(tmp_path / "root.yaml", document)), "c0ffee00" * 2, config=config)

    return read


def test_what_sops_writes_is_taken(read):
    file = read(encrypted())
    assert file.problems == []
    assert (file.namespace, file.name) == ("catalog", "polaris-root")
    assert file.sizes == {"client_secret": 20, "credentials.yaml": 7}


def test_the_operator_can_decrypt_what_comes_out(read):
    """With what everybody knows beside it."""
    given = {key: Given("polaris-root", key) for key in VALUES}
    manifest = read(encrypted()).manifest(Wanted("catalog", "polaris-root", given, {"client_id": "root"}, {}))
    assert made_by_operator(manifest, KEY) == {**VALUES, "client_id": "root"}
    [template] = manifest["spec"]["secretTemplates"]
    assert (template["name"], template["type"]) == ("polaris-root", "Opaque")


def test_the_object_is_called_after_its_content_and_takes_the_secret_over(read):
    """The operator's status does not say which content it speaks of."""
    manifest = read(encrypted()).manifest(Wanted("catalog", "polaris-root", {}, {}, {}))
    assert manifest["metadata"] == {"name": "polaris-root-c0ffee00", "namespace": "catalog"}
    assert manifest["spec"]["enforceOwnership"] is True


def test_keys_of_the_clouds(read):
    aws = {"kms": [{"arn": ARN, "created_at": "2026-01-02T03:04:05Z", "enc": "AQICAHh", "aws_profile": ""}]}
    assert read(encrypted((), **aws), SopsConfig(kms_key_arn=ARN)).problems == []
    google = {"gcp_kms": [{"resource_id": GOOGLE, "created_at": "2026-01-02T03:04:05Z", "enc": "CiQA"}]}
    assert read(encrypted((), **google), SopsConfig(kms_key_name=GOOGLE)).problems == []
    assert read(encrypted(**aws), SopsConfig(kms_key_arn=ARN, age=[recipient(KEY)])).problems == []


def test_older_versions_write_empty_lists(read):
    file = read(encrypted(kms=[], gcp_kms=[], azure_kv=[], hc_vault=[], pgp=[]))
    assert file.problems == []
    assert file.manifest(Wanted("catalog", "polaris-root", {}, {}, {}))["sops"].keys() == {
        "age",
        "lastmodified",
        "mac",
        "encrypted_regex",
        "version",
    }


def test_the_command_encrypts_for_everybody():
    config = SopsConfig(kms_key_arn=ARN, age=[recipient(KEY), recipient(COLLEAGUE)])
    assert encrypt(config) == (
        f"sops encrypt --kms {ARN} --age {recipient(KEY)},{recipient(COLLEAGUE)} --encrypted-regex '^stringData$'"
    )


def _kms(**more: Any) -> Change:
    return lambda it: it["sops"].update(kms=[{"arn": ARN, "enc": "AQ", **more}])


def _template(**more: Any) -> Change:
    return lambda it: it["spec"]["secretTemplates"][0].update(more)


def _value(value: Any) -> Change:
    return lambda it: it["spec"]["secretTemplates"][0]["stringData"].update(client_secret=value)


def _changed(old: str, new: str) -> Change:
    def change(it: dict[str, Any]) -> None:
        values = it["spec"]["secretTemplates"][0]["stringData"]
        values["client_secret"] = values["client_secret"].replace(old, new)

    return change


VALUE = "spec.secretTemplates[0].stringData.client_secret"
BOTH = SopsConfig(kms_key_arn=ARN, age=[recipient(KEY)])
REFUSED: list[tuple[str, Change, SopsConfig, str, str]] = [
    ("not encrypted", lambda it: it.pop("sops"), AGE, "", "is not encrypted: it has no `sops` part"),
    ("plain secret", lambda it: it.update(kind="Secret"), AGE, "kind", "is a plain Secret"),
    ("a plain value", _value("hunter2"), AGE, VALUE, "the value is not encrypted"),
    ("an empty value", _value(""), AGE, VALUE, "the value is empty"),
    ("half a value", _changed(",type:str]", "]"), AGE, VALUE, "the value is not encrypted"),
    ("a value cut short", _changed("tag:", "tag:AA"), AGE, VALUE, "the value is not whole"),
    ("a number", _changed("type:str", "type:int"), AGE, VALUE, "put the plain value in quotes"),
    ("plain data", _template(data={"a": "Yg=="}), AGE, "spec.secretTemplates[0].data", "is not encrypted"),
    ("another name", _template(name="root"), AGE, "spec.secretTemplates[0].name", '"root" is not what metadata.name'),
    ("another type", _template(type="kubernetes.io/tls"), AGE, "spec.secretTemplates[0].type", "no other type"),
    ("two Secrets", lambda it: it["spec"]["secretTemplates"].append({}), AGE, "spec.secretTemplates", "not for one"),
    ("no mac", lambda it: it["sops"].pop("mac"), AGE, "sops", "there is no mac"),
    ("another mac", lambda it: it["sops"].update(mac="abc"), AGE, "sops.mac", "is no code that sops makes"),
    ("parts of a key", lambda it: it["sops"].update(shamir_threshold=2), AGE, "sops.shamir_threshold", "is not taken"),
    ("somebody else", lambda _: None, BOTH, "sops", f"is not encrypted for {ARN}, whom `secrets` names"),
    ("PGP", lambda it: it["sops"].update(pgp=[{"fp": "AB", "enc": "x"}]), AGE, "sops.pgp", "has no such key"),
    ("a stranger's key", _kms(), AGE, "sops.kms[0]", "can decrypt it, and `secrets` does not name it"),
    ("another role", _kms(role="arn:aws:iam::1:role/x"), BOTH, "sops.kms[0]", "decrypts as itself"),
    ("a context", _kms(context={"a": "b"}), BOTH, "sops.kms[0]", "knows of no encryption context"),
    ("no encrypted key", _kms(enc=""), BOTH, "sops.kms[0]", "there is no encrypted key"),
    ("not age's", lambda it: it["sops"]["age"][0].update(enc="x"), AGE, "sops.age[0]", "is not one of age's"),
]


@pytest.mark.parametrize(
    ("change", "config", "key", "message"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_what_is_wrong_is_said_at_its_place(read, change, config, key, message):
    document = encrypted()
    change(document)
    [problem] = read(document, config).problems
    assert problem.key == key
    assert message in problem.message
    assert "hunter2" not in str(problem)
    assert problem.line > 0


def test_a_colleague_whom_nobody_named_can_read_it(read):
    [problem] = read(encrypted((KEY, COLLEAGUE))).problems
    assert (problem.key, problem.allowed) == ("sops.age[1]", recipient(KEY))
    assert recipient(COLLEAGUE) in problem.message


def test_where_names_are_encrypted_too_they_cannot_be_checked(read):
    """What the operator's own documentation does: `encrypted_suffix: Templates`."""
    document = encrypted(regex="Templates$")
    document["sops"]["encrypted_suffix"] = "Templates"
    del document["sops"]["encrypted_regex"]
    name, rule = read(document).problems
    assert (name.key, name.message) == ("spec.secretTemplates[0].name", "is encrypted too")
    assert rule.allowed == "encrypted_regex: ^stringData$"
    assert "encrypted_suffix: Templates" in rule.message
