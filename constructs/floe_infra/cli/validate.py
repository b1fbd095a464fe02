"""`floe-infra validate`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from floe_infra.cli.options import CONFIG_FILE, AsJson, ConfigFile
from floe_infra.cli.output import print_json, results
from floe_infra.config import ConfigError, load


def validate(
    config_file: ConfigFile = CONFIG_FILE,
    as_json: AsJson = False,
    effective: Annotated[bool, typer.Option(help="Print the whole configuration, with all defaults.")] = False,
) -> None:
    """Check a configuration file, and say everything that is wrong with it."""
    try:
        config = load(config_file)
    except ConfigError as error:
        if not as_json:
            raise
        print_json({"valid": False, "problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(2) from None
    if as_json:
        print_json({"valid": True, "problems": [], "effective": config.model_dump(mode="json")})
    elif effective:
        from ruamel.yaml import YAML

        YAML(typ="safe").dump(config.model_dump(mode="json"), results.file)
    else:
        kinds = {section: getattr(config, section).kind for section in ("network", "cluster", "storage")}
        kinds |= {section: getattr(config, section).kind for section in ("database", "catalog", "compute", "state")}
        results.print(f"{config_file}: valid", style="green", markup=False)
        results.print(f"  {config.name}-{config.environment} on {config.cloud.provider} {config.cloud.region}")
        for section, kind in kinds.items():
            results.print(f"  {section:<9} {kind}", markup=False)
