"""`floe-infra secrets`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from floe_infra.cli.options import CONFIG_FILE, AsJson, ConfigFile
from floe_infra.cli.output import errors, print_json, refuse, results
from floe_infra.config import PlatformConfig, load
from floe_infra.runtime import fast_import
from floe_infra.secrets.in_files.config import InFilesConfig

if TYPE_CHECKING:
    from floe_infra.secrets.in_files.service import SecretsInFiles


def secrets(
    config_file: ConfigFile = CONFIG_FILE,
    as_json: AsJson = False,
    as_script: Annotated[
        bool, typer.Option("--script", help="Print a shell script that makes the encrypted files that are missing.")
    ] = False,
) -> None:
    """Show which values are yours to give: Secrets in files, or what the secret manager has to hold."""
    config = load(config_file)
    operator = in_files(config)
    if operator is None and as_script:
        raise refuse(f"`secrets: {config.secrets.kind}` has no files")
    if operator is None:
        _show_existing(config, as_json=as_json)
    elif as_script:
        from floe_infra.secrets.in_files.script import script, unmade

        typer.echo(script(operator, unmade(operator)), nl=False)
    else:
        _show_files(operator, as_json=as_json)


def in_files(config: PlatformConfig) -> SecretsInFiles | None:
    """The operator, once all services have asked it for Secrets; None where values are in no files."""
    if not isinstance(config.secrets, InFilesConfig) or config.cluster.kind == "none":
        return None
    fast_import.enable()
    from cdktf import App

    from floe_infra.platform import FloePlatform
    from floe_infra.secrets.in_files.service import SecretsInFiles, UnfitFilesError

    try:
        services = FloePlatform(App(), "platform", config).services
    except UnfitFilesError as unfit:
        return unfit.operator
    operator = services.secrets if services else None
    return operator if isinstance(operator, SecretsInFiles) else None


def _show_files(operator: SecretsInFiles, *, as_json: bool) -> None:
    wanted = sorted(operator.wanted, key=lambda each: (each.namespace, each.name))
    fit = {(each.namespace, each.name): operator.folder.find(each) is not None for each in wanted}
    if as_json:
        rows = [
            {
                "namespace": each.namespace,
                "name": each.name,
                "keys": {key: given.name for key, given in each.given.items()},
                "file": str(operator.folder.place(each)),
                "fit": fit[each.namespace, each.name],
            }
            for each in wanted
        ]
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Secret", "keys", "value", "file"):
        table.add_column(name, overflow="fold")
    for each in wanted:
        keys, values = each.given, (given.name for given in each.given.values())
        state = "there" if fit[each.namespace, each.name] else "missing or unfit"
        table.add_row(f"{each.namespace}/{each.name}", "\n".join(keys), "\n".join(values), state)
    results.print(table)
    if not all(fit.values()):
        errors.print("`floe-infra validate` says what is wrong; --script prints what makes the files.", markup=False)


def _show_existing(config: PlatformConfig, *, as_json: bool) -> None:
    found = {
        existing.remote_name: existing.keys for need in config.needs.values() for existing in need.existing.values()
    }
    if as_json:
        print_json([{"name": name, "keys": list(keys)} for name, keys in found.items()])
    elif found:
        for name, keys in found.items():
            results.print(f"{name}: {', '.join(keys)}", markup=False)
    else:
        errors.print(f"None: `secrets: {config.secrets.kind}` has all values made.", markup=False)
