"""What AWS has to do with secrets in Vault: the key that unseals it, and what only AWS itself can keep."""

from __future__ import annotations

from cdktf import Fn
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from floe_infra.cloud.kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.refs import IdentityRef, SealRef
from floe_infra.secrets.aws_secrets_manager import let_read
from floe_infra.secrets.config import OpenBaoConfig

__all__ = ["UnsealKey", "let_read"]


class UnsealKey(Construct):
    """A key that encrypts nothing but the servers' root key, and that only they may use.

    Attributes:
        key: the key; None when an existing one is used.
        seal: how the servers are told of it.
    """

    def __init__(
        self, scope: Construct, id: str, *, config: OpenBaoConfig, identity: IdentityRef, context: Context
    ) -> None:
        super().__init__(scope, id)
        self.key = None if config.kms_key_arn else EncryptionKey(self, "key", context=context, purpose="unseal")
        arn = self.key.arn if self.key else config.kms_key_arn
        assert arn
        statement = {
            "Sid": "Unseal",
            "Effect": "Allow",
            # https://openbao.org/docs/configuration/seal/awskms/#authentication
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"],
            "Resource": [arn],
        }
        IamRolePolicy(
            self,
            "use",
            name="unseal",
            role=identity.role,
            policy=Fn.jsonencode({"Version": "2012-10-17", "Statement": [statement]}),
        )
        self.seal = SealRef("awskms", {"region": context.region, "kms_key_id": arn})
