"""Which account and region the platform lives in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_infra.fields import AwsAccountId, AwsRegion, HttpUrl
from floe_infra.model import Model


class AwsCloud(Model):
    """An AWS account and region."""

    provider: Literal["aws"] = "aws"
    """Amazon Web Services."""
    region: AwsRegion
    """Where everything is made, for instance `eu-west-1`."""
    account_id: AwsAccountId | None = None
    """The account's 12 digits. When given, Terraform refuses to work with the credentials of any other account."""
    tags: Annotated[dict[str, str], Field(max_length=40)] = {}
    """Put on every resource, besides `floe-infra:platform` and `floe-infra:environment`."""
    endpoint: HttpUrl | None = None
    """The one URL of an AWS emulator such as LocalStack. Switches S3 to path style."""


CloudConfig = AwsCloud
