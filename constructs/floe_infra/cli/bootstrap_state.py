"""`floe-infra bootstrap-state`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from floe_infra.cli.options import CONFIG_FILE, OUT, ConfigFile, Out, Yes
from floe_infra.cli.output import TWO_KEYS, Progress, confirm, errors, refuse, show_plan
from floe_infra.cli.stacks import planned
from floe_infra.config import PlatformConfig, load
from floe_infra.runtime.terraform import Terraform, TerraformError
from floe_infra.state import LocalState, S3State
from floe_infra.synthesis import SynthesizedStack, synthesize_app

if TYPE_CHECKING:
    from cdktf import App

_BEGINNINGS = LocalState(path="bootstrap-state")


def bootstrap_state(config_file: ConfigFile = CONFIG_FILE, out: Out = OUT, yes: Yes = False) -> None:
    """Make the bucket that `state` names. Its own state moves into it. May be interrupted, and repeated."""
    config = load(config_file)
    if not isinstance(config.state, S3State):
        raise refuse(f"`state` is {config.state.kind!r}, which needs no bucket")
    if _unfinished(config, out).exists() or not _in_bucket(config, config.state, out):
        _apply(_stack(config, config.state, out, state=_BEGINNINGS), config, yes=yes)
        _move_into_bucket(config, config.state, out)
        return
    _apply(_stack(config, config.state, out, state=config.state), config, yes=yes)


def _stack(config: PlatformConfig, bucket: S3State, out: Path, *, state: LocalState | S3State) -> SynthesizedStack:
    def build(app: App) -> None:
        from floe_infra.state.bucket import StateBucketStack

        StateBucketStack(app, config.model_copy(update={"state": state}), bucket)

    [stack] = synthesize_app(build, out / "bootstrap")
    return stack


def _unfinished(config: PlatformConfig, out: Path) -> Path:
    """The state of a first run, until it has been moved."""
    return out / _BEGINNINGS.path / f"{config.name}-{config.environment}-state.tfstate"


def _in_bucket(config: PlatformConfig, bucket: S3State, out: Path) -> bool:
    """Whether the bucket is there. Terraform itself is asked, with the credentials that it will use."""
    terraform = Terraform(_stack(config, bucket, out, state=bucket).directory)
    try:
        terraform.init(reconfigure=True)
    except TerraformError as error:
        said = " ".join(f"{each.summary} {each.detail}" for each in error.errors)
        if "does not exist" in said or "NoSuchBucket" in said:
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


def _move_into_bucket(config: PlatformConfig, bucket: S3State, out: Path) -> None:
    stack = _stack(config, bucket, out, state=bucket)
    with Progress() as progress:
        Terraform(stack.directory, on_event=progress).init(migrate=True)
    _unfinished(config, out).unlink(missing_ok=True)
    errors.print(f"{stack.name}: its state is in the bucket now", style="green", markup=False)
