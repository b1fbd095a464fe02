"""The AWS provider, as a stack needs it."""

from __future__ import annotations

from dataclasses import replace

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags, AwsProviderEndpoints

from floe_infra.cloud import versions
from floe_infra.cloud.config import AwsCloud
from floe_infra.context import Context
from floe_infra.terraform import literal

_SERVICES = (
    "dynamodb",
    "ec2",
    "eks",
    "events",
    "glue",
    "iam",
    "kms",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
)


def add_provider(stack: TerraformStack, cloud: AwsCloud, context: Context) -> Context:
    """Configure the stack's AWS provider: region, account guard, default tags, and the emulator's endpoint.

    Returns the context with what only AWS says.
    """
    tags = {"floe-infra:platform": context.name, "floe-infra:environment": context.environment, **cloud.tags}
    emulated = cloud.endpoint is not None
    AwsProvider(
        stack,
        "aws",
        region=cloud.region,
        allowed_account_ids=[cloud.account_id] if cloud.account_id and not emulated else None,
        default_tags=[AwsProviderDefaultTags(tags={literal(key): literal(value) for key, value in tags.items()})],
        endpoints=[AwsProviderEndpoints(**dict.fromkeys(_SERVICES, cloud.endpoint))] if emulated else None,
        s3_use_path_style=True if emulated else None,
        skip_credentials_validation=True if emulated else None,
        skip_metadata_api_check="true" if emulated else None,
        skip_requesting_account_id=None,
    )
    stack.add_override("terraform.required_providers.aws.version", versions.AWS)
    return replace(
        context,
        account_id=_account_id(stack, cloud),
        partition=cloud.partition,
        role_path=cloud.role_path,
        permissions_boundary=cloud.permissions_boundary,
    )


def _account_id(stack: TerraformStack, cloud: AwsCloud) -> str:
    """The account's number: from the file, else a token that Terraform resolves with the credentials at hand."""
    if cloud.account_id:
        return cloud.account_id
    return DataAwsCallerIdentity(stack, "account").account_id
