"""The bucket that keeps Terraform's state, and the stack that makes it."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from floe_infra.cloud.kms import EncryptionKey
from floe_infra.config.platform import PlatformConfig
from floe_infra.stack import PlatformStack
from floe_infra.state.config import NONCURRENT_DAYS, S3State
from floe_infra.storage.bucket import SecureBucket, tidy


class StateBucketStack(PlatformStack):
    """`<name>-<environment>-state`: a versioned, encrypted bucket.

    `config.state` decides where this stack's own state lies; `bootstrap-state` begins with a file and moves it into
    the bucket once that is there.
    """

    def __init__(self, scope: Construct, config: PlatformConfig, bucket: S3State) -> None:
        super().__init__(scope, "state", config)
        self.context = self.add_cloud_provider()
        key = None if bucket.kms_key_arn else EncryptionKey(self, "key", context=self.context, purpose="state")
        self.bucket = SecureBucket(
            self,
            "bucket",
            name=bucket.bucket,
            context=self.context,
            kms_key_arn=key.arn if key else bucket.kms_key_arn,
            rules=[tidy(uploads_days=7, noncurrent_days=NONCURRENT_DAYS)],
        )
        TerraformOutput(self, "state_bucket", value=self.bucket.ref.name, description="Keeps Terraform's state.")
