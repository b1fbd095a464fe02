"""The cloud account: region, account, tags, endpoint, and the Terraform provider they configure."""

from floe_infra.cloud.config import AwsCloud, CloudConfig, GoogleCloud, LocalCloud

__all__ = ["AwsCloud", "CloudConfig", "GoogleCloud", "LocalCloud"]
