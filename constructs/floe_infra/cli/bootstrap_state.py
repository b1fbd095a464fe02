"""`floe-infra bootstrap-state`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from floe_infra.cli.options import CONFIG_FILE, OUT, ConfigFile, Out, Yes
from floe_infra.cli.output import TWO_KEYS, Progress, confirm, errors, refuse, show_plan
from floe_infra.cli.stacks import planned
from floe_infra.config import PlatformConfig, load
from floe_infra.runtime.terraform import Terraform, TerraformError
from floe_infra.state import GcsState, LocalState, S3State
from floe_infra.synthesis import SynthesizedStack, synthesize_app

if TYPE_CHECKING:
    from cdktf import App

BucketState = S3State | GcsState
_BEGINNINGS = LocalState(path="bootstrap-state")
_NO_BUCKET = ("does not exist", "NoSuchBucket", "bucket doesn't exist")
"""What S3's and Cloud Storage's backends say of a bucket that is not there."""


def bootstrap_state(config_file: ConfigFile = CONFIG_FILE, out: Out = OUT, yes: Yes = False) -> None:
    """Make the bucket that `state` names. Its own state moves into it. May be interrupted, and repeated."""
    config = load(config_file)
    if not isinstance(config.state, BucketState):
        raise refuse(f"`state` is {config.state.kind!r}, which needs no bucket")
    if _unfinished(config, out).exists() or not _in_bucket(config, config.state, out):
        _apply(_stack(config, config.state, out, state=_BEGINNINGS), config, yes=yes)
        _move_into_bucket(config, config.state, out)
        return
    _apply(_stack(config, config.state, out, state=config.state), config, yes=yes)


def _stack(
    config: PlatformConfig, bucket: BucketState, out: Path, *, state: LocalState | BucketState
) -> SynthesizedStack:
    def build(app: App) -> None:
        bucket.load_bucket_stack()(app, config.model_copy(update={"state": state}), bucket)

    [stack] = synthesize_app(build, out / "bootstrap")
    return stack


def _unfinished(config: PlatformConfig, out: Path) -> Path:
    """The state of a first run, until it has been moved."""
    return out / _BEGINNINGS.path / f"{config.name}-{config.environment}-state.tfstate"


def _in_bucket(config: PlatformConfig, bucket: BucketState, out: Path) -> bool:
    """Whether the bucket is there. Terraform itself is asked, with the credentials that it will use."""
    terraform = Terraform(_stack(config, bucket, out, state=bucket).directory)
    try:
        terraform.init(reconfigure=True)
    except TerraformError as error:
        said = " ".join(f"{each.summary} {each.detail}" for each in error.errors)
        if any(words in said for words in _NO_BUCKET):
            return False
        raise
    return True


def _apply(stack: SynthesizedStack, config: PlatformConfig, *, yes: bool) -> None:
    Terraform(stack.directory).init(reconfigure=True)
    with planned(stack) as step:
        show_plan(stack.name, step.summary)
        if step.summary.losses and config.keeps_data:
            raise refuse(f"this would destroy or replace the state bucket. {TWO_KEYS}")
        if not step.summary.empty:
            confirm(f"Change {stack.name}?", yes=yes)
            step.terraform.apply(step.file)


def _move_into_bucket(config: PlatformConfig, bucket: BucketState, out: Path) -> None:
    stack = _stack(config, bucket, out, state=bucket)
    with Progress() as progress:
        Terraform(stack.directory, on_event=progress).init(migrate=True)
    _unfinished(config, out).unlink(missing_ok=True)
    errors.print(f"{stack.name}: its state is in the bucket now", style="green", markup=False)
