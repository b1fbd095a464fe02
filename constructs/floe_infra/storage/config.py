"""Object storage: the buckets that hold Iceberg tables."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from floe_infra.fields import Arn, BucketName, LayerName, invalid
from floe_infra.model import Disabled, Kind, Model


class Lifecycle(Model):
    """What ages in a warehouse bucket. Live table objects never do: Iceberg alone decides when a file is dead."""

    abort_incomplete_uploads_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days after which the parts of an unfinished multipart upload are removed."""
    noncurrent_versions_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days for which an overwritten or deleted object can still be restored."""
    intelligent_tiering: bool = True
    """Move objects to Intelligent-Tiering, which stores rarely read files cheaper and serves them as fast."""


class S3Config(Kind):
    """S3 buckets, encrypted with a key of the platform's own."""

    kind: Literal["s3"] = "s3"
    """Amazon S3, or what speaks its API."""
    layout: Literal["bucket_per_layer", "single_bucket"] = "bucket_per_layer"
    """One bucket for each layer, or one for all of them."""
    layers: Annotated[list[LayerName], Field(min_length=1, max_length=20)] = ["bronze", "silver", "gold"]
    """The layers of the lakehouse."""
    bucket_prefix: BucketName | None = None
    """Begins every bucket's name; `<name>-<environment>` and the account's number when left out."""
    bucket_names: dict[str, BucketName] = {}
    """Names to use instead, by layer (`warehouse` for a single bucket; also `logs`, `preaggregations`)."""
    preaggregations: bool = False
    """Make a bucket for Cube's pre-aggregations."""
    preaggregations_expire_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after which a pre-aggregation, which Cube can build again, is removed."""
    logs_expire_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """Days for which access logs are kept."""
    lifecycle: Lifecycle = Lifecycle()
    """What ages in the warehouse buckets."""
    kms_key_arn: Arn | None = None
    """An existing key to encrypt with; a new one, rotated yearly, when left out."""

    construct: ClassVar = "floe_infra.storage.s3:S3Storage"
    clouds: ClassVar = frozenset({"aws"})

    @property
    def warehouse_buckets(self) -> list[str]:
        """The warehouse buckets' purposes: the layers, or `warehouse`."""
        return ["warehouse"] if self.layout == "single_bucket" else list(self.layers)

    def bucket_name(self, purpose: str, *, prefix: str, account_id: str | None) -> str:
        """The name of a bucket: the file's own, or `<prefix>-<purpose>-<account>`, as names are global on S3."""
        if purpose in self.bucket_names:
            return self.bucket_names[purpose]
        if self.bucket_prefix:
            return f"{self.bucket_prefix}-{purpose}".replace("_", "-")
        return "-".join(filter(None, [prefix, purpose.replace("_", "-"), account_id]))

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        purposes = [*self.warehouse_buckets, "logs", "preaggregations"]
        if len(set(purposes)) < len(purposes):
            raise invalid(
                "two buckets would serve the same purpose",
                allowed="every layer once; `logs` and `preaggregations` are taken",
                fix="rename or remove the layer",
                field="layers",
            )
        for purpose in self.bucket_names:
            if purpose not in purposes:
                raise invalid(
                    f"there is no bucket {purpose!r} to name",
                    allowed=", ".join(purposes),
                    field=f"bucket_names.{purpose}",
                )
        if len(set(self.bucket_names.values())) < len(self.bucket_names):
            raise invalid("two buckets have the same name", allowed="a name of its own for each", field="bucket_names")
        return self


StorageConfig = Annotated[S3Config | Disabled, Field(discriminator="kind")]
