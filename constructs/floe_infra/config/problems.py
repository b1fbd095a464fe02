"""Errors that speak to a person: where, what value, what is allowed, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from floe_infra.fields import shown

KeyPath = tuple[str | int, ...]
"""A key path: `("network", "subnets", "private", 0)`."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a configuration file. `line` and `column` count from 1; 0 means there is no place."""

    file: str
    line: int
    column: int
    key: str
    """The path of the key, dotted; empty for the file as a whole."""
    message: str
    allowed: str = ""
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        head = f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"
        notes = [f"  {label}: {text}" for label, text in (("allowed", self.allowed), ("fix", self.fix)) if text]
        return "\n".join([head, *notes])


class ConfigError(Exception):
    """A configuration that cannot be used. Carries every problem found, each once, in the files' order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(dict.fromkeys(problems), key=lambda each: (each.file, each.line, each.column, each.key))
        )
        super().__init__("\n".join(map(str, self.problems)))


def dotted(path: Sequence[str | int]) -> str:
    """`("a", 0, "b.c")` as `a[0]."b.c"`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if re.fullmatch(r"[\w-]+", step) else shown(step))
    return text
