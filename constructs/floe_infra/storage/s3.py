"""S3: warehouse buckets, their key, and their log bucket."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocumentStatement,
    DataAwsIamPolicyDocumentStatementCondition,
    DataAwsIamPolicyDocumentStatementPrincipals,
)
from constructs import Construct

from floe_infra.cloud.kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.refs import StorageRef
from floe_infra.storage.bucket import Rule, SecureBucket, expire_after, tidy, tier
from floe_infra.storage.config import S3Config
from floe_infra.storage.s3_access import S3Access

_EXCHANGE_DAYS = 1
"""For what a query that was broken off has left behind."""


class S3Storage(S3Access):
    """The lakehouse's buckets, and who may use them.

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
        super().__init__(scope, id, context=context)
        self._config = config
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
