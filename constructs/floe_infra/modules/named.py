"""Numbers that a module calls by a name: what a construct computes step by step, with a local value for each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any

from floe_infra.modules.symbols import Symbols


class Named:
    """An object whose computed numbers are local values. A step that builds on another names that one's.

    Args:
        names: what the local value of a property is called, by its path (`memory.worker.heap_mib`).
        given: makes the values of properties that cannot be computed from what only Terraform knows.
    """

    def __init__(
        self, of: Any, tokens: Symbols, names: Mapping[str, str], path: str = "", **given: Callable[[], Any]
    ) -> None:
        self._of, self._tokens, self._names, self._path, self._given = of, tokens, names, path, given

    def __getattr__(self, name: str) -> Any:
        if name in self._given:
            return self._given[name]()
        found = getattr(type(self._of), name, None)
        value = found.fget(self) if isinstance(found, property) and found.fget else getattr(self._of, name)
        path = f"{self._path}{name}"
        if is_dataclass(value):
            return Named(value, self._tokens, self._names, f"{path}.")
        return self._tokens.called(self._names[path], value) if path in self._names else value
