"""The bucket in Google Cloud Storage that keeps Terraform's state, and the stack that makes it."""

from __future__ import annotations

from dataclasses import replace

from cdktf import TerraformOutput
from constructs import Construct

from floe_infra.config.platform import PlatformConfig
from floe_infra.stack import PlatformStack
from floe_infra.state.config import NONCURRENT_DAYS, GcsState
from floe_infra.storage.gcs_bucket import BucketKey, SecureBucket, tidy

_SOFT_DELETE_DAYS = 30


class GcsStateBucketStack(PlatformStack):
    """`<name>-<environment>-state`: a versioned, encrypted bucket.

    `config.state` decides where this stack's own state lies; `bootstrap-state` begins with a file and moves it into
    the bucket once that is there.
    """

    def __init__(self, scope: Construct, config: PlatformConfig, bucket: GcsState) -> None:
        super().__init__(scope, "state", config)
        context = self.add_cloud_provider()
        self.context = replace(context, region=bucket.region or context.region)
        key = None if bucket.kms_key_name else BucketKey(self, "key", context=self.context, purpose="state")
        self.bucket = SecureBucket(
            self,
            "bucket",
            name=bucket.bucket,
            context=self.context,
            kms_key_name=key.name if key else bucket.kms_key_name,
            rules=tidy(uploads_days=7, noncurrent_days=NONCURRENT_DAYS),
            soft_delete_days=_SOFT_DELETE_DAYS,
            after=[key.usable] if key else [],
        )
        TerraformOutput(self, "state_bucket", value=self.bucket.ref.name, description="Keeps Terraform's state.")
