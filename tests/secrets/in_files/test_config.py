from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from floe_infra.config import ConfigError, PlatformConfig, load
from floe_infra.secrets import SealedSecretsConfig, SopsConfig

ARN = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d"
GOOGLE = "projects/acme/locations/europe-west4/keyRings/floe/cryptoKeys/sops"
AGE = "age1" + "q" * 58
LOCAL = """\
name: acme
environment: local
cloud: {provider: local}
cluster: {kind: kubeconfig, context: kind}
storage: {kind: rustfs}
database: {kind: in_cluster}
secrets: {kind: sealed_secrets, files: vault/sealed}
"""


def test_files_lie_beside_the_configuration(tmp_path):
    (tmp_path / "floe-infra.yaml").write_text(LOCAL)
    assert load(tmp_path / "floe-infra.yaml").secrets.folder == tmp_path / "vault/sealed"


def test_a_configuration_of_python_begins_in_the_working_folder():
    assert SealedSecretsConfig().folder == Path("sealed-secrets")


@pytest.mark.parametrize("files", ["/etc/secrets", "~/secrets", "a`b", "$HOME/secrets", "", "a\nb"])
def test_a_path_is_the_same_on_every_machine_and_safe_in_a_command(files):
    with pytest.raises(ValidationError):
        SealedSecretsConfig(files=files)


def test_the_namespace_is_there_where_the_key_is_kept_in_it():
    platform = None
    assert SealedSecretsConfig().needs(platform).existing_namespace
    assert SopsConfig(age=[AGE]).needs(platform).existing_namespace
    assert not SopsConfig(kms_key_arn=ARN).needs(platform).existing_namespace


def test_only_a_key_of_the_clouds_wants_an_identity():
    assert SopsConfig(age=[AGE]).needs(None).service_account is None
    assert SopsConfig(kms_key_name=GOOGLE, age=[AGE]).needs(None).service_account == "sops-secrets-operator"


def test_somebody_must_be_able_to_decrypt():
    with pytest.raises(ValidationError, match="says of no key"):
        SopsConfig()
    with pytest.raises(ValidationError, match="keys of two clouds"):
        SopsConfig(kms_key_arn=ARN, kms_key_name=GOOGLE)


def test_a_private_key_is_no_recipient():
    with pytest.raises(ValidationError, match="a public key of age's"):
        SopsConfig(age=["AGE-SECRET-KEY-1QQQ"])


def findings(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    (tmp_path / "floe-infra.yaml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "floe-infra.yaml")
    return [(each.line, each.key, each.message) for each in error.value.problems]


@pytest.mark.parametrize(
    ("kind", "cloud", "database"),
    [
        ("sealed_secrets", "{provider: aws, region: eu-west-1}", "rds"),
        ("sops", "{provider: gcp, region: europe-west4, project: acme-data}", "cloud_sql"),
    ],
)
def test_what_the_cloud_makes_is_in_no_file(tmp_path, kind, cloud, database):
    text = f"name: acme\nenvironment: prod\ncloud: {cloud}\nsecrets:\n  kind: {kind}\n  age: [{AGE}]\n"
    text = text if kind == "sops" else text.replace(f"  age: [{AGE}]\n", "")
    [(line, key, message)] = findings(tmp_path, text)
    assert (line, key) == (5, "secrets.kind")
    assert re.search(f"{database} makes [a-z-]*admin while it is set up", message)


def test_a_key_of_another_cloud_opens_nothing(tmp_path):
    text = LOCAL.replace("{kind: sealed_secrets, files: vault/sealed}", f"{{kind: sops, kms_key_arn: '{ARN}'}}")
    found = [(line, key) for line, key, message in findings(tmp_path, text) if "no identity there" in message]
    assert found == [(7, "secrets.kms_key_arn")]


def test_a_cluster_by_kubeconfig_has_no_identity_for_the_clouds_key(tmp_path):
    text = LOCAL.replace("{provider: local}", "{provider: aws, region: eu-west-1}").replace("local", "dev")
    text = text.replace("{kind: sealed_secrets, files: vault/sealed}", f"{{kind: sops, kms_key_arn: '{ARN}'}}")
    assert any("by kubeconfig" in message for _, key, message in findings(tmp_path, text) if "kms" in key)


def test_an_existing_secret_has_no_name_anywhere_else():
    """Secret Manager's rules for names, say, are not for files."""
    data = {
        "name": "acme",
        "environment": "local",
        "cloud": {"provider": "local"},
        "cluster": {"kind": "kubeconfig", "context": "kind"},
        "storage": {"kind": "rustfs"},
        "database": {"kind": "in_cluster"},
        "secrets": {"kind": "sealed_secrets"},
        "telemetry": {"kind": "otel_collector", "exporters": {"datadog": {"secret": "acme/datadog+key"}}},
    }
    assert PlatformConfig.model_validate(data).secrets.kind == "sealed_secrets"
