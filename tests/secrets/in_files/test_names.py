from __future__ import annotations

import json
from typing import Any

from alone import GOOGLE, PROD, synthesized, synthesized_on_google
from floe_infra.needs import Password
from floe_infra.refs import IdentityRef
from floe_infra.secrets import SealedSecretsConfig, SopsConfig
from floe_infra.secrets.in_files.names import SecretNames
from provider_schema import conformance_problems
from synthesized import resources

ARN = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d"
KEY = "projects/acme/locations/europe-west4/keyRings/floe/cryptoKeys/sops"
OPERATOR = IdentityRef("sops", "sops-secrets-operator", role="operator", role_arn="")


def test_the_operator_may_decrypt_with_this_key_and_do_nothing_else():
    def make(stack: Any) -> None:
        SecretNames(stack, "secrets", config=SopsConfig(kms_key_arn=ARN), context=PROD).let_decrypt(OPERATOR)

    stack = synthesized(make)
    assert conformance_problems(stack) == []
    [policy] = resources(stack, "aws_iam_role_policy").values()
    assert policy["role"] == "operator"
    [statement] = json.loads(policy["policy"].removeprefix("${jsonencode(").removesuffix(")}").replace(" =", ":"))[
        "Statement"
    ]
    assert statement == {"Sid": "Decrypt", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [ARN]}


def test_on_google_likewise():
    def make(stack: Any) -> None:
        SecretNames(stack, "secrets", config=SopsConfig(kms_key_name=KEY), context=GOOGLE).let_decrypt(OPERATOR)

    [member] = resources(synthesized_on_google(make), "google_kms_crypto_key_iam_member").values()
    assert (member["crypto_key_id"], member["role"]) == (KEY, "roles/cloudkms.cryptoKeyDecrypter")
    assert member["member"] == "serviceAccount:operator"


def test_the_cloud_makes_nothing_of_what_is_in_files():
    def make(stack: Any) -> None:
        names = SecretNames(stack, "secrets", config=SealedSecretsConfig(generations={"x": 3}), context=PROD)
        made = names.make("x", {"user": "u", "password": Password()})
        assert (made.remote_key, made.generation, made.keys) == ("x-3", 3, ("user", "password"))
        names.let_decrypt(OPERATOR)

    assert "resource" not in synthesized(make)
