"""One S3 bucket, as safe as S3 makes them: private, TLS only, encrypted, versioned, its access logged."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    S3BucketLifecycleConfigurationRuleTransition,
)
from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from constructs import Construct

from floe_infra.context import Context
from floe_infra.refs import BucketRef
from floe_infra.terraform import keep

Rule = S3BucketLifecycleConfigurationRule


class SecureBucket(Construct):
    """A bucket with everything around it.

    Args:
        name: the bucket's name, unique in the partition.
        kms_key_arn: the key that encrypts; None for S3's own key (log delivery cannot use another).
        rules: lifecycle rules; see `expire_after`, `tier`, `tidy`.
        logs: the bucket that receives the access logs.
        statements: further statements of the bucket's policy.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        context: Context,
        kms_key_arn: str | None,
        rules: list[Rule],
        logs: SecureBucket | None = None,
        statements: list[DataAwsIamPolicyDocumentStatement] | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.bucket = S3Bucket(self, "bucket", bucket=name, force_destroy=not context.keeps_data)
        keep(self.bucket, context)
        bucket = self.bucket.id
        self.ref = BucketRef(name=self.bucket.bucket, arn=self.bucket.arn, uri=f"s3://{self.bucket.bucket}")
        self.ownership = S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=bucket,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
        self.public_access = S3BucketPublicAccessBlock(
            self,
            "public_access",
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        self.versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=bucket,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        self.encryption = S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=bucket,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    bucket_key_enabled=True if kms_key_arn else None,
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="aws:kms" if kms_key_arn else "AES256",
                            kms_master_key_id=kms_key_arn,
                        )
                    ),
                )
            ],
        )
        # S3 refuses lifecycle rules on noncurrent versions until versioning is on.
        self.lifecycle = S3BucketLifecycleConfiguration(
            self, "lifecycle", bucket=bucket, rule=rules, depends_on=[self.versioning]
        )
        policy = DataAwsIamPolicyDocument(
            self,
            "policy_document",
            statement=[
                self._only_tls(),
                *([self._only_encrypted_with(kms_key_arn)] if kms_key_arn else []),
                *(statements or []),
            ],
        )
        # Both calls change the same bucket; S3 answers 409 when they meet.
        self.policy = S3BucketPolicy(self, "policy", bucket=bucket, policy=policy.json, depends_on=[self.public_access])
        if logs:  # S3 refuses a target whose policy does not admit the log delivery yet
            self.logging = S3BucketLoggingA(
                self,
                "logging",
                bucket=bucket,
                target_bucket=logs.bucket.id,
                target_prefix=f"{id}/",
                depends_on=[logs.policy],
            )

    def _only_tls(self) -> DataAwsIamPolicyDocumentStatement:
        return self._deny(
            "DenyInsecureTransport",
            actions=["s3:*"],
            resources=[self.bucket.arn, f"{self.bucket.arn}/*"],
            condition=[_when("Bool", "aws:SecureTransport", "false")],
        )

    def _only_encrypted_with(self, kms_key_arn: str) -> DataAwsIamPolicyDocumentStatement:
        """An upload that names no encryption gets the bucket's key. One that names any must name that key: S3 takes
        `aws:kms` without a key for the account's own `aws/s3`, and a negated test holds for an absent header too."""
        return self._deny(
            "DenyOtherEncryption",
            actions=["s3:PutObject"],
            resources=[f"{self.bucket.arn}/*"],
            condition=[
                _when("Null", "s3:x-amz-server-side-encryption", "false"),
                _when("StringNotEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", kms_key_arn),
            ],
        )

    @staticmethod
    def _deny(
        sid: str,
        *,
        actions: list[str],
        resources: list[str],
        condition: list[DataAwsIamPolicyDocumentStatementCondition],
    ) -> DataAwsIamPolicyDocumentStatement:
        everyone = DataAwsIamPolicyDocumentStatementPrincipals(type="*", identifiers=["*"])
        return DataAwsIamPolicyDocumentStatement(
            sid=sid,
            effect="Deny",
            actions=actions,
            resources=resources,
            principals=[everyone],
            condition=condition,
        )


def _when(test: str, variable: str, value: str) -> DataAwsIamPolicyDocumentStatementCondition:
    return DataAwsIamPolicyDocumentStatementCondition(test=test, variable=variable, values=[value])


def tidy(*, uploads_days: int, noncurrent_days: int) -> Rule:
    """Remove unfinished uploads, overwritten versions and orphaned delete markers; never a live object."""
    return _rule(
        "tidy",
        abort_incomplete_multipart_upload=[
            S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=uploads_days)
        ],
        noncurrent_version_expiration=[
            S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=noncurrent_days)
        ],
        expiration=[S3BucketLifecycleConfigurationRuleExpiration(expired_object_delete_marker=True)],
    )


def tier() -> Rule:
    """Move objects to Intelligent-Tiering: cheaper when rarely read, and still served at once."""
    return _rule(
        "tier",
        transition=[S3BucketLifecycleConfigurationRuleTransition(days=0, storage_class="INTELLIGENT_TIERING")],
    )


def expire_after(days: int) -> list[Rule]:
    """Remove objects by age, for buckets of logs and caches only: in a warehouse this would destroy tables."""
    return [
        _rule("expire", expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=days)]),
        _rule(
            "tidy",
            abort_incomplete_multipart_upload=[
                S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
            ],
            noncurrent_version_expiration=[
                S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=7)
            ],
        ),
    ]


def _rule(id: str, **actions: object) -> Rule:
    """A rule for every object: AWS wants a filter, and an empty one says all."""
    return Rule(
        id=id,
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        **actions,  # type: ignore[arg-type]
    )
