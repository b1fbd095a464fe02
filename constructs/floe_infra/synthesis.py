"""From a configuration to Terraform files on disk, in CDKTF's layout: `OUT/stacks/STACK/cdk.tf.json`."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from floe_infra.hcl import shapes, to_hcl
from floe_infra.runtime import fast_import

if TYPE_CHECKING:
    from cdktf import App, TerraformStack

    from floe_infra.config import PlatformConfig

_FILES = {False: "cdk.tf.json", True: "cdk.tf"}


class OutputError(Exception):
    """The output directory holds something else."""


@dataclass(frozen=True)
class SynthesizedStack:
    """A stack's directory, where Terraform runs."""

    name: str
    directory: Path
    file: Path


def synthesize(config: PlatformConfig, out: Path, *, hcl: bool = False) -> list[SynthesizedStack]:
    """Write the platform's stacks below `out`, in the order in which they are deployed.

    What was there before is replaced only after everything could be synthesized; Terraform's own files (`.terraform`,
    lock files, state) stay. A file of the other format is removed, since Terraform would read both.
    """

    def platform(app: App) -> None:
        from floe_infra.platform import FloePlatform

        FloePlatform(app, "platform", config)

    return synthesize_app(platform, out, hcl=hcl)


def synthesize_app(build: Callable[[App], Any], out: Path, *, hcl: bool = False) -> list[SynthesizedStack]:
    """The same for any constructs that `build` adds to an app."""
    fast_import.enable()
    from cdktf import App, TerraformStack

    _check_ours(out)
    with _beside(out) as draft:
        app = App(outdir=str(draft))
        build(app)
        app.synth()
        manifest = json.loads((draft / "manifest.json").read_text(encoding="utf-8"))
        if hcl:
            stacks = [node for node in app.node.find_all() if isinstance(node, TerraformStack)]
            _turn_into_hcl(draft, manifest, stacks)
        _move(draft, out, manifest, hcl=hcl)
    return [_stack(out, name, hcl=hcl) for name in _in_order(manifest)]


def _check_ours(out: Path) -> None:
    """Web projects have a `manifest.json` too. Another platform's stacks may stay: each has a directory of its own."""
    try:
        ours = "stacks" in json.loads((out / "manifest.json").read_bytes())
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise OutputError(f"{out} is not a directory") from None
    except (ValueError, TypeError):
        ours = False
    if not ours:
        raise OutputError(f"{out / 'manifest.json'} is not CDKTF's; name another directory with -o")


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A directory on the same file system, so that files can be renamed into place.

    Absolute: Node, which writes into it, may have been started in another directory.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent.absolute()))
    try:
        yield draft
    finally:
        shutil.rmtree(draft)


def _turn_into_hcl(draft: Path, manifest: dict[str, Any], stacks: list[TerraformStack]) -> None:
    for stack in stacks:
        entry = manifest["stacks"][stack.node.id]
        json_file = draft / entry["synthesizedStackPath"]
        hcl = to_hcl(json.loads(json_file.read_bytes()), shapes(stack))
        json_file.with_name(_FILES[True]).write_text(hcl, encoding="utf-8")
        json_file.unlink()
        entry["synthesizedStackPath"] = entry["synthesizedStackPath"].removesuffix(".json")
    (draft / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def _move(draft: Path, out: Path, manifest: dict[str, Any], *, hcl: bool) -> None:
    for name in manifest["stacks"]:
        target = out / "stacks" / name
        target.mkdir(parents=True, exist_ok=True)
        for made in (draft / "stacks" / name).iterdir():
            if made.is_dir():  # assets
                shutil.rmtree(target / made.name, ignore_errors=True)
            os.replace(made, target / made.name)
        (target / _FILES[not hcl]).unlink(missing_ok=True)
    os.replace(draft / "manifest.json", out / "manifest.json")


def _in_order(manifest: dict[str, Any]) -> list[str]:
    graph = {name: entry["dependencies"] for name, entry in manifest["stacks"].items()}
    return list(TopologicalSorter(graph).static_order())


def _stack(out: Path, name: str, *, hcl: bool) -> SynthesizedStack:
    directory = out / "stacks" / name
    return SynthesizedStack(name, directory, directory / _FILES[hcl])
