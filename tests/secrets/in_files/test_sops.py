from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from constructs import Construct
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from chart_values import value_problems
from encrypted import made_by_operator, recipient, sops_encrypted, sops_secret, write
from floe_infra.kubernetes.site import SecretCopy
from floe_infra.needs import Needs, Password
from floe_infra.refs import SecretRef
from floe_infra.secrets import SopsConfig
from floe_infra.secrets.in_files.service import UnfitFilesError
from floe_infra.secrets.in_files.sops import Sops
from in_cluster import STEADY, identity, objects, releases, site, synthesized
from provider_schema import conformance_problems

KEY = X25519PrivateKey.generate()
ARN = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d"
ROOT = {"client_id": "root", "client_secret": Password()}
NEEDS = {
    "catalog": Needs("catalog", secrets={"polaris-root": ROOT}),
    "runtime": Needs("floe", reads=("polaris-root",)),
    "secrets": Needs("sops"),
}
SECRET = SecretRef("polaris-root", "polaris-root", tuple(ROOT))
DATA = {
    "client_id": "{{ .client_id }}",
    "client_secret": "{{ .client_secret }}",
    "file": "id: {{ .client_id }}\nsecret: {{ .client_secret | toJson }} '\"",
}
VALUES = {"client_secret": "s" * 40, "file": f'id: root\nsecret: "{"s" * 40}" \'"'}


@pytest.fixture
def files(tmp_path):
    """The file of the one Secret that is wanted."""
    write(tmp_path / "x.yaml", sops_encrypted(sops_secret("catalog", "login", VALUES), [KEY]))
    return tmp_path


def operator(files: Path, **more: Any) -> dict[str, Any]:
    given = {"age": [recipient(KEY)], "files": files.name, **more}
    config = SopsConfig.model_validate(given, context={"folder": files.parent})

    def make(stack: Any) -> None:
        identities = {"secrets": identity("sops", "sops-secrets-operator")} if config.kms else {}
        place = site(secrets=[SECRET], identities=identities)
        made = Sops(stack, "secrets", config=config, site=place, readers={}, needs=NEEDS)
        copy = SecretCopy("login", SECRET, DATA)
        made.copy(Construct(stack, "catalog"), "secrets", namespace="catalog", secrets=[copy])
        made.settle()

    return synthesized(make)


def with_kms(files: Path) -> dict[str, Any]:
    kms = [{"arn": ARN, "created_at": "2026-01-02T03:04:05Z", "enc": "AQICAHh"}]
    write(files / "x.yaml", sops_encrypted(sops_secret("catalog", "login", VALUES), [], kms=kms))
    return operator(files, kms_key_arn=ARN, age=[])


def test_the_operator_makes_the_secret_of_what_is_applied(files):
    [applied] = [each for each in objects(operator(files)).values() if each["kind"] == "SopsSecret"]
    assert made_by_operator(applied, KEY) == {**VALUES, "client_id": "root"}


def test_the_stack_is_fit(files):
    for stack in (operator(files), with_kms(files)):
        assert conformance_problems(stack) == []
        assert value_problems(stack) == []


def test_the_same_files_make_the_same_bytes(files):
    assert json.dumps(operator(files)) == json.dumps(operator(files))


def test_ages_key_is_a_secret_that_is_there_already(files):
    values = releases(operator(files, age_secret="keys"))["sops-secrets-operator"]["values"]
    assert values["secretsAsFiles"] == [{"name": "age", "mountPath": "/etc/sops-age", "secretName": "keys"}]
    assert values["extraEnv"] == [{"name": "SOPS_AGE_KEY_FILE", "value": "/etc/sops-age/keys.txt"}]
    account = objects(operator(files))["ServiceAccount/sops-secrets-operator"]
    assert account["metadata"]["annotations"] == {}


def test_with_the_clouds_key_the_operator_acts_as_itself_and_has_no_other(files):
    stack = with_kms(files)
    assert not {"secretsAsFiles", "extraEnv"} & releases(stack)["sops-secrets-operator"]["values"].keys()
    annotations = objects(stack)["ServiceAccount/sops-secrets-operator"]["metadata"]["annotations"]
    assert annotations == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/acme-prod-sops.sops-secrets-operator"
    }


def test_the_operator_is_restricted_and_runs_where_nobody_takes_it_away(files):
    values = releases(operator(files))["sops-secrets-operator"]["values"]
    assert {key: values[key] for key in STEADY} == STEADY
    security = values["securityContext"]
    assert security["enabled"] is True
    assert security["container"]["customContainerSecurityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert values["resources"]["limits"] == {"memory": "128Mi"}


def test_the_operator_writes_secrets_only_where_some_are_read(files):
    block = releases(operator(files))["sops-secrets-operator-access"]
    assert releases(operator(files))["sops-secrets-operator"]["values"]["rbac"] == {"enabled": False}
    writing = [
        (each["kind"], each["metadata"].get("namespace"))
        for each in block["values"]["manifests"]
        for rule in each.get("rules", [])
        if "secrets" in rule["resources"] and set(rule["verbs"]) - {"get", "list", "watch"}
    ]
    assert writing == [("Role", "catalog"), ("Role", "floe")]
    verbs = [verb for each in block["values"]["manifests"] for rule in each.get("rules", []) for verb in rule["verbs"]]
    assert "*" not in verbs


def test_the_operator_calls_the_api_server_with_its_token(files):
    assert objects(operator(files))["ServiceAccount/sops-secrets-operator"]["automountServiceAccountToken"] is True


def test_who_talks_to_whom():
    operator, waiting = Sops.workloads(SopsConfig(age=[recipient(KEY)]))
    assert (operator.api_server, operator.cloud, operator.serves) == (True, False, ())
    assert waiting.api_server
    operator, _ = Sops.workloads(SopsConfig(kms_key_arn=ARN))
    assert operator.cloud


def test_the_command_that_makes_a_missing_file_hands_sops_what_it_is_to_encrypt(files, tmp_path_factory):
    """Here, in its place, what prints its input."""
    (files / "x.yaml").unlink()
    with pytest.raises(UnfitFilesError) as error:
        operator(files)
    _, missing = error.value.problems
    assert f"sops encrypt --age {recipient(KEY)} --encrypted-regex '^stringData$' --filename-override" in missing.fix

    place = tmp_path_factory.mktemp("values")
    (place / "polaris-root.client_secret").write_text("s" * 40)
    (place / "sops").write_text("#!/bin/sh\ncat\n")
    (place / "sops").chmod(0o755)
    environment = {"PATH": f"{place}:/usr/bin:/bin", "VALUES": str(place)}
    subprocess.run(["sh", "-c", missing.fix], env=environment, check=True)
    assert json.loads((files / "catalog.login.yaml").read_text()) == sops_secret("catalog", "login", VALUES)
