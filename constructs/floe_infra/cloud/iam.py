"""IAM roles."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from floe_infra.context import Context


class Role(Construct):
    """A role: who may act as it, and which of AWS' managed policies it has.

    Args:
        name: at most 64 characters.
        trust: who may act as it; see `service`.
        policies: names of AWS' managed policies.

    Attributes:
        role: the role itself.
        policies: the attachments. What acts as the role must depend on them: without it, Terraform may take them away
            while it still acts.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        description: str,
        trust: DataAwsIamPolicyDocumentStatement,
        context: Context,
        policies: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id)
        document = DataAwsIamPolicyDocument(self, "trust", statement=[trust])
        self.role = IamRole(self, "role", name=name, description=description, assume_role_policy=document.json)
        self.policies = [
            IamRolePolicyAttachment(
                self, policy, role=self.role.name, policy_arn=f"arn:{context.partition}:iam::aws:policy/{policy}"
            )
            for policy in policies
        ]


def service(principal: str, *, context: Context, source_arn: str | None = None) -> DataAwsIamPolicyDocumentStatement:
    """Lets an AWS service act as a role, on behalf of `source_arn` in this account alone: no other customer of the
    service gets it to (the confused deputy, https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
    EC2 does not say on whose behalf it acts, so None there."""
    conditions = {"aws:SourceArn": source_arn, "aws:SourceAccount": context.account_id} if source_arn else {}
    return DataAwsIamPolicyDocumentStatement(
        actions=["sts:AssumeRole"],
        principals=[DataAwsIamPolicyDocumentStatementPrincipals(type="Service", identifiers=[principal])],
        condition=[
            DataAwsIamPolicyDocumentStatementCondition(
                test="ArnLike" if "Arn" in key else "StringEquals", variable=key, values=[value]
            )
            for key, value in conditions.items()
        ]
        or None,
    )
