"""`floe-infra handoff`"""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from floe_infra.cli.options import CONFIG_FILE, OUT, AsJson, ConfigFile
from floe_infra.cli.output import Progress, errors, print_json, refuse, results
from floe_infra.config import PlatformConfig, load
from floe_infra.refs import HANDOFF
from floe_infra.runtime.terraform import Terraform
from floe_infra.synthesis import synthesize

_DIRECTORY = Path("handoff")
_MARK = "NEXT_STEPS.md"
"""Is in every directory that this command wrote."""
_LIST = ".floe-infra-files"
"""Names what this command wrote there, so that it can tell what is its own and no longer handed over."""


def handoff(
    config_file: ConfigFile = CONFIG_FILE,
    directory: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the files go.")] = _DIRECTORY,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the Terraform files are.")] = OUT,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 unless the files are up to date.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write what floe-runtime takes: platform.yaml, Helm values, clients' files."""
    config = load(config_file)
    target = directory.resolve()
    _see_that_it_is_ours(target)
    files = deployed_files(config, out)
    if check:
        drift = dict(differences(target, files))
        _report(drift, as_json=as_json)
        if drift:
            raise typer.Exit(1)
        return
    removed = write(target, files)
    if as_json:
        print_json([str(directory / name) for name in sorted(files)])
        return
    for name in sorted(files):
        results.print(str(directory / name), markup=False)
    for name in removed:
        errors.print(f"{directory / name} is no longer handed over: removed", style="yellow", markup=False)


def deployed_files(
    config: PlatformConfig, out: Path, *, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What the last of the platform's stacks has computed, as it was deployed."""
    stack = synthesize(config, out)[-1]
    with Progress() as progress:
        terraform = Terraform(stack.directory, environment=environment, on_event=progress)
        terraform.init()
        files: dict[str, str] | None = terraform.output().get(HANDOFF)
    if files is None:
        raise refuse(f"{stack.name} is not deployed, or by an older floe-infra; deploy it first")
    return files


def write(target: Path, files: Mapping[str, str]) -> list[str]:
    """Put these files into the directory, all of them or none; returns the names of those that went, since they are no
    longer handed over. What else is there stays."""
    stale = _no_longer_handed_over(target, files)
    _make(target.parent)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        draft.chmod(0o755)
        if target.exists():
            shutil.copytree(target, draft, dirs_exist_ok=True, symlinks=True)
        for name in stale:
            _remove(draft, name)
        for name, text in {**files, _LIST: "".join(f"{name}\n" for name in sorted(files))}.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_text(text, encoding="utf-8", newline="\n")
        _replace(target, draft)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return stale


def differences(target: Path, files: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The files on disk that are not as deployed, with the lines to change. A file of one's own is none."""
    wanted = {**files, **dict.fromkeys(_no_longer_handed_over(target, files), "")}
    for name, text in sorted(wanted.items()):
        path = target / name
        there = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        if there != text:
            lines = difflib.unified_diff(
                there.splitlines(), text.splitlines(), f"{path}", f"{name} as deployed", lineterm="", n=1
            )
            yield name, list(lines)


def _no_longer_handed_over(target: Path, files: Mapping[str, str]) -> list[str]:
    """What this command once wrote and nobody has taken away, such as values for another environment."""
    listed = target / _LIST
    names = listed.read_text(encoding="utf-8", errors="replace").splitlines() if listed.is_file() else []
    return [name for name in names if name not in files and _is_below(target / name, target)]


def _is_below(path: Path, directory: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(directory.resolve())


def _remove(directory: Path, name: str) -> None:
    """With the folders that held nothing else."""
    path = directory / name
    path.unlink()
    for folder in path.relative_to(directory).parents[:-1]:
        if any((directory / folder).iterdir()):
            return
        (directory / folder).rmdir()


def _report(drift: Mapping[str, list[str]], *, as_json: bool) -> None:
    if as_json:
        print_json({"up_to_date": not drift, "differences": drift})
        return
    for lines in drift.values():
        for line in lines:
            results.print(line, style=_style(line), markup=False)
    if drift:
        errors.print(f"{len(drift)} files are not as deployed: {', '.join(drift)}", style="red", markup=False)
    else:
        results.print("up to date", style="green")


def _style(line: str) -> str | None:
    return {"+": "green", "-": "red"}.get(line[:1])


def _see_that_it_is_ours(target: Path) -> None:
    """No directory of another purpose is filled with files."""
    for parent in (target, *target.parents):
        if parent.exists() and not parent.is_dir():
            raise refuse(f"{parent} is not a directory; name another one with -o")
    if target.is_dir() and any(target.iterdir()) and not (target / _MARK).is_file():
        raise refuse(f"{target} holds something else; name another directory with -o")


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refuse(f"{directory} cannot be made: {error.strerror}") from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise refuse(f"{directory} cannot be written to")


def _replace(target: Path, draft: Path) -> None:
    """A directory that is not empty cannot be renamed over: it steps aside first, and comes back if that fails."""
    if not target.exists():
        draft.rename(target)
        return
    aside = draft.with_name(f"{draft.name}.old")
    target.rename(aside)
    try:
        draft.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside)
