"""`floe-infra synth`"""

from __future__ import annotations

from typing import Annotated

import typer

from floe_infra.cli.options import CONFIG_FILE, OUT, AsJson, ConfigFile, Out
from floe_infra.cli.output import print_json, results
from floe_infra.config import load
from floe_infra.synthesis import synthesize


def synth(
    config_file: ConfigFile = CONFIG_FILE,
    out: Out = OUT,
    hcl: Annotated[bool, typer.Option("--hcl", help="Write HCL instead of JSON.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the platform's Terraform files."""
    stacks = synthesize(load(config_file), out, hcl=hcl)
    if as_json:
        print_json([{"stack": stack.name, "file": str(stack.file)} for stack in stacks])
        return
    for stack in stacks:
        results.print(f"{stack.name}: {stack.file}", markup=False)
