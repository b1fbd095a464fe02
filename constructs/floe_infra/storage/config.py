"""Object storage: the buckets that hold Iceberg tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import (
    BucketName,
    Finding,
    GoogleKmsKey,
    KmsKeyArn,
    KubernetesName,
    LayerName,
    bucket_problem,
    shown,
)
from floe_infra.model import ANYWHERE, Disabled, Kind, Model
from floe_infra.needs import Needs, Password

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

CREDENTIALS = "storage-credentials"
"""The name of the secret that opens storage in the cluster, keys `access_key` and `secret_key`."""

_TAKEN = ("logs", "preaggregations", "exchange", "compute_logs")
"""Purposes of the buckets that hold no layer."""


class Lifecycle(Model):
    """What ages in a warehouse bucket. Live table objects never do: Iceberg alone decides when a file is dead."""

    abort_incomplete_uploads_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days after which the parts of an unfinished multipart upload are removed."""
    noncurrent_versions_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days for which an overwritten or deleted object can still be restored."""
    intelligent_tiering: bool = True
    """Move objects to Intelligent-Tiering, which stores rarely read files cheaper and serves them as fast."""


class StorageKind(Kind):
    """What all object storage has: buckets for layers, and for what else is asked for."""

    kind: str
    layout: Literal["bucket_per_layer", "single_bucket"] = "bucket_per_layer"
    """One bucket for each layer, or one for all of them."""
    layers: Annotated[list[LayerName], Field(min_length=1, max_length=20)] = ["bronze", "silver", "gold"]
    """The layers of the lakehouse."""
    bucket_prefix: BucketName | None = None
    """Begins every bucket's name; `<name>-<environment>`, in a cloud with the account's number or the project's id
    behind it, when left out."""
    bucket_names: dict[str, BucketName] = {}
    """Names to use instead, by layer (`warehouse` for a single bucket; also `preaggregations`, `exchange`,
    `compute_logs`, and in a cloud `logs`)."""
    preaggregations: bool = False
    """Make a bucket for Cube's pre-aggregations."""
    exchange: bool = False
    """Make a bucket for the intermediate results of queries, which `compute.fault_tolerant` needs."""
    compute_logs: bool = False
    """Make a bucket for what Dagster's runs print; made where there is a runtime, unless this says false."""

    construct: ClassVar[str | None] = None  # here too, for mypy looks no further than to the next class
    own_names: ClassVar[bool] = True
    """Whether nobody else can have taken a bucket's name."""
    has_logs: ClassVar[bool] = False
    """Whether access is logged into a bucket."""

    @staticmethod
    def name_problem(name: str) -> str | None:
        """What is wrong with a bucket's name."""
        return bucket_problem(name)

    @property
    def warehouse_buckets(self) -> list[str]:
        """The warehouse buckets' purposes: the layers, or `warehouse`."""
        return ["warehouse"] if self.layout == "single_bucket" else list(self.layers)

    @property
    def buckets(self) -> list[str]:
        """Every bucket's purpose."""
        asked_for = {
            "logs": self.has_logs,
            "preaggregations": self.preaggregations,
            "exchange": self.exchange,
            "compute_logs": self.compute_logs,
        }
        return [*self.warehouse_buckets, *(purpose for purpose, asked in asked_for.items() if asked)]

    def bucket_name(self, purpose: str, *, prefix: str, account_id: str | None = None) -> str:
        """The name of a bucket: the file's own, or `<prefix>-<purpose>`, and the account where names are global."""
        if purpose in self.bucket_names:
            return self.bucket_names[purpose]
        if self.bucket_prefix:
            return f"{self.bucket_prefix}-{purpose}".replace("_", "-")
        account = None if self.own_names else account_id
        return "-".join(filter(None, [prefix, purpose.replace("_", "-"), account]))

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


class S3Config(StorageKind):
    """S3 buckets, encrypted with a key of the platform's own."""

    kind: Literal["s3"] = "s3"
    """Amazon S3, or what speaks its API."""
    preaggregations_expire_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after which a pre-aggregation, which Cube can build again, is removed."""
    compute_logs_expire_days: Annotated[int, Field(ge=1, le=365)] = 90
    """Days for which the output of Dagster's runs is kept."""
    logs_expire_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """Days for which access logs are kept."""
    lifecycle: Lifecycle = Lifecycle()
    """What ages in the warehouse buckets."""
    kms_key_arn: KmsKeyArn | None = None
    """An existing key to encrypt with; a new one, rotated yearly, when left out."""

    construct: ClassVar = "floe_infra.storage.s3:S3Storage"
    clouds: ClassVar = frozenset({"aws"})
    own_names: ClassVar = False
    has_logs: ClassVar = True


class GcsLifecycle(Model):
    """What ages in a warehouse bucket. Live table objects never do: Iceberg alone decides when a file is dead."""

    abort_incomplete_uploads_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days after which the parts of an unfinished multipart upload are removed."""
    noncurrent_versions_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days for which an overwritten or deleted object can still be restored."""
    soft_delete_days: Annotated[int, Field(ge=0, le=90)] = 7
    """Days for which what was removed for good, a whole bucket even, can still be restored; 0, or 7 to 90. It is paid
    for like what is there."""
    autoclass: bool = True
    """Let Autoclass store rarely read objects cheaper; they are served as fast."""

    def findings(self) -> Iterator[Finding]:
        """https://cloud.google.com/storage/docs/soft-delete#retention-duration"""
        if 0 < self.soft_delete_days < 7:
            message = f"{self.soft_delete_days} days are too few to soft-delete for"
            yield Finding(("soft_delete_days",), message, "0, or 7 to 90")


class GcsConfig(StorageKind):
    """Buckets in Google Cloud Storage, private and encrypted."""

    kind: Literal["gcs"] = "gcs"
    """Google Cloud Storage."""
    preaggregations_expire_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after which a pre-aggregation, which Cube can build again, is removed."""
    compute_logs_expire_days: Annotated[int, Field(ge=1, le=365)] = 90
    """Days for which the output of Dagster's runs is kept."""
    logs_expire_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """Days for which usage logs are kept."""
    lifecycle: GcsLifecycle = GcsLifecycle()
    """What ages in the warehouse buckets."""
    kms_key_name: GoogleKmsKey | None = None
    """An existing key in the same region to encrypt with, which Cloud Storage's service agent may use; `own_key` says
    what is done when left out."""
    own_key: bool = True
    """Encrypt with a key made for it, rotated every 90 days; otherwise with Google's own. A key is never quite gone
    again, so `dev` does without. Switched off later, the key is destroyed, and what it encrypted is lost."""

    construct: ClassVar = "floe_infra.storage.gcs:GcsStorage"
    clouds: ClassVar = frozenset({"gcp"})
    own_names: ClassVar = False
    has_logs: ClassVar = True

    @staticmethod
    def name_problem(name: str) -> str | None:
        """https://cloud.google.com/storage/docs/buckets#naming; the rest of its rules are S3's too."""
        if name.startswith("goog"):
            return "begins with a prefix that Google reserves"
        if re.search("g[o0][o0]g[l1]e", name):
            return "holds Google's name"
        return bucket_problem(name)


class InClusterStorage(StorageKind):
    """What all storage in the cluster has: a server with S3's API, and a pair of keys that opens everything."""

    memory_mib: Annotated[int, Field(ge=256, le=262_144)] = 1024
    """Memory of the server, in MiB."""
    cpu: Annotated[float, Field(ge=0.05, le=64)] = 0.25
    """Processors that the server requests."""
    namespace: KubernetesName = "storage"
    """The Kubernetes namespace."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here."""

    clouds: ClassVar = ANYWHERE
    for_trying: ClassVar = "object storage in the cluster is one server with one disk and no backups"

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """The pair of keys; a namespace that wants to use the storage reads it too."""
        keys: dict[str, str | Password] = {"access_key": "floe", "secret_key": Password()}
        return Needs(namespace=self.namespace, secrets={CREDENTIALS: keys})


class StorageOnDisk(InClusterStorage):
    """What storage in the cluster has that outlives its pod."""

    storage_gib: Annotated[int, Field(ge=1, le=16384)] = 20
    """Size of the disk, in GiB. It can grow where the StorageClass lets it, and never shrink."""


class RustFsConfig(StorageOnDisk):
    """RustFS: object storage in the cluster."""

    kind: Literal["rustfs"] = "rustfs"
    """RustFS, a pre-release."""

    service: ClassVar = "floe_infra.storage.rustfs:RustFs"


class SeaweedFsConfig(StorageOnDisk):
    """SeaweedFS: object storage in the cluster."""

    kind: Literal["seaweedfs"] = "seaweedfs"
    """SeaweedFS, all in one pod."""

    service: ClassVar = "floe_infra.storage.seaweedfs:SeaweedFs"


class MinioConfig(StorageOnDisk):
    """MinIO: object storage in the cluster, of a project that was given up."""

    kind: Literal["minio"] = "minio"
    """MinIO, archived in April 2026."""

    service: ClassVar = "floe_infra.storage.minio:Minio"
    warning: ClassVar = (
        "MinIO's project is archived: its last images have known holes, and nobody mends them. Take rustfs or seaweedfs"
    )


class LocalStackConfig(InClusterStorage):
    """LocalStack: an emulator of S3, which forgets everything when its pod is started anew."""

    kind: Literal["localstack"] = "localstack"
    """LocalStack, the last release that wants no token."""

    service: ClassVar = "floe_infra.storage.localstack:LocalStack"
    pod_security: ClassVar = "baseline"  # it runs as root (https://github.com/localstack/localstack/issues/12603)
    for_trying: ClassVar = "LocalStack keeps nothing"
    warning: ClassVar = "LocalStack keeps everything in memory: tables are gone when its pod is started anew"


StorageConfig = Annotated[
    S3Config | GcsConfig | RustFsConfig | SeaweedFsConfig | MinioConfig | LocalStackConfig | Disabled,
    Field(discriminator="kind"),
]
