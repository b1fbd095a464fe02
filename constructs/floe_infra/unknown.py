"""Decisions on values that perhaps only Terraform knows, such as a variable of a module.

`min`, `max` and `a if b else c` look at a value at once. These ask a value that is not known yet how Terraform says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Unknown:
    """A value that only Terraform knows."""

    def decides(self, yes: Any, no: Any) -> Any:
        """`yes` where it is true, else `no`."""
        raise NotImplementedError

    def among(self, function: str, numbers: Sequence[Any]) -> Any:
        """What Terraform's function of these numbers gives."""
        raise NotImplementedError

    def instead(self, default: Any) -> Any:
        """The value, or the default where it is null."""
        raise NotImplementedError


def either(condition: object, yes: T, no: T) -> T:
    """`yes if condition else no`."""
    return cast(T, condition.decides(yes, no)) if isinstance(condition, Unknown) else yes if condition else no


def otherwise(value: T | None, default: T) -> T:
    """`default if value is None else value`."""
    return cast(T, value.instead(default)) if isinstance(value, Unknown) else default if value is None else value


def least(*numbers: int) -> int:
    """`min(…)`."""
    unknown = next((each for each in numbers if isinstance(each, Unknown)), None)
    return cast(int, unknown.among("min", numbers)) if unknown is not None else min(numbers)


def most(*numbers: int) -> int:
    """`max(…)`."""
    unknown = next((each for each in numbers if isinstance(each, Unknown)), None)
    return cast(int, unknown.among("max", numbers)) if unknown is not None else max(numbers)
