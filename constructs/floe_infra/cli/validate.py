"""`floe-infra validate`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from floe_infra.cli.options import CONFIG_FILE, AsJson, ConfigFile
from floe_infra.cli.output import print_json, results
from floe_infra.cli.secrets import in_files
from floe_infra.config import ConfigError, PlatformConfig, load

_FACTS = 4
"""Of each section, in the summary; models begin with what matters most."""


def validate(
    config_file: ConfigFile = CONFIG_FILE,
    as_json: AsJson = False,
    effective: Annotated[bool, typer.Option("--effective", help="Print the whole file, with all defaults.")] = False,
) -> None:
    """Check a configuration file, and say everything that is wrong with it."""
    try:
        config = load(config_file)
        if operator := in_files(config):
            operator.settle()
    except ConfigError as error:
        if not as_json:
            raise
        print_json({"valid": False, "problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(2) from None
    if as_json:
        warnings = [{"key": section, "message": text} for section, text in config.warnings.items()]
        whole = config.model_dump(mode="json")
        print_json({"valid": True, "problems": [], "warnings": warnings, "effective": whole})
    elif effective:
        _print_yaml(config.model_dump(mode="json"), results.file)
    else:
        _summarize(config_file, config)


def _print_yaml(data: Any, file: Any) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.dump(data, file)


def _summarize(file: Path, config: PlatformConfig) -> None:
    results.print(f"{file}: valid", style="green", markup=False)
    cloud = config.cloud
    results.print(f"  {config.name}-{config.environment} on {cloud.provider}, {cloud.place}", markup=False)
    if not config.keeps_data:
        results.print("  allow_data_loss: everything may be removed with what it holds", style="yellow", markup=False)
    for section, chosen in config:
        if hasattr(chosen, "kind"):
            results.print(f"  {section:<9} {chosen.kind:<16} {_facts(chosen)}".rstrip(), markup=False)
        if section in config.warnings:
            results.print(f"    {config.warnings[section]}", style="yellow", markup=False)


def _facts(section: Any) -> str:
    facts = ((key, _fact(value)) for key, value in section if key != "kind" and value)
    return "; ".join([f"{key} {fact}" for key, fact in facts if fact][:_FACTS])


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "on"
    if isinstance(value, BaseModel):
        return " ".join(_fact(given) for _, given in value if given)
    return ", ".join(map(str, value)) if isinstance(value, (list, Mapping)) else str(value)
