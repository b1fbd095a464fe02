"""Errors that speak to a person: where, what value, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a configuration file. `line` and `column` count from 1; 0 means unknown."""

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
    """A configuration that cannot be used. Carries every problem found, in the file's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column, problem.key)))
        super().__init__("\n".join(map(str, self.problems)))
