"""`floe-infra check`"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from floe_infra.checks import CHECKS
from floe_infra.cli.handoff import deployed_files
from floe_infra.cli.options import CONFIG_FILE, OUT, AsJson, ConfigFile
from floe_infra.cli.output import errors, print_json, refuse, results
from floe_infra.config import load

if TYPE_CHECKING:
    from floe_infra.checks.program.run import Check, Result

_STYLES = {"passed": None, "failed": "red", "skipped": "dim"}
_IN_CLUSTER = "floe-infra check --in-cluster | kubectl apply -f -"


def check(
    config_file: ConfigFile = CONFIG_FILE,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the Terraform files are.")] = OUT,
    in_cluster: Annotated[
        bool, typer.Option("--in-cluster", help="Print the Kubernetes objects that do the same in the cluster.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="SECTION", help="Only this section: storage, catalog, database, …")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, max=600, help="Seconds for each check.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Ask everything that is deployed whether it works, with real requests."""
    from floe_infra.checks.program.run import read, succeeded

    files = deployed_files(load(config_file), out)
    if CHECKS not in files:
        raise refuse("the platform was deployed by an older floe-infra; deploy it again")
    checks = read(files[CHECKS])
    _see_that_there_are(checks, only or [])
    if in_cluster:
        _print_job(files[CHECKS], checks, timeout=timeout, only=only or [], as_json=as_json)
    elif not succeeded(_run(checks, os.environ, timeout=timeout, only=only or [], as_json=as_json)):
        raise typer.Exit(1)


def _see_that_there_are(checks: Sequence[Check], only: Sequence[str]) -> None:
    from floe_infra.checks.program.run import sections

    known = sections(checks)
    if not known:
        raise refuse("the platform has nothing that could be asked")
    if unknown := [section for section in only if section not in known]:
        raise refuse(f"there is no section {', '.join(unknown)} to check; there are {', '.join(known)}")


def _run(
    checks: Sequence[Check], environment: Mapping[str, str], *, timeout: float, only: Sequence[str], as_json: bool
) -> list[Result]:
    from floe_infra.checks.program.run import run

    found = []
    for result in run(checks, environment, timeout=timeout, only=only):
        found.append(result)
        if not as_json:
            results.print(result.line, style=_STYLES[result.state], markup=False)
    if as_json:
        print_json([dataclasses.asdict(result) for result in found])
    if any(result.state == "skipped" for result in found):
        errors.print(f"What only pods reach, pods check: {_IN_CLUSTER}", style="dim", markup=False)
    return found


def _print_job(document: str, checks: Sequence[Check], *, timeout: float, only: Sequence[str], as_json: bool) -> None:
    from floe_infra.checks.job import NAME, manifests
    from floe_infra.handoff.document import to_yaml

    place: dict[str, Any] | None = json.loads(document)["job"]
    if place is None:
        raise refuse("nothing of the platform's runtime is in a cluster; leave out --in-cluster")
    options = ["--timeout", f"{timeout:g}", *(["--json"] if as_json else [])]
    id = secrets.token_hex(3)
    arguments = [*options, *(word for section in only for word in ("--only", section))]
    made = manifests(place, document, checks, id=id, arguments=arguments, timeout=timeout)
    job = f"kubectl -n {place['namespace']}"
    after = [
        f"The result: {job} logs -f --pod-running-timeout=5m job/{NAME}-{id}",
        f"Whether all is well, for scripts: {job} get job {NAME}-{id} -o jsonpath='{{.status.succeeded}}' says 1.",
        f"Away with it: {job} delete job/{NAME}-{id} configmap/{NAME}",
    ]
    print("---\n".join(to_yaml(each, *after) if each is made[0] else to_yaml(each) for each in made), end="")
    for line in after:
        errors.print(line, markup=False)
