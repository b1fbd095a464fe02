"""`terraform-modules/s3`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from floe_infra.context import Context
from floe_infra.fields import BucketName, LayerName
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Choice, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.storage.config import S3Config

if TYPE_CHECKING:
    from constructs import Construct


class S3Inputs(Model):
    """What the module asks for besides what the configuration does."""

    bucket_name: BucketName
    """The warehouse bucket's name; with `layers` what every bucket's name begins with: `<bucket_name>-<layer>`. The
    bucket of access logs is called `<bucket_name>-logs`."""
    layers: Annotated[list[LayerName], Field(max_length=20)] = Field(default=[])
    """The layers of the lakehouse, with a bucket for each; one bucket, `warehouse`, when empty."""
    exchange: bool = False
    """Make a bucket for the intermediate results of queries, such as those of Trino's fault-tolerant execution."""
    compute_logs: bool = False
    """Make a bucket for what Dagster's runs print."""
    deletion_protection: bool = True
    """Let Terraform remove no bucket that holds anything, and a key only 30 days after."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.storage.s3 import S3Storage

    config = tokens.of(
        S3Config,
        "var",
        names={"lifecycle": "lifecycle_rules"},
        layout="bucket_per_layer",
        layers=[MEMBER],
        bucket_prefix=tokens.text("var.bucket_name"),
        bucket_names={MEMBER: tokens.text("each.value")},
        preaggregations=chosen["preaggregations"],
        exchange=chosen["exchange"],
        compute_logs=chosen["compute_logs"],
        kms_key_arn=None if chosen["kms_key_arn"] else tokens.text("var.kms_key_arn"),
        lifecycle=tokens.of(
            S3Config.model_fields["lifecycle"].annotation,  # type: ignore[arg-type]
            "var.lifecycle_rules",
            intelligent_tiering=chosen["intelligent_tiering"],
        ),
    )
    storage = S3Storage(scope, "module", config=config, context=context)
    ref = storage.ref
    made = {
        "preaggregations": (ref.preaggregations, "Cube's pre-aggregations"),
        "exchange": (ref.exchange, "the intermediate results of queries"),
        "compute_logs": (ref.compute_logs, "what Dagster's runs print"),
    }
    return {
        "bucket_names": Output(
            {layer: bucket.name for layer, bucket in ref.layers.items()}, "The warehouse buckets' names, by layer."
        ),
        "bucket_arns": Output({layer: bucket.arn for layer, bucket in ref.layers.items()}, "Their ARNs, by layer."),
        "bucket_uris": Output(
            {layer: bucket.uri for layer, bucket in ref.layers.items()}, "Their URIs, `s3://<name>`, by layer."
        ),
        "logs_bucket_name": Output(storage.logs.ref.name, "The name of the bucket of access logs."),
        **{
            f"{purpose}_bucket_name": Output(
                bucket.name if bucket else None, f"The name of the bucket for {what}; null when there is none."
            )
            for purpose, (bucket, what) in made.items()
        },
        **{
            f"{purpose}_bucket_arn": Output(
                bucket.arn if bucket else None, f"The ARN of the bucket for {what}; null when there is none."
            )
            for purpose, (bucket, what) in made.items()
        },
        "kms_key_arn": Output(ref.kms_key_arn, "The key that everything but the access logs is encrypted with."),
    }


MODULE = Module(
    name="s3",
    summary="S3 buckets for Iceberg tables: private, TLS only, encrypted, versioned, their access logged.",
    inputs=(S3Inputs, S3Config),
    hidden=("kind", "layout", "bucket_prefix", "bucket_names"),
    named={"lifecycle": "lifecycle_rules"},
    construct=S3Config.construct,
    build=_build,
    prefix="var.bucket_name",
    choices=(
        Choice("deletion_protection", "var.deletion_protection"),
        Choice("kms_key_arn", "var.kms_key_arn == null"),
        Choice("preaggregations", "var.preaggregations"),
        Choice("exchange", "var.exchange"),
        Choice("compute_logs", "var.compute_logs"),
        Choice("intelligent_tiering", "var.lifecycle_rules.intelligent_tiering"),
    ),
    each=Each("local.buckets", ("layer", "name")),
    locals={
        "buckets": (
            "length(var.layers) == 0 ? { warehouse = var.bucket_name } : "
            '{ for layer in var.layers : layer => "${var.bucket_name}-${replace(layer, "_", "-")}" }'
        )
    },
    renamed={"layers": "warehouse"},
    sample={"bucket_name": "acme-lake"},
    rules=(
        Rule(
            "layers",
            "length(distinct(var.layers)) == length(var.layers) && "
            'length(setintersection(var.layers, ["logs", "preaggregations", "exchange", "compute_logs"])) == 0',
            "every layer once, none of logs, preaggregations, exchange, compute_logs",
            '["gold", "logs"]',
        ),
    ),
)
