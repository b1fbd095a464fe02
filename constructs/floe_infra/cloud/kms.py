"""KMS keys."""

from __future__ import annotations

from typing import Any

from cdktf import Fn
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from floe_infra.context import Context
from floe_infra.terraform import keep


class EncryptionKey(Construct):
    """A symmetric key, rotated yearly, that IAM policies of this account (and nobody else's) give access to.

    Args:
        purpose: what it encrypts; its alias is `<name>-<environment>-<purpose>`.
        log_groups: let CloudWatch Logs encrypt this account's log groups with it.
    """

    def __init__(self, scope: Construct, id: str, *, context: Context, purpose: str, log_groups: bool = False) -> None:
        super().__init__(scope, id)
        statements = [_owned_by_account(context), *([_used_by_log_groups(context)] if log_groups else [])]
        self.key = KmsKey(
            self,
            "key",
            description=f"{context.prefix} {purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=30 if context.keeps_data else 7,
            policy=Fn.jsonencode({"Version": "2012-10-17", "Statement": statements}),
        )
        keep(self.key, context)
        self.alias = KmsAlias(self, "alias", name=f"alias/{context.prefix}-{purpose}", target_key_id=self.key.key_id)
        self.arn = self.key.arn


def _owned_by_account(context: Context) -> dict[str, Any]:
    """Without this statement IAM policies have no effect on the key, and nobody could ever change it again
    (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html)."""
    return {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{context.partition}:iam::{context.account_id}:root"},
        "Action": "kms:*",
        "Resource": "*",  # in a key policy: this key
    }


def _used_by_log_groups(context: Context) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""
    groups = f"arn:{context.partition}:logs:{context.region}:{context.account_id}:log-group:*"
    return {
        "Sid": "LogGroups",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{context.region}.amazonaws.com"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",  # in a key policy: this key
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    }
