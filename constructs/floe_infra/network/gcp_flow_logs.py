"""The flow logs of a subnet on Google Cloud: who talked to whom, and who was turned away."""

from __future__ import annotations

from cdktf_cdktf_provider_google.logging_project_bucket_config import LoggingProjectBucketConfig
from cdktf_cdktf_provider_google.logging_project_exclusion import LoggingProjectExclusion
from cdktf_cdktf_provider_google.logging_project_sink import LoggingProjectSink
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.context import Context


class GcpFlowLogs(Construct):
    """A log bucket in the platform's region for what subnet and firewall log, which then is in no other.

    Attributes:
        bucket: the log bucket.
        sink: what leads the logs there.
        exclusion: keeps them out of the project's default bucket, where they would be paid for once more.
    """

    def __init__(self, scope: Construct, id: str, *, subnet: str, days: int, context: Context) -> None:
        super().__init__(scope, id)
        self.bucket = LoggingProjectBucketConfig(
            self,
            "bucket",
            project=context.account_id,
            location=context.region,
            # A log bucket that was deleted keeps its name for a week.
            bucket_id=f"{context.prefix}-network-{google.digits(self)}",
            description=f"Flow and firewall logs of {context.prefix}",
            retention_days=days,
            depends_on=[google.api(self, "logging")],
        )
        logs = " OR ".join(f'log_id("compute.googleapis.com/{log}")' for log in ("vpc_flows", "firewall"))
        filter = f'resource.type="gce_subnetwork" AND resource.labels.subnetwork_name="{subnet}" AND ({logs})'
        self.sink = LoggingProjectSink(
            self,
            "sink",
            name=f"{context.prefix}-network",
            description=f"Flow and firewall logs of {context.prefix}",
            destination=f"logging.googleapis.com/{self.bucket.id}",
            filter=filter,
            unique_writer_identity=True,
        )
        self.exclusion = LoggingProjectExclusion(
            self,
            "exclusion",
            name=f"{context.prefix}-network",
            description=f"In a bucket of their own, {context.prefix}-network-…",
            filter=filter,
            depends_on=[self.sink],
        )
