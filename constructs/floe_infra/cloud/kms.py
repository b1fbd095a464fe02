"""KMS keys."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
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
        policy = DataAwsIamPolicyDocument(
            self,
            "policy_document",
            statement=[_owned_by_account(context), *([_used_by_log_groups(context)] if log_groups else [])],
        )
        self.key = KmsKey(
            self,
            "key",
            description=f"{context.prefix} {purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=30 if context.keeps_data else 7,
            policy=policy.json,
        )
        keep(self.key, context)
        self.alias = KmsAlias(self, "alias", name=f"alias/{context.prefix}-{purpose}", target_key_id=self.key.key_id)
        self.arn = self.key.arn


def _owned_by_account(context: Context) -> DataAwsIamPolicyDocumentStatement:
    """Without this statement IAM policies have no effect on the key, and nobody could ever change it again
    (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html)."""
    return DataAwsIamPolicyDocumentStatement(
        sid="Account",
        actions=["kms:*"],
        resources=["*"],  # in a key policy: this key
        principals=[
            DataAwsIamPolicyDocumentStatementPrincipals(
                type="AWS", identifiers=[f"arn:{context.partition}:iam::{context.account_id}:root"]
            )
        ],
    )


def _used_by_log_groups(context: Context) -> DataAwsIamPolicyDocumentStatement:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""
    arns = f"arn:{context.partition}:logs:{context.region}:{context.account_id}:log-group:*"
    return DataAwsIamPolicyDocumentStatement(
        sid="LogGroups",
        actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        resources=["*"],  # in a key policy: this key
        principals=[
            DataAwsIamPolicyDocumentStatementPrincipals(
                type="Service", identifiers=[f"logs.{context.region}.amazonaws.com"]
            )
        ],
        condition=[
            DataAwsIamPolicyDocumentStatementCondition(
                test="ArnLike", variable="kms:EncryptionContext:aws:logs:arn", values=[arns]
            )
        ],
    )
