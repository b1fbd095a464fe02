"""S3: warehouse buckets, their key, their log bucket, and who may use them."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import Fn
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from floe_infra.cloud.iam import Role, role_name, trust
from floe_infra.cloud.kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.refs import BucketRef, IdentityRef, StorageRef
from floe_infra.storage.bucket import Rule, SecureBucket, expire_after, tidy, tier
from floe_infra.storage.config import S3Config

_READ = ["s3:GetObject"]
_WRITE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
_LIST = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
_USE_KEY = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
_EXCHANGE_DAYS = 1
"""For what a query that was broken off has left behind."""


class S3Storage(Construct):
    """The lakehouse's buckets.

    Attributes:
        ref: what other rooms take.
        key: the encryption key, or None when an existing one is used.
        logs: the bucket of access logs.
        buckets: the warehouse buckets, by layer (or `warehouse`).
        preaggregations: Cube's bucket, when asked for.
        exchange: the bucket for queries' intermediate results, when asked for.
        compute_logs: the bucket for what Dagster's runs print, when asked for.
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
        self.preaggregations = (
            self._short_lived("preaggregations", config.preaggregations_expire_days) if config.preaggregations else None
        )
        self.exchange = self._short_lived("exchange", _EXCHANGE_DAYS) if config.exchange else None
        self.compute_logs = (
            self._short_lived("compute_logs", config.compute_logs_expire_days) if config.compute_logs else None
        )
        whole = next(iter(self.buckets.values()))
        self.ref = StorageRef(
            layers={layer: self.buckets.get(layer, whole).ref for layer in config.layers},
            region=context.region,
            endpoint=context.endpoint,
            path_style=context.endpoint is not None,
            kms_key_arn=self._key_arn,
            preaggregations=self.preaggregations.ref if self.preaggregations else None,
            exchange=self.exchange.ref if self.exchange else None,
            compute_logs=self.compute_logs.ref if self.compute_logs else None,
            logs=self.logs.ref,
        )

    def grant_read(self, identity: IdentityRef) -> None:
        """Let the identity list and read the warehouse buckets."""
        id = f"read_{identity.namespace}_{identity.service_account}"
        self._grant(id, identity.role, "read", self.ref.buckets, _READ, ["kms:Decrypt"])

    def grant_read_write(self, identity: IdentityRef) -> None:
        """Let the identity list, read, write and delete in the warehouse buckets."""
        id = f"read_write_{identity.namespace}_{identity.service_account}"
        self._grant(id, identity.role, "read_write", self.ref.buckets, _READ + _WRITE, _USE_KEY)

    def grant_exchange(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for intermediate results."""
        if self.ref.exchange is None:
            raise LookupError("There is no bucket for intermediate results: `storage.exchange` is false.")
        id = f"exchange_{identity.namespace}_{identity.service_account}"
        self._grant(id, identity.role, "exchange", (self.ref.exchange,), _READ + _WRITE, _USE_KEY)

    def grant_compute_logs(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for what Dagster's runs print."""
        if self.ref.compute_logs is None:
            raise LookupError("There is no bucket for what runs print: `storage.compute_logs` is false.")
        id = f"compute_logs_{identity.namespace}_{identity.service_account}"
        self._grant(id, identity.role, "compute_logs", (self.ref.compute_logs,), _READ + _WRITE, _USE_KEY)

    def lend_role(self, identity: IdentityRef) -> str:
        """A role that may read and write in the warehouse buckets, and that this identity, and no other, can assume: a
        catalog does so for its clients, and narrows it down to the table at hand. Returns the role's ARN."""
        id = f"lent_{identity.namespace}_{identity.service_account}"
        role = Role(
            self,
            id,
            name=role_name(f"{self._context.prefix}-storage", identity.namespace, identity.service_account),
            description=f"Lent out by {identity.service_account} in namespace {identity.namespace}",
            trust=trust("sts:AssumeRole", {"AWS": identity.role_arn}, {}),
            context=self._context,
        )
        self._grant(f"{id}_storage", role.role.name, "read_write", self.ref.buckets, _READ + _WRITE, _USE_KEY)
        IamRolePolicy(
            self,
            f"{id}_lend",
            name="lend-storage",
            role=identity.role,
            policy=Fn.jsonencode(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role.role.arn}],
                }
            ),
        )
        return role.role.arn

    def _grant(
        self,
        id: str,
        role: str,
        access: str,
        buckets: Sequence[BucketRef],
        objects: list[str],
        key: list[str],
    ) -> None:
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
            role=role,
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

    def _short_lived(self, purpose: str, days: int) -> SecureBucket:
        """A bucket of what is not kept for long."""
        return SecureBucket(
            self,
            purpose,
            name=self._name(purpose),
            context=self._context,
            kms_key_arn=self._key_arn,
            rules=expire_after(days),
            logs=self.logs,
        )

    def _log_delivery(self) -> DataAwsIamPolicyDocumentStatement:
        """Let S3 write the access logs of these buckets, and of no others
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html)."""
        purposes = [purpose for purpose in self._config.buckets if purpose != "logs"]
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
