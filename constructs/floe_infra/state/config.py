"""Backends. Always explicit: cdktf's own default is an absolute path of the machine that synthesizes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.cloud.config import CloudConfig
from floe_infra.fields import AwsRegion, BucketName, GoogleKmsKey, GoogleRegion, KmsKeyArn, Matches
from floe_infra.model import ANYWHERE, Kind, load

NONCURRENT_DAYS = 365
"""For which an overwritten state can be restored."""


class StateKind(Kind):
    """What every backend has."""

    construct: ClassVar[str | None] = None  # here too, for mypy looks no further than to the next class
    bucket_stack: ClassVar[str | None] = None
    """The stack that makes the bucket, as `module:Class`; None where there is none to make."""

    @classmethod
    def load_bucket_stack(cls) -> Any:
        """The stack that makes the bucket."""
        return load(cls.bucket_stack)

    def emulated(self, cloud: CloudConfig) -> dict[str, Any]:  # noqa: ARG002
        """What the backend must be told besides, where the cloud is an emulator."""
        return {}


class LocalState(StateKind):
    """A file on this machine: for one person, for trying things out."""

    kind: Literal["local"] = "local"
    """Files on this machine."""
    path: Annotated[
        str,
        Matches(
            r"(?!/)(?!(.*/)?\.\.(/|$))[A-Za-z0-9._/-]+",
            "a relative path without `..`",
            "it is taken from the folder that holds the output folder (`cdktf.out`), so that it survives the latter",
        ),
    ] = "terraform-state"
    """Folder of the state files, one file a stack, relative to the folder that holds `cdktf.out`."""

    construct: ClassVar = "floe_infra.state.backend:local_backend"
    clouds: ClassVar = ANYWHERE


class S3State(StateKind):
    """A versioned S3 bucket with Terraform's native lock file. `floe-infra bootstrap-state` makes the bucket."""

    kind: Literal["s3"] = "s3"
    """An S3 bucket."""
    bucket: BucketName
    """The bucket's name."""
    region: AwsRegion | None = None
    """The bucket's region; the platform's when left out."""
    key_prefix: Annotated[
        str, Matches(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*", "an S3 key without edge slashes")
    ] = "floe-infra"
    """Before `/<stack>.tfstate` in every state's key."""
    kms_key_arn: KmsKeyArn | None = None
    """Encrypts the state; the bucket's default key when left out."""

    construct: ClassVar = "floe_infra.state.backend:s3_backend"
    bucket_stack: ClassVar = "floe_infra.state.bucket:StateBucketStack"
    clouds: ClassVar = frozenset({"aws"})

    def emulated(self, cloud: CloudConfig) -> dict[str, Any]:
        """What the backend must be told besides, where the cloud is an emulator."""
        if not cloud.endpoint:
            return {}
        return {
            "endpoints": {"s3": cloud.endpoint},
            "use_path_style": True,
            "skip_credentials_validation": True,
            "skip_requesting_account_id": True,
        }


class GcsState(StateKind):
    """A versioned bucket in Google Cloud Storage, which locks by itself. `floe-infra bootstrap-state` makes it."""

    kind: Literal["gcs"] = "gcs"
    """A Google Cloud Storage bucket."""
    bucket: BucketName
    """The bucket's name."""
    region: GoogleRegion | None = None
    """The bucket's region; the platform's when left out."""
    key_prefix: Annotated[
        str, Matches(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*", "an object's name without edge slashes")
    ] = "floe-infra"
    """Before `/<stack>/default.tfstate` in every state's name."""
    kms_key_name: GoogleKmsKey | None = None
    """Encrypts the state; the bucket's default key when left out."""

    construct: ClassVar = "floe_infra.state.backend:gcs_backend"
    bucket_stack: ClassVar = "floe_infra.state.gcs_bucket:GcsStateBucketStack"
    clouds: ClassVar = frozenset({"gcp"})


StateConfig = Annotated[LocalState | S3State | GcsState, Field(discriminator="kind")]
