"""`terraform-modules/secrets-manager`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from floe_infra.context import Context
from floe_infra.fields import Matches
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Choice, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.names import Name
from floe_infra.secrets.config import ExternalSecretsConfig

if TYPE_CHECKING:
    from constructs import Construct

SecretKey = Annotated[str, Matches(r"[A-Za-z0-9_.-]{1,128}", "letters, digits and any of _.-")]


class Secret(Model):
    """A secret, and what is in it."""

    values: dict[SecretKey, str] = Field(default={})
    """What everybody may know, by key: a user's name, say."""
    generate: dict[SecretKey, Annotated[int, Field(ge=8, le=4096)]] = Field(default={})
    """Passwords that Secrets Manager makes, of letters and digits: by key, how many. Nobody sees them, and neither plan
    nor state holds them."""
    generation: Annotated[int, Field(ge=1, le=1000)] = 1
    """What is in the secret is written once, and again, with other passwords, only after this was raised."""


class SecretsInputs(Model):
    """What the module asks for besides what the configuration does."""

    name: Name
    """Begins the names of everything: a secret is called `<name>/<secret>`."""
    secrets: dict[
        Annotated[str, Matches(r"[A-Za-z0-9_+=.@-]{1,128}", "letters, digits and any of _+=.@-")],
        Secret,
    ]
    """The secrets, by name."""
    deletion_protection: bool = True
    """Let secrets and their key be had back for 30 days after they were removed, instead of not at all and for 7."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.secrets import ephemeral
    from floe_infra.secrets.aws_secrets_manager import PASSWORDS, RANDOM, AwsSecretsManager

    class AnyKeys(AwsSecretsManager):
        """Of which keys there are, only the module's user knows."""

        def _value(self, name: str, content: Any) -> str:  # noqa: ARG002
            arguments = {"for_each": "${local.passwords}", "password_length": "${each.value}", **PASSWORDS}
            passwords = ephemeral.resource(self, RANDOM, "password", arguments)
            password = f'{passwords}["${{each.key}}/${{key}}"].random_password'
            generated = f"{{ for key, length in each.value.generate : key => {password} }}"
            return f"${{jsonencode(merge(each.value.values, {generated}))}}"

    config = tokens.of(
        ExternalSecretsConfig,
        "var",
        namespace="",
        replicas=1,
        refresh_minutes=1,
        values={},
        generations={MEMBER: tokens.number("each.value.generation")},
        kms_key_arn=None if chosen["kms_key_arn"] else tokens.text("var.kms_key_arn"),
    )
    manager = AnyKeys(scope, "module", config=config, context=context)
    secret = manager.make(MEMBER, {})
    return {
        "secret_arns": Output({MEMBER: secret.remote_key}, "The secrets' ARNs, by name."),
        "secret_names": Output({MEMBER: manager.secrets[MEMBER].name}, "What they are called in AWS, likewise."),
        "kms_key_arn": Output(secret.kms_key_arn, "The key that they are encrypted with."),
    }


MODULE = Module(
    name="secrets-manager",
    summary="Secrets in AWS Secrets Manager, with a key of their own and passwords that nobody ever sees.",
    inputs=(SecretsInputs, ExternalSecretsConfig),
    hidden=("kind", "namespace", "replicas", "refresh_minutes", "generations", "values"),
    construct=ExternalSecretsConfig.construct,
    build=_build,
    prefix="var.name",
    terraform=">= 1.11.0",
    locals={
        "passwords": "merge([for name, secret in var.secrets : "
        '{ for key, length in secret.generate : "${name}/${key}" => length }]...)'
    },
    each=Each("var.secrets", ("name", "secret"), constructs=(f"{MEMBER}_value",)),
    choices=(
        Choice("deletion_protection", "var.deletion_protection"),
        Choice("kms_key_arn", "var.kms_key_arn == null"),
    ),
    renamed={f"{MEMBER}_value": "value"},
    sample={
        "name": "acme-prod",
        "secrets": {"vendor": {"values": {"user": "acme"}}},
    },
    rules=(
        Rule(
            "secrets",
            "alltrue([for secret in var.secrets : length(secret.values) + length(secret.generate) > 0 && "
            "length(setintersection(keys(secret.values), keys(secret.generate))) == 0])",
            "something in each secret, and each key in values or in generate",
            '{ vendor = { values = { key = "acme" }, generate = { key = 40 } } }',
        ),
    ),
)
