"""Backends in the stacks."""

from __future__ import annotations

from cdktf import GcsBackend, LocalBackend, S3Backend, TerraformBackend, TerraformStack

from floe_infra.cloud.config import AwsCloud, CloudConfig, GoogleCloud
from floe_infra.state.config import GcsState, LocalState, S3State


def local_backend(stack: TerraformStack, name: str, state: LocalState, cloud: CloudConfig) -> TerraformBackend:  # noqa: ARG001
    """Terraform runs in `<out>/stacks/<stack>`; the state lies three levels up, beside the output folder."""
    return LocalBackend(stack, path=f"../../../{state.path}/{name}.tfstate")


def s3_backend(stack: TerraformStack, name: str, state: S3State, cloud: AwsCloud) -> TerraformBackend:
    """S3 with Terraform's native lock file, which needs no DynamoDB table."""
    backend = S3Backend(
        stack,
        bucket=state.bucket,
        key=f"{state.key_prefix}/{name}.tfstate",
        region=state.region or cloud.region,
        encrypt=True,
        kms_key_id=state.kms_key_arn,
    )
    stack.add_override("terraform.backend.s3.use_lockfile", True)
    for key, value in state.emulated(cloud).items():
        stack.add_override(f"terraform.backend.s3.{key}", value)
    return backend


def gcs_backend(stack: TerraformStack, name: str, state: GcsState, cloud: GoogleCloud) -> TerraformBackend:  # noqa: ARG001
    """Cloud Storage, where the state's object is itself the lock."""
    return GcsBackend(
        stack, bucket=state.bucket, prefix=f"{state.key_prefix}/{name}", kms_encryption_key=state.kms_key_name
    )
