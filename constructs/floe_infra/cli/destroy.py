"""`floe-infra destroy`"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from floe_infra.cli.options import CONFIG_FILE, OUT, ConfigFile, Out, Stacks, Yes
from floe_infra.cli.output import TWO_KEYS, confirm, errors, refuse, show_plan
from floe_infra.cli.stacks import choose, holds_nothing, planned
from floe_infra.config import PlatformConfig, load
from floe_infra.synthesis import synthesize


def destroy(stacks: Stacks = None, config_file: ConfigFile = CONFIG_FILE, out: Out = OUT, yes: Yes = False) -> None:
    """Take the platform down, in reverse order. Refused where data is kept."""
    destroy_platform(load(config_file), out, yes=yes, stacks=stacks)


def destroy_platform(
    config: PlatformConfig,
    out: Path,
    *,
    yes: bool,
    stacks: Collection[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Destroy the stacks (those named, or all), those first that nothing depends on; returns the number of resources
    destroyed."""
    count = 0
    if config.keeps_data:
        raise refuse(f"{config.name}-{config.environment} keeps its data. {TWO_KEYS}")
    for stack in reversed(choose(synthesize(config, out), stacks)):
        if holds_nothing(stack, environment=environment):
            errors.print(f"{stack.name}: nothing to destroy", markup=False)
            continue
        with planned(stack, destroy=True, environment=environment) as step:
            show_plan(stack.name, step.summary)
            confirm(f"Destroy {stack.name} and the data it holds?", yes=yes)
            step.terraform.apply(step.file)
            count += len(step.summary.destroys)
    return count
