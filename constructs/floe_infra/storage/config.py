"""Object storage: the buckets that hold Iceberg tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import BucketName, Finding, KmsKeyArn, LayerName, shown
from floe_infra.model import Disabled, Kind, Model

_TAKEN = ("logs", "preaggregations", "exchange")
"""Purposes of the buckets that hold no layer."""


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
    """Names to use instead, by layer (`warehouse` for a single bucket; also `logs`, `preaggregations`, `exchange`)."""
    preaggregations: bool = False
    """Make a bucket for Cube's pre-aggregations."""
    preaggregations_expire_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after which a pre-aggregation, which Cube can build again, is removed."""
    exchange: bool = False
    """Make a bucket for the intermediate results of queries, which `compute.fault_tolerant` needs."""
    logs_expire_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """Days for which access logs are kept."""
    lifecycle: Lifecycle = Lifecycle()
    """What ages in the warehouse buckets."""
    kms_key_arn: KmsKeyArn | None = None
    """An existing key to encrypt with; a new one, rotated yearly, when left out."""

    construct: ClassVar = "floe_infra.storage.s3:S3Storage"
    clouds: ClassVar = frozenset({"aws"})

    @property
    def warehouse_buckets(self) -> list[str]:
        """The warehouse buckets' purposes: the layers, or `warehouse`."""
        return ["warehouse"] if self.layout == "single_bucket" else list(self.layers)

    @property
    def buckets(self) -> list[str]:
        """Every bucket's purpose."""
        asked_for = {"preaggregations": self.preaggregations, "exchange": self.exchange}
        return [*self.warehouse_buckets, "logs", *(purpose for purpose, asked in asked_for.items() if asked)]

    def bucket_name(self, purpose: str, *, prefix: str, account_id: str | None) -> str:
        """The name of a bucket: the file's own, or `<prefix>-<purpose>-<account>`, as names are global on S3."""
        if purpose in self.bucket_names:
            return self.bucket_names[purpose]
        if self.bucket_prefix:
            return f"{self.bucket_prefix}-{purpose}".replace("_", "-")
        return "-".join(filter(None, [prefix, purpose.replace("_", "-"), account_id]))

    def findings(self) -> Iterator[Finding]:
        """Every bucket has one purpose, and only buckets that there are have names."""
        for index, layer in enumerate(self.layers):
            if layer in self.layers[:index] or layer in _TAKEN:
                message = f"two buckets would be called {layer}"
                yield Finding(("layers", index), message, f"every layer once, none of {', '.join(_TAKEN)}")
        for purpose in self.bucket_names:
            if purpose not in self.buckets:
                message = f"there is no bucket {shown(purpose)} to name"
                yield Finding(("bucket_names", purpose), message, ", ".join(self.buckets))
        if len(set(self.bucket_names.values())) < len(self.bucket_names):
            yield Finding(("bucket_names",), "two buckets have the same name", "a name of its own for each")


StorageConfig = Annotated[S3Config | Disabled, Field(discriminator="kind")]
