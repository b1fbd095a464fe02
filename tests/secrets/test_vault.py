from __future__ import annotations

import json
import re
from typing import Any

import pytest

from alone import DISPOSABLE, GOOGLE, PROD, synthesized, synthesized_on_google
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import IdentityRef, SealRef, SecretRef
from floe_infra.secrets import OpenBaoConfig, VaultConfig
from floe_infra.secrets.vault import OpenBaoSecrets, VaultSecrets
from in_cluster import identity
from provider_schema import conformance_problems
from synthesized import resources
from vault_alone import ADDRESS, ADMIN, google_identity

CONTENT: dict[str, str | Password] = {"username": "polaris", "password": Password()}
READER = identity("catalog", "secret-reader")
SERVERS = identity("secrets", "openbao")
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d"
GOOGLE_KEY = "projects/acme-keys/locations/europe-west4/keyRings/ring/cryptoKeys/unseal"


def refs(config: VaultConfig | OpenBaoConfig, *theirs: SecretRef) -> tuple[dict[str, Any], SecretRef, SecretRef, str]:
    """The stack, a secret that is made and one that is found, and what an administrator has to do."""
    found: list[Any] = []

    def make(stack: Any) -> None:
        kind = VaultSecrets if isinstance(config, VaultConfig) else OpenBaoSecrets
        manager = kind(stack, "secrets", config=config, context=PROD)
        found.append(manager.make("database-polaris", CONTENT))
        found.append(manager.find("vendor", ExistingSecret("vendors/vendor", ("api-key",))))
        manager.grant_read(READER, [*found, *theirs])
        found.append(manager.setup if isinstance(manager, VaultSecrets) else "")

    stack = synthesized(make)
    assert conformance_problems(stack) == []
    return stack, *found


def unsealed(
    settings: dict[str, Any], who: IdentityRef = SERVERS, context: Any = PROD
) -> tuple[dict[str, Any], SealRef]:
    seals: list[SealRef] = []

    def make(stack: Any) -> None:
        manager = OpenBaoSecrets(stack, "secrets", config=OpenBaoConfig(**settings), context=context)
        assert manager.seal is None
        manager.let_unseal(who)
        assert manager.seal
        seals.append(manager.seal)

    return (synthesized if who.role_arn else synthesized_on_google)(make), seals[0]


def test_secrets_are_only_named():
    stack, secret, vendor, _ = refs(OpenBaoConfig())
    assert "resource" not in stack
    assert (secret.remote_key, secret.keys) == ("secret/data/acme/prod/database-polaris/1", ("username", "password"))
    assert (vendor.remote_key, vendor.keys) == ("secret/data/vendors/vendor", ("api-key",))


def test_a_raised_generation_is_another_secret():
    _, secret, *_ = refs(OpenBaoConfig(generations={"database-polaris": 3}))
    assert (secret.remote_key, secret.generation) == ("secret/data/acme/prod/database-polaris/3", 3)


def test_a_server_that_is_there_has_mount_and_path_of_its_own():
    _, secret, vendor, _ = refs(VaultConfig(address=ADDRESS, mount="teams/data", path="floe"))
    assert secret.remote_key == "teams/data/data/floe/database-polaris/1"
    assert vendor.remote_key == "teams/data/data/vendors/vendor"


def test_what_the_cloud_keeps_is_read_from_the_cloud_and_nothing_else_is():
    """RDS makes its administrator's password itself."""
    stack, *_ = refs(OpenBaoConfig(), ADMIN)
    [policy] = resources(stack, "aws_iam_role_policy").values()
    read, decrypt = json.loads(policy["policy"].removeprefix("${jsonencode(").removesuffix(")}").replace("=", ":"))[
        "Statement"
    ]
    assert policy["role"] == READER.role
    assert read["Resource"] == [ADMIN.remote_key]
    assert decrypt["Action"] == ["kms:Decrypt"]


def test_on_google_likewise():
    admin = SecretRef("database-admin", "acme-prod-database-admin", ("username", "password"))
    who = google_identity("database", "secret-reader")

    def make(stack: Any) -> None:
        manager = OpenBaoSecrets(stack, "secrets", config=OpenBaoConfig(), context=GOOGLE)
        manager.grant_read(who, [manager.make("database-polaris", CONTENT), admin])

    [member] = resources(synthesized_on_google(make), "google_secret_manager_secret_iam_member").values()
    assert (member["secret_id"], member["member"]) == (admin.remote_key, f"serviceAccount:{who.role}")


def test_a_key_of_its_own_unseals_and_only_the_servers_use_it():
    stack, seal = unsealed({})
    [key] = resources(stack, "aws_kms_key").values()
    assert key["enable_key_rotation"] is True
    assert key["lifecycle"]["prevent_destroy"] is True
    [policy] = resources(stack, "aws_iam_role_policy").values()
    assert policy["role"] == SERVERS.role
    assert '"kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"' in policy["policy"]
    assert re.search(r'"Resource" = \[aws_kms_key\.\w+\.arn\]', policy["policy"])
    assert seal.kind == "awskms"
    assert seal.settings["region"] == "eu-west-1"


def test_an_existing_key():
    stack, seal = unsealed({"kms_key_arn": KEY})
    assert "aws_kms_key" not in stack["resource"]
    assert seal == SealRef("awskms", {"region": "eu-west-1", "kms_key_id": KEY})


def test_a_key_goes_where_data_may_be_lost():
    stack, _ = unsealed({}, context=DISPOSABLE)
    [key] = resources(stack, "aws_kms_key").values()
    assert "lifecycle" not in key


def test_googles_key():
    stack, seal = unsealed({}, google_identity("secrets", "openbao"), GOOGLE)
    members = resources(stack, "google_kms_crypto_key_iam_member").values()
    assert {each["role"] for each in members} == {
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "roles/cloudkms.viewer",
    }
    assert seal.kind == "gcpckms"
    assert seal.settings.keys() == {"project", "region", "key_ring", "crypto_key"}
    assert (seal.settings["project"], seal.settings["region"]) == ("acme-data", "europe-west4")


def test_an_existing_key_of_googles():
    stack, seal = unsealed({"kms_key_name": GOOGLE_KEY}, google_identity("secrets", "openbao"), GOOGLE)
    assert "google_kms_crypto_key" not in stack["resource"]
    assert {each["crypto_key_id"] for each in resources(stack, "google_kms_crypto_key_iam_member").values()} == {
        GOOGLE_KEY
    }
    assert seal.settings == {
        "project": "acme-keys",
        "region": "europe-west4",
        "key_ring": "ring",
        "crypto_key": "unseal",
    }


def test_what_an_administrator_runs():
    *_, setup = refs(VaultConfig(address=ADDRESS, auth_mount="clusters/data", vault_namespace="teams/data"), ADMIN)
    assert setup == (
        "# What acme-prod may do: for the administrator of Vault, or of OpenBao with `bao` instead of `vault`.\n"
        "# It can be run again. There must be key-value secrets, version 2, at secret, and at\n"
        "# auth/clusters/data a method that knows the cluster.\n"
        "set -eu\n"
        "export VAULT_NAMESPACE=teams/data\n"
        "vault policy write acme-prod-writer - <<'EOF'\n"
        'path "secret/data/acme/prod/*" { capabilities = ["create"] }\n'
        'path "secret/metadata/acme/prod/*" { capabilities = ["read"] }\n'
        "EOF\n"
        "vault policy write acme-prod.catalog - <<'EOF'\n"
        'path "secret/data/acme/prod/database-polaris/+" { capabilities = ["read"] }\n'
        'path "secret/data/vendors/vendor" { capabilities = ["read"] }\n'
        "EOF\n"
        "vault write auth/clusters/data/role/acme-prod-writer - <<'EOF'\n"
        '{"bound_service_account_names": ["vault-writer"], "bound_service_account_namespaces": ["external-secrets"], '
        '"audience": "vault", "token_policies": ["acme-prod-writer"], "token_ttl": 600, "token_max_ttl": 600}\n'
        "EOF\n"
        "vault write auth/clusters/data/role/acme-prod.catalog - <<'EOF'\n"
        '{"bound_service_account_names": ["secret-reader"], "bound_service_account_namespaces": ["catalog"], '
        '"audience": "vault", "token_policies": ["acme-prod.catalog"], "token_ttl": 600, "token_max_ttl": 600}\n'
        "EOF\n"
    )


def test_no_value_is_made_by_terraform():
    stack, *_ = refs(OpenBaoConfig())
    assert "ephemeral" not in json.dumps(stack)
    assert "random" not in json.dumps(stack)


@pytest.mark.parametrize("name", ["a b", "/a", "a/", "a//b", "a/+/b", "a*"])
def test_a_path_that_a_policy_would_read_otherwise_is_refused(name):
    with pytest.raises(ValueError, match="single slashes"):
        VaultConfig(address=ADDRESS, path=name)


def test_an_address_has_no_path():
    with pytest.raises(ValueError, match="holds a path"):
        VaultConfig(address="https://vault.example.com/v1")


@pytest.mark.parametrize(
    ("address", "port"), [(ADDRESS, 8200), ("https://vault.example.com", 443), ("http://vault.example.com", 80)]
)
def test_the_port_is_that_of_the_address(address, port):
    assert VaultConfig(address=address).port == port


@pytest.mark.parametrize("text", ["no certificate", "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n"])
def test_only_a_certificate_is_taken_for_one(text):
    with pytest.raises(ValueError, match="PEM"):
        VaultConfig(address=ADDRESS, ca_certificate=text)
