"""Logs that are kept longer, or shorter, than the 30 days for which Google keeps what nobody asks it to."""

from __future__ import annotations

from cdktf_cdktf_provider_google.logging_project_bucket_config import LoggingProjectBucketConfig
from cdktf_cdktf_provider_google.logging_project_exclusion import LoggingProjectExclusion
from cdktf_cdktf_provider_google.logging_project_sink import LoggingProjectSink
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.context import Context


class LogBucket(Construct):
    """A log bucket in the platform's region for some of the project's logs, which then are in no other.

    Args:
        purpose: a word for whose logs they are.
        description: what they are.
        filter: which they are (https://cloud.google.com/logging/docs/view/logging-query-language).
        days: for which they are kept.

    Attributes:
        bucket: the log bucket.
        sink: what leads the logs there.
        exclusion: keeps them out of the project's default bucket, where they would be paid for once more
            (https://cloud.google.com/logging/docs/export/configure_export_v2#managing-exclusions). The audit logs that
            Google keeps for 400 days it keeps all the same.
    """

    def __init__(
        self, scope: Construct, id: str, *, purpose: str, description: str, filter: str, days: int, context: Context
    ) -> None:
        super().__init__(scope, id)
        name = f"{context.prefix}-{purpose}"
        self.bucket = LoggingProjectBucketConfig(
            self,
            "bucket",
            project=context.account_id,
            location=context.region,
            bucket_id=f"{name}-{google.digits(self)}",  # one that was deleted keeps its name for a week
            description=description,
            retention_days=days,
            depends_on=[google.api(self, "logging")],
        )
        self.sink = LoggingProjectSink(
            self,
            "sink",
            name=name,
            description=description,
            destination=f"logging.googleapis.com/{self.bucket.id}",
            filter=filter,
            unique_writer_identity=True,
        )
        self.exclusion = LoggingProjectExclusion(
            self,
            "exclusion",
            name=name,
            description=f"{description}: in a bucket of their own",
            filter=filter,
            depends_on=[self.sink],
        )
