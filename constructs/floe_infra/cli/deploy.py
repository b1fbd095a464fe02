"""`floe-infra deploy`"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from floe_infra.cli.options import CONFIG_FILE, OUT, AsJson, ConfigFile, Out, Stacks, Yes
from floe_infra.cli.output import TWO_KEYS, confirm, print_json, refuse, results, show_plan
from floe_infra.cli.stacks import choose, planned
from floe_infra.config import PlatformConfig, load
from floe_infra.refs import CARRIED, HANDOFF
from floe_infra.synthesis import synthesize

NOT_FOR_PEOPLE = (CARRIED, HANDOFF)
"""Begin the names of outputs that commands read."""


def deploy(
    stacks: Stacks = None,
    config_file: ConfigFile = CONFIG_FILE,
    out: Out = OUT,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Bring the platform up, stack by stack. May be interrupted, and repeated."""
    outputs = deploy_platform(load(config_file), out, yes=yes, stacks=stacks)
    if as_json:
        print_json(outputs)
        return
    for stack, values in outputs.items():
        results.print(stack, style="bold", markup=False)
        for name, value in values.items():
            results.print(f"  {name} = {value}", markup=False)


def deploy_platform(
    config: PlatformConfig,
    out: Path,
    *,
    yes: bool,
    stacks: Collection[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, dict[str, Any]]:
    """Apply the stacks (those named, or all) in the order of their dependencies; returns their outputs by stack."""
    outputs = {}
    for stack in choose(synthesize(config, out), stacks):
        with planned(stack, environment=environment) as step:
            show_plan(stack.name, step.summary)
            losses = ", ".join(change.construct or change.address for change in step.summary.losses)
            if losses and config.keeps_data:
                raise refuse(f"this would destroy or replace {losses}. {TWO_KEYS}")
            if not step.summary.empty:
                confirm(f"Change {stack.name}?", yes=yes)
                step.terraform.apply(step.file)
            outputs[stack.name] = {
                name: value for name, value in step.terraform.output().items() if not name.startswith(NOT_FOR_PEOPLE)
            }
    return outputs
