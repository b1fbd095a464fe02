"""What the commands show: progress and tables for people on standard error, results on standard output."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from floe_infra.runtime.events import Diagnostic, Event
from floe_infra.runtime.plan import Change, PlanSummary
from floe_infra.runtime.terraform import TerraformError

results = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False, width=None if sys.stderr.isatty() else 160)

TWO_KEYS = (
    "Buckets, keys, databases and catalogs are kept unless two keys are turned: `environment` is local or dev, and the "
    "file says `allow_data_loss: true`. Then deploy once, which lifts the protection, and repeat."
)

_SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": "·"}
_STYLES = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "forget": "dim"}


def print_json(value: Any) -> None:
    """A result for scripts."""
    print(json.dumps(value, indent=2, sort_keys=True))


def refuse(reason: str) -> typer.Exit:
    """Say why a command does nothing; exit code 2."""
    errors.print(f"Refused: {reason}", style="red", markup=False)
    return typer.Exit(2)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before changing anything. Without a terminal to ask at, `--yes` is needed."""
    if yes:
        return
    if not (errors.is_terminal and typer.get_text_stream("stdin").isatty()):
        raise refuse("there is no terminal to ask for consent; say --yes")
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


def explain(error: TerraformError) -> None:
    """Terraform's own words, with the construct behind each address."""
    errors.print(f"terraform {error.command} failed", style="bold red", markup=False)
    for diagnostic in error.diagnostics:
        errors.print(_diagnostic(diagnostic))
    if error.protected:
        errors.print(TWO_KEYS, markup=False)


def _diagnostic(diagnostic: Diagnostic) -> Text:
    text = Text(f"{diagnostic.severity}: {diagnostic.summary}", "red" if diagnostic.severity == "error" else "yellow")
    if diagnostic.address:
        text.append(f"\n  {diagnostic.construct or ''} ({diagnostic.address})", "bold")
    if diagnostic.detail:
        text.append("\n  " + diagnostic.detail.replace("\n", "\n  "), "default")
    return text


def show_plan(stack: str, summary: PlanSummary) -> None:
    """The changes of a plan as a table; what holds data is marked."""
    if summary.empty:
        errors.print(f"{stack}: no changes", style="green", markup=False)
        return
    table = Table(title=stack, title_justify="left", box=None, pad_edge=False, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    for change in summary.of("create", "update", "replace", "delete", "forget"):
        table.add_row(
            _SIGNS[change.action],
            (change.construct or change.address).partition(f"{stack}/")[2] or change.address,
            change.type,
            _remark(change),
            style=_STYLES[change.action],
        )
    errors.print(table)
    errors.print(
        f"{len(summary.adds)} to add, {len(summary.updates)} to change, {len(summary.replacements)} to replace, "
        f"{len(summary.destroys)} to destroy",
        markup=False,
    )


def _remark(change: Change) -> str:
    remarks = ["LOSES DATA" if change.loses_data else "holds data" if change.stateful else ""]
    if change.replaced_by:
        remarks.append(f"because of {', '.join(change.replaced_by)}")
    return ", ".join(filter(None, remarks))


def plan_as_data(stack: str, summary: PlanSummary) -> dict[str, Any]:
    """A plan for scripts."""
    return {
        "stack": stack,
        "empty": summary.empty,
        "changes": [
            {
                "action": change.action,
                "address": change.address,
                "construct": change.construct,
                "type": change.type,
                "stateful": change.stateful,
                "loses_data": change.loses_data,
            }
            for change in summary.changes
            if change.action != "no-op"
        ],
    }


class Progress:
    """A line for each resource that is done, and below them what is under way with its seconds."""

    def __init__(self) -> None:
        self._running: dict[str, float] = {}
        self._live = Live(console=errors, transient=True, auto_refresh=False)

    def __enter__(self) -> Progress:
        if errors.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of one of Terraform's events."""
        name = event.construct or event.address or ""
        if event.kind in ("apply_start", "apply_progress"):
            self._running[name] = event.elapsed or 0
        elif event.kind in ("apply_complete", "apply_errored"):
            self._running.pop(name, None)
            done = event.kind == "apply_complete"
            sign = _SIGNS.get(event.action or "", " ") if done else "✗"
            errors.print(Text(f"{sign} {name} ({event.elapsed or 0:.0f} s)", "default" if done else "red"))
        elif event.diagnostic and event.diagnostic.severity == "warning":
            errors.print(_diagnostic(event.diagnostic))
        if errors.is_terminal:
            lines = [f"  {name} … {seconds:.0f} s" for name, seconds in sorted(self._running.items())]
            self._live.update(Text("\n".join(lines), "dim"), refresh=True)
