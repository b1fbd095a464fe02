"""Modules that are imported when something of theirs is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@contextmanager
def imported_later(*names: str) -> Iterator[None]:
    """In here `import name` waits until something is asked of the module. Everywhere else it does not."""
    placeholders = [_Placeholder(name) for name in names if name not in sys.modules]
    sys.modules.update({placeholder.__name__: placeholder for placeholder in placeholders})
    try:
        yield
    finally:
        for placeholder in placeholders:
            placeholder.make_way()


class _Placeholder(ModuleType):
    def make_way(self) -> None:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]

    def __getattr__(self, attribute: str) -> Any:
        self.make_way()
        return getattr(import_module(self.__name__), attribute)
