"""A VPC's flow logs: who talked to whom, and who was turned away."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
)
from cdktf_cdktf_provider_aws.flow_log import FlowLog
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from floe_infra.cloud.iam import Role, service_trust
from floe_infra.context import Context


class FlowLogs(Construct):
    """All traffic of a VPC, in an encrypted log group that nothing but the flow logs writes to.

    Attributes:
        log_group: where they go.
        role: what the service writes with.
        flow_log: the switch.
    """

    def __init__(
        self, scope: Construct, id: str, *, vpc_id: str, days: int, kms_key_arn: str, context: Context
    ) -> None:
        super().__init__(scope, id)
        self.log_group = CloudwatchLogGroup(
            self,
            "log_group",
            name=f"/aws/vpc-flow-logs/{context.prefix}",
            retention_in_days=days,
            kms_key_id=kms_key_arn,
        )
        flow_logs = f"arn:{context.partition}:ec2:{context.region}:{context.account_id}:vpc-flow-log/*"
        self.role = Role(
            self,
            "writer",
            name=f"{context.prefix}-flow-logs",
            description=f"Flow logs of {context.prefix} write their log group",
            trust=service_trust("vpc-flow-logs.amazonaws.com", context=context, source_arn=flow_logs),
            context=context,
        )
        policy = IamRolePolicy(self, "policy", name="write", role=self.role.role.name, policy=self._write())
        self.flow_log = FlowLog(
            self,
            "flow_log",
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=self.log_group.arn,
            iam_role_arn=self.role.role.arn,
            max_aggregation_interval=600,
            tags={"Name": context.prefix},
            depends_on=[policy],
        )

    def _write(self) -> str:
        """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html without `CreateLogGroup`, as the
        group is there, and for this group alone."""
        document = DataAwsIamPolicyDocument(
            self,
            "policy_document",
            statement=[
                DataAwsIamPolicyDocumentStatement(
                    actions=[
                        "logs:CreateLogStream",
                        "logs:PutLogEvents",
                        "logs:DescribeLogGroups",
                        "logs:DescribeLogStreams",
                    ],
                    resources=[self.log_group.arn, f"{self.log_group.arn}:*"],
                )
            ],
        )
        return document.json
