"""S3: warehouse buckets, their key, their log bucket, and who may use them."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from floe_infra.cloud.kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.refs import IdentityRef, StorageRef
from floe_infra.storage.bucket import Rule, SecureBucket, expire_after, tidy, tier
from floe_infra.storage.config import S3Config

_READ = ["s3:GetObject"]
_WRITE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
_LIST = ["s3:ListBucket", "s3:GetBucketLocation"]


class S3Storage(Construct):
    """The lakehouse's buckets.

    Attributes:
        ref: what other rooms take.
        key: the encryption key, or None when an existing one is used.
        logs: the bucket of access logs.
        buckets: the warehouse buckets, by layer (or `warehouse`).
        preaggregations: Cube's bucket, when asked for.
    """

    def __init__(self, scope: Construct, id: str, *, config: S3Config, context: Context) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        self.key = None if config.kms_key_arn else EncryptionKey(self, "key", context=context, purpose="storage")
        self._key_arn = self.key.arn if self.key else config.kms_key_arn
        self.logs = SecureBucket(
            self,
            "logs",
            name=self._name("logs"),
            context=context,
            kms_key_arn=None,
            rules=expire_after(config.logs_expire_days),
            statements=[self._log_delivery()],
        )
        layers = Construct(self, "layers")  # whose names are the user's: they may not meet ours
        self.buckets = {
            purpose: SecureBucket(
                layers,
                purpose,
                name=self._name(purpose),
                context=context,
                kms_key_arn=self._key_arn,
                rules=self._iceberg_aware_rules(),
                logs=self.logs,
            )
            for purpose in config.warehouse_buckets
        }
        self.preaggregations = self._preaggregations() if config.preaggregations else None
        whole = next(iter(self.buckets.values()))
        self.ref = StorageRef(
            layers={layer: self.buckets.get(layer, whole).ref for layer in config.layers},
            region=context.region,
            endpoint=context.endpoint,
            path_style=context.endpoint is not None,
            kms_key_arn=self._key_arn,
            preaggregations=self.preaggregations.ref if self.preaggregations else None,
            logs=self.logs.ref,
        )

    def grant_read(self, identity: IdentityRef) -> None:
        """Let the identity list and read the warehouse buckets."""
        self._grant(identity, "read", _READ, ["kms:Decrypt"])

    def grant_read_write(self, identity: IdentityRef) -> None:
        """Let the identity list, read, write and delete in the warehouse buckets."""
        self._grant(identity, "read_write", _READ + _WRITE, ["kms:Decrypt", "kms:GenerateDataKey"])

    def _grant(self, identity: IdentityRef, access: str, objects: list[str], key: list[str]) -> None:
        buckets = self.ref.buckets
        id = f"{access}_{identity.namespace}_{identity.service_account}"
        document = DataAwsIamPolicyDocument(
            self,
            f"{id}_document",
            statement=[
                DataAwsIamPolicyDocumentStatement(
                    sid="List", actions=_LIST, resources=[bucket.arn for bucket in buckets]
                ),
                DataAwsIamPolicyDocumentStatement(
                    sid="Objects", actions=objects, resources=[f"{bucket.arn}/*" for bucket in buckets]
                ),
                DataAwsIamPolicyDocumentStatement(sid="Key", actions=key, resources=[self._key_arn or ""]),
            ],
        )
        IamRolePolicy(
            self,
            id,
            name=f"storage-{access.replace('_', '-')}",
            role=identity.role,
            policy=document.json,
        )

    def _name(self, purpose: str) -> str:
        account = self._context.account_id
        return self._config.bucket_name(purpose, prefix=self._context.prefix, account_id=account)

    def _iceberg_aware_rules(self) -> list[Rule]:
        lifecycle = self._config.lifecycle
        rules = [
            tidy(
                uploads_days=lifecycle.abort_incomplete_uploads_days,
                noncurrent_days=lifecycle.noncurrent_versions_days,
            )
        ]
        return [*rules, tier()] if lifecycle.intelligent_tiering else rules

    def _preaggregations(self) -> SecureBucket:
        return SecureBucket(
            self,
            "preaggregations",
            name=self._name("preaggregations"),
            context=self._context,
            kms_key_arn=self._key_arn,
            rules=expire_after(self._config.preaggregations_expire_days),
            logs=self.logs,
        )

    def _log_delivery(self) -> DataAwsIamPolicyDocumentStatement:
        """Let S3 write the access logs of these buckets, and of no others
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html)."""
        purposes = [
            *self._config.warehouse_buckets,
            *(["preaggregations"] if self._config.preaggregations else []),
        ]
        arns = [f"arn:{self._context.partition}:s3:::{self._name(purpose)}" for purpose in purposes]
        return DataAwsIamPolicyDocumentStatement(
            sid="AccessLogs",
            actions=["s3:PutObject"],
            resources=[f"arn:{self._context.partition}:s3:::{self._name('logs')}/*"],
            principals=[
                DataAwsIamPolicyDocumentStatementPrincipals(type="Service", identifiers=["logging.s3.amazonaws.com"])
            ],
            condition=[
                DataAwsIamPolicyDocumentStatementCondition(test="ArnLike", variable="aws:SourceArn", values=arns),
                DataAwsIamPolicyDocumentStatementCondition(
                    test="StringEquals", variable="aws:SourceAccount", values=[self._context.account_id]
                ),
            ],
        )
