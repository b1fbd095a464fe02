"""One bucket in Google Cloud Storage, as safe as it makes them: private, encrypted, versioned, its access logged."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.data_google_storage_project_service_account import (
    DataGoogleStorageProjectServiceAccount,
)
from cdktf_cdktf_provider_google.storage_bucket import (
    StorageBucket,
    StorageBucketAutoclass,
    StorageBucketEncryption,
    StorageBucketLifecycleRule,
    StorageBucketLifecycleRuleAction,
    StorageBucketLifecycleRuleCondition,
    StorageBucketLogging,
    StorageBucketSoftDeletePolicy,
    StorageBucketVersioning,
)
from cdktf_cdktf_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.cloud.google_kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.refs import BucketRef
from floe_infra.terraform import keep

Rule = StorageBucketLifecycleRule
_LOG_DELIVERY = "group:cloud-storage-analytics@google.com"


class BucketKey(EncryptionKey):
    """A key that Cloud Storage, with the account that it has in this project, may use.

    Attributes:
        usable: buckets are encrypted after it.
    """

    def __init__(self, scope: Construct, id: str, *, context: Context, purpose: str) -> None:
        super().__init__(scope, id, context=context, purpose=purpose)
        agent = DataGoogleStorageProjectServiceAccount(self, "service_agent", depends_on=[google.api(self, "storage")])
        self.usable = self.let_use("storage", agent.member)


class SecureBucket(Construct):
    """A bucket that knows no access lists and can never be public.

    Args:
        name: the bucket's name, unique in all of Google Cloud.
        kms_key_name: the key that encrypts; Google's own when None.
        rules: lifecycle rules; see `expire_after`, `tidy`.
        soft_delete_days: for which whatever was removed for good can still be restored; 0, or 7 to 90.
        autoclass: store rarely read objects cheaper; they are served as fast.
        logs: the bucket that receives the usage logs.
        after: what must be there before, such as the right to use the key.

    Attributes:
        bucket: the bucket itself.
        ref: what other rooms take.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        context: Context,
        kms_key_name: str | None,
        rules: list[Rule],
        soft_delete_days: int,
        autoclass: bool = False,
        logs: SecureBucket | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self.bucket: StorageBucket = StorageBucket(
            self,
            "bucket",
            name=name,
            location=context.region,
            storage_class="STANDARD",
            force_destroy=not context.keeps_data,
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=StorageBucketVersioning(enabled=True),
            encryption=StorageBucketEncryption(default_kms_key_name=kms_key_name) if kms_key_name else None,
            soft_delete_policy=StorageBucketSoftDeletePolicy(retention_duration_seconds=soft_delete_days * 86_400),
            autoclass=StorageBucketAutoclass(enabled=True, terminal_storage_class="ARCHIVE") if autoclass else None,
            lifecycle_rule=rules,
            logging=StorageBucketLogging(log_bucket=logs.bucket.name, log_object_prefix=id) if logs else None,
            depends_on=[google.api(self, "storage"), *after],
        )
        keep(self.bucket, context)
        bucket = self.bucket.name
        self.ref = BucketRef(name=bucket, arn=f"projects/_/buckets/{bucket}", uri=f"gs://{bucket}")

    def let_logs_in(self) -> StorageBucketIamMember:
        """Let Cloud Storage deliver usage logs; where an organization admits its own domains only, it must admit this
        group (https://cloud.google.com/storage/docs/access-logs#delivery)."""
        return StorageBucketIamMember(
            self, "log_delivery", bucket=self.bucket.name, role="roles/storage.objectCreator", member=_LOG_DELIVERY
        )


def tidy(*, uploads_days: int, noncurrent_days: int) -> list[Rule]:
    """Remove unfinished uploads and overwritten versions; never a live object."""
    return [
        _rule("AbortIncompleteMultipartUpload", age=uploads_days),
        _rule("Delete", with_state="ARCHIVED", days_since_noncurrent_time=noncurrent_days),
    ]


def expire_after(days: int) -> list[Rule]:
    """Remove objects by age, for buckets of logs and caches only: in a warehouse this would destroy tables."""
    return [_rule("Delete", age=days), *tidy(uploads_days=7, noncurrent_days=7)]


def _rule(action: str, **condition: object) -> Rule:
    return Rule(
        action=StorageBucketLifecycleRuleAction(type=action),
        condition=StorageBucketLifecycleRuleCondition(**condition),  # type: ignore[arg-type]
    )
