"""`floe-infra migrate`"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from floe_infra.cli.options import CONFIG_FILE, AsJson, ConfigFile, Yes
from floe_infra.cli.output import confirm, errors, print_json, refuse, results
from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.config.problems import ConfigError
from floe_infra.migration.by_hand import ByHand, by_hand
from floe_infra.migration.phases import Phase, Way, way
from floe_infra.migration.proof import LEAVING, Difference, Synthesized, differences, losses
from floe_infra.runtime import fast_import

_SIGNS = {"add": "+", "change": "~", "remove": "-"}
_STYLES = {"add": "green", "change": "yellow", "remove": "red"}
_TITLES = {
    "exchange": "exchange the engine",
    "add": "add the new server",
    "switch": "switch to the new server",
    "remove": "remove the old server",
}
_FIRST = {
    "switch": "Has the phase before been deployed, and has the job that moves the data succeeded?",
    "remove": "Has the phase before been deployed, and does everything run with the new server?",
}
"""What must have happened before a phase, and no file shows."""


@dataclass(frozen=True)
class _Step:
    """A phase, and what it comes to."""

    phase: Phase
    changes: list[Difference]
    todo: list[ByHand]


def migrate(
    to: Annotated[
        str, typer.Option("--to", metavar="KIND", help="What the platform shall have: an engine, a database.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A key of the new section; repeat it at will."),
    ] = None,
    config_file: ConfigFile = CONFIG_FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show everything, write nothing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Change the configuration file towards another engine or database, a phase at a time, and say what to do then."""
    Document.read(config_file)  # says what is wrong with a file that is none
    content = config_file.read_bytes()
    mark, text = _decoded(content)
    try:
        route = way(text, str(config_file), to, dict(_settings(settings or [])))
    except ConfigError:
        # What is wrong may be in the file as it would be, which nobody can look at.
        errors.print(f"{config_file}: unchanged", style="dim", markup=False)
        raise
    if not route.phases:
        _say_nothing_is_left(route, as_json=as_json)
        return
    steps = _prove(text, route, config_file)
    if as_json:
        print_json(_as_data(route, steps, written=not dry_run))
    else:
        _show(route, steps)
    if dry_run:
        errors.print(f"{config_file}: unchanged", style="dim", markup=False)
        return
    step = steps[0].phase.step
    if question := _FIRST.get(step):
        confirm(question, yes=yes)
    _write(config_file, content, mark + steps[0].phase.text.encode())
    errors.print(f"{config_file}: phase {steps[0].phase.number} of {route.count} is written", markup=False)


def _decoded(content: bytes) -> tuple[bytes, str]:
    mark = b"\xef\xbb\xbf"
    return (mark, content[3:].decode()) if content.startswith(mark) else (b"", content.decode())


def _settings(given: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Values are YAML, as in the file."""
    for each in given:
        key, equals, value = each.partition("=")
        if not key or not equals:
            raise refuse(f"--set {each}: write --set KEY=VALUE")
        try:
            yield key, YAML(typ="safe", pure=True).load(value)
        except YAMLError:
            raise refuse(f"--set {each}: the value is not YAML; put it in quotes") from None


def _prove(text: str, route: Way, file: Path) -> list[_Step]:
    """Synthesize every file on the way, and compare each with the one before it."""
    fast_import.enable()
    errors.print("synthesizing every phase", style="dim", markup=False)
    steps = []
    with tempfile.TemporaryDirectory(prefix="floe-infra-") as folder:
        before = Synthesized(validate(Document(text, str(file))), Path(folder) / "now")
        for phase in route.phases:
            after = Synthesized(phase.config, Path(folder) / phase.step)
            lost = losses(before, after, leaving={LEAVING} if phase.step == "remove" else ())
            if lost:
                for each in lost:
                    errors.print(each, style="red", markup=False)
                raise refuse(
                    f"it cannot be shown that all data is kept and every table stays where it is ({phase.step}). "
                    f"{file} is unchanged"
                )
            steps.append(
                _Step(phase, differences(before, after), by_hand(phase.step, route.target, before, after, file))
            )
            before = after
    return steps


def _show(route: Way, steps: Sequence[_Step]) -> None:
    results.print(f"{route.section}: from {route.source} to {route.target}", style="bold", markup=False)
    if route.count == 1:
        results.print(
            "One phase: an engine holds no tables, so the new one comes, and the old one goes, in the same deployment.",
            markup=False,
        )
    for index, step in enumerate(steps):
        phase = step.phase
        title = f"Phase {phase.number} of {route.count}: {_TITLES[phase.step]}"
        results.print(f"\n{title}, {_count(step.changes)}", style="bold", markup=False)
        _show_changes([each for each in step.changes if index == 0 or each.resource.holds_data])
        if index == 0:
            _show_todo(step.todo)
    results.print(
        "\nShown from the synthesized stacks of every phase: each bucket, catalog, key and database stays as it is"
        + (", but for the old server in the end" if route.section == "database" else "")
        + "; every table stays where it is.",
        style="green",
        markup=False,
    )


def _count(changes: Sequence[Difference]) -> str:
    count = Counter(each.action for each in changes)
    return f"{count['add']} to add, {count['change']} to change, {count['remove']} to remove"


def _show_changes(changes: Sequence[Difference]) -> None:
    for each in changes:
        resource = each.resource
        remark = f", {remark}" if (remark := _remark(each)) else ""
        line = f"{_SIGNS[each.action]} {resource.stack}/{resource.path} ({resource.type}){remark}"
        results.print(line, style=_STYLES[each.action], markup=False)


def _remark(change: Difference) -> str:
    resource = change.resource
    if not resource.holds_data:
        return ""
    if change.action == "remove" and resource.disks:
        return "holds data; its disk stays" if resource.keeps_disks else "HOLDS DATA, which goes with it"
    return "holds data"


def _show_todo(todo: Sequence[ByHand]) -> None:
    results.print("\nBy hand, once the file is written:", markup=False)
    for number, each in enumerate(todo, start=1):
        results.print(f"{number}. {each.text}", markup=False)
        for command in each.commands:
            results.print(f"     {command}", style="cyan", markup=False)


def _as_data(route: Way, steps: Sequence[_Step], *, written: bool) -> dict[str, Any]:
    return {
        "section": route.section,
        "from": route.source,
        "to": route.target,
        "phases": route.count,
        "written": steps[0].phase.number if written else None,
        "left": [
            {
                "phase": step.phase.number,
                "step": step.phase.step,
                "file": step.phase.text,
                "changes": [
                    {
                        "action": each.action,
                        "stack": each.resource.stack,
                        "address": each.resource.address,
                        "construct": each.resource.path,
                        "holds_data": each.resource.holds_data,
                    }
                    for each in step.changes
                ],
                "by_hand": [{"text": each.text, "commands": list(each.commands)} for each in step.todo],
            }
            for step in steps
        ],
    }


def _say_nothing_is_left(route: Way, *, as_json: bool) -> None:
    if as_json:
        print_json({"section": route.section, "to": route.target, "phases": route.count, "written": None, "left": []})
        return
    results.print(f"{route.section} is {route.target} already: nothing is left to do", markup=False)


def _write(file: Path, before: bytes, after: bytes) -> None:
    """All of it or nothing, in the place of the file itself, if `file` is a link."""
    target = file.resolve()
    if target.read_bytes() != before:
        raise refuse(f"{file} has changed meanwhile; repeat")
    number, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as out:
            out.write(after)
        draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
