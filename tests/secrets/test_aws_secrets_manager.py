from __future__ import annotations

import json
from typing import Any

from alone import DISPOSABLE, PROD, synthesized
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import SecretRef
from floe_infra.secrets import ExternalSecretsConfig
from floe_infra.secrets.aws_secrets_manager import AwsSecretsManager
from in_cluster import identity
from synthesized import data, resources

CONTENT: dict[str, str | Password] = {"username": 'po"laris ${x}', "password": Password(length=48)}


def manager(context: Any = PROD, **settings: Any) -> tuple[dict[str, Any], SecretRef, SecretRef]:
    refs: list[SecretRef] = []

    def make(stack: Any) -> None:
        made = AwsSecretsManager(stack, "secrets", config=ExternalSecretsConfig(**settings), context=context)
        refs.append(made.make("database-polaris", CONTENT))
        refs.append(made.find("vendor", ExistingSecret("team/vendor", ("api-key",))))
        made.grant_read(identity("catalog", "secret-reader"), refs[:1])
        made.grant_read(identity("observability", "secret-reader"), refs)

    return synthesized(make), *refs


def test_a_secret_is_encrypted_kept_and_named_by_platform_and_environment():
    stack, ref, _ = manager()
    [block] = resources(stack, "aws_secretsmanager_secret").values()
    assert block["name"] == "acme/prod/database-polaris"
    assert block["kms_key_id"].startswith("${aws_kms_key.secrets_key_")
    assert block["lifecycle"]["prevent_destroy"] is True
    assert block["recovery_window_in_days"] == 30
    assert (ref.name, ref.keys, ref.generation) == ("database-polaris", ("username", "password"), 1)


def test_the_value_is_written_by_an_argument_that_no_state_holds():
    stack, _, _ = manager()
    [version] = resources(stack, "aws_secretsmanager_secret_version").values()
    name = "secrets_database_polaris_password"
    assert version["secret_string_wo"] == (
        '${jsonencode({"username" = "po\\"laris $${x}", '
        f'"password" = ephemeral.aws_secretsmanager_random_password.{name}.random_password}})}}'
    )
    assert "secret_string" not in version
    assert stack["ephemeral"]["aws_secretsmanager_random_password"] == {
        name: {"password_length": 48, "exclude_punctuation": True, "require_each_included_type": True}
    }


def test_raising_the_generation_writes_a_new_one_before_the_old_one_goes():
    stack, ref, _ = manager(generations={"database-polaris": 3})
    [version] = resources(stack, "aws_secretsmanager_secret_version").values()
    assert version["secret_string_wo_version"] == 3
    assert version["lifecycle"]["create_before_destroy"] is True
    assert ref.generation == 3


def test_disposable_secrets_leave_nothing_behind():
    stack, _, _ = manager(DISPOSABLE)
    [block] = resources(stack, "aws_secretsmanager_secret").values()
    assert block["recovery_window_in_days"] == 0
    assert "lifecycle" not in block


def test_an_existing_secret_is_only_looked_up():
    stack, _, vendor = manager()
    [block] = data(stack, "aws_secretsmanager_secret").values()
    assert block["name"] == "team/vendor"
    assert vendor.keys == ("api-key",)


def policies(stack: dict[str, Any]) -> dict[str, str]:
    return {path: block["policy"] for path, block in resources(stack, "aws_iam_role_policy").items()}


def test_readers_get_exactly_their_secrets_and_decrypt_through_the_service_alone():
    stack, _, _ = manager()
    policy = policies(stack)["secrets/read_catalog_secret-reader"]
    [address] = stack["resource"]["aws_secretsmanager_secret"]
    assert f"[aws_secretsmanager_secret.{address}.arn]" in policy
    assert '"kms:ViaService" = "secretsmanager.eu-west-1.amazonaws.com"' in policy
    assert '"*"' not in policy
    assert "PutSecretValue" not in policy


def test_a_foreign_secret_may_have_any_key_of_the_account():
    stack, _, _ = manager()
    assert "key/*" not in policies(stack)["secrets/read_catalog_secret-reader"]
    assert "arn:aws:kms:eu-west-1:111122223333:key/*" in policies(stack)["secrets/read_observability_secret-reader"]


def test_an_existing_key_is_used():
    key = "arn:aws:kms:eu-west-1:111122223333:key/1a2b"
    stack, ref, _ = manager(kms_key_arn=key)
    assert "aws_kms_key" not in stack["resource"]
    assert ref.kms_key_arn == key
    assert json.dumps(stack).count(key) >= 2
