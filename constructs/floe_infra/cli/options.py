"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="FLOE_INFRA_CONFIG", metavar="FILE", help="The platform's configuration."),
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the Terraform files go.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing anything.")]

CONFIG_FILE = Path("floe-infra.yaml")
OUT = Path("cdktf.out")
Stacks = Annotated[
    list[str] | None,
    typer.Argument(metavar="[STACK]...", help="Only these, by name or its last word: foundation, services."),
]
