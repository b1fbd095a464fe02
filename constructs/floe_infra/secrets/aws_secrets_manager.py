"""AWS Secrets Manager: secrets whose values Terraform makes and forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdktf import Fn, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_secretsmanager_secret import DataAwsSecretsmanagerSecret
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from floe_infra.cloud.iam import identity_id
from floe_infra.cloud.kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets import ephemeral
from floe_infra.secrets.config import ExternalSecretsConfig
from floe_infra.terraform import keep

RANDOM = "aws_secretsmanager_random_password"
"""What makes a password."""
PASSWORDS = {"exclude_punctuation": True, "require_each_included_type": True}
"""What every password has: letters and digits, and nothing else."""


class AwsSecretsManager(Construct):
    """The platform's secrets, encrypted with a key of their own, named `<name>/<environment>/<secret>`.

    A value is made by Secrets Manager itself, passes through Terraform's memory while it applies (`ephemeral`), and is
    written by an argument that no plan and no state holds (`secret_string_wo`). It is written again only when its
    generation is raised: what Terraform would make anew at every run is then thrown away.

    Attributes:
        key: the encryption key, or None when an existing one is used.
        secrets: by name.
    """

    def __init__(self, scope: Construct, id: str, *, config: ExternalSecretsConfig, context: Context) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        self.key = None if config.kms_key_arn else EncryptionKey(self, "key", context=context, purpose="secrets")
        self._key_arn = self.key.arn if self.key else config.kms_key_arn
        self.secrets: dict[str, SecretsmanagerSecret] = {}

    def make(self, name: str, content: Mapping[str, str | Password]) -> SecretRef:
        """A secret with what is known and what is made while applying."""
        generation = self._config.generations.get(name, 1)
        secret = SecretsmanagerSecret(
            self,
            name,
            name=f"{self._context.path}/{name}",
            description=f"{name} of {self._context.prefix}",
            kms_key_id=self._key_arn,
            recovery_window_in_days=30 if self._context.keeps_data else 0,
        )
        keep(secret, self._context)
        self.secrets[name] = secret
        SecretsmanagerSecretVersion(
            self,
            f"{name}_value",
            secret_id=secret.id,
            secret_string_wo=self._value(name, content),
            secret_string_wo_version=generation,
            # Else there would be no value between the old one and the new.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        return SecretRef(
            name=name,
            remote_key=secret.arn,
            keys=tuple(content),
            kms_key_arn=self._key_arn,
            generation=generation,
        )

    def find(self, name: str, existing: ExistingSecret) -> SecretRef:
        """A secret that somebody else keeps."""
        found = DataAwsSecretsmanagerSecret(self, f"{name}_existing", name=existing.remote_name)
        return SecretRef(name=name, remote_key=found.arn, keys=existing.keys)

    def grant_read(self, identity: IdentityRef, secrets: Sequence[SecretRef]) -> None:
        """Let the identity read exactly these, and decrypt with their keys."""
        let_read(self, identity, secrets, self._context)

    def _value(self, name: str, content: Mapping[str, str | Password]) -> str:
        def make(key: str, password: Password) -> str:
            arguments = {"password_length": password.length, **PASSWORDS}
            return f"{ephemeral.resource(self, RANDOM, f'{name}_{key}', arguments)}.random_password"

        return ephemeral.encode(ephemeral.expressions(content, make))


def let_read(scope: Construct, identity: IdentityRef, secrets: Sequence[SecretRef], context: Context) -> None:
    """Let the identity read exactly these, and decrypt with their keys
    (https://external-secrets.io/latest/provider/aws-secrets-manager/#iam-policy). A secret of somebody else's may be
    encrypted with any key of the account, so there decrypting is bound to the service that asks for it."""
    keys = list(dict.fromkeys(secret.kms_key_arn for secret in secrets if secret.kms_key_arn))
    foreign = [secret for secret in secrets if not secret.kms_key_arn]
    any_key = f"arn:{context.partition}:kms:{context.region}:{context.account_id}:key/*"
    statements = [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            "Resource": list(dict.fromkeys(secret.remote_key for secret in secrets)),
        },
        *([_decrypt("Key", keys, context)] if keys else []),
        *([_decrypt("ForeignKeys", [any_key], context)] if foreign else []),
    ]
    IamRolePolicy(
        scope,
        f"read_{identity_id(identity)}",
        name="secrets",
        role=identity.role,
        policy=Fn.jsonencode({"Version": "2012-10-17", "Statement": statements}),
    )


def _decrypt(sid: str, keys: list[str], context: Context) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": keys,
        "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{context.region}.amazonaws.com"}},
    }
