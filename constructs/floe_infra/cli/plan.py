"""`floe-infra plan`"""

from __future__ import annotations

from typing import Annotated

import typer

from floe_infra.cli.options import CONFIG_FILE, OUT, AsJson, ConfigFile, Out, Stacks
from floe_infra.cli.output import TWO_KEYS, errors, plan_as_data, print_json, show_plan
from floe_infra.cli.stacks import choose, planned
from floe_infra.config import load
from floe_infra.runtime.terraform import TerraformError
from floe_infra.synthesis import synthesize


def plan(
    stacks: Stacks = None,
    config_file: ConfigFile = CONFIG_FILE,
    out: Out = OUT,
    as_json: AsJson = False,
    destroying: Annotated[bool, typer.Option("--destroy", help="Plan to take everything down.")] = False,
) -> None:
    """Show what deploy would add, change and replace, and what of that holds data."""
    config = load(config_file)
    answer, refused = [], False
    for stack in choose(synthesize(config, out), stacks):
        try:
            with planned(stack, destroy=destroying) as step:
                show_plan(stack.name, step.summary)
                answer.append(plan_as_data(stack.name, step.summary))
                refused |= step.error is not None or (config.keeps_data and bool(step.summary.losses))
        except TerraformError as error:
            if not error.other_stack_missing:
                raise
            errors.print(f"{stack.name}: can be planned once what it depends on is deployed", markup=False)
    if as_json:
        print_json(answer)
    if refused:
        errors.print(f"Deploy would refuse this. {TWO_KEYS}", style="red", markup=False)
        raise typer.Exit(1)
