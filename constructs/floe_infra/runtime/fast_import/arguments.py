"""Arguments that are right, seen at a glance.

Generated code has typeguard look at every argument: 19,000 times for the production example, most of them None where
None may be. What is plainly of its type is let through here; typeguard judges, and words, all the rest. In the usual
case it is not even imported.
"""

from __future__ import annotations

import builtins
import collections.abc
import typing
from collections.abc import Callable
from typing import Any

_Test = Callable[[Any], bool]

_PLAIN = (str, int, float, bool, type(None))

_tests: dict[int, tuple[Any, _Test]] = {}
"""By the identity of a type hint, which lives as long as its function: hashing one takes longer than testing a value.
The hint is kept, so that no other one can have its identity."""


def checked_first(check: Callable[[str, Any, Any], Any]) -> Callable[[str, Any, Any], Any]:
    """Generated code's `check_type`, called only with what may be wrong."""

    def check_type(argname: str, value: Any, expected_type: Any) -> Any:
        known = _tests.get(id(expected_type))
        if known is None:
            known = _tests[id(expected_type)] = expected_type, _test(expected_type)
        return None if known[1](value) else check(argname, value, expected_type)

    return check_type


def _test(hint: Any) -> _Test:
    """Says True only if typeguard would accept the value."""
    match typing.get_origin(hint), typing.get_args(hint):
        case typing.Union, hints:
            return _one_of(hints)
        case collections.abc.Sequence, (element,):
            return _list_of(_test(element))
        case ((collections.abc.Mapping | builtins.dict), (key, element)):
            return _dict_of(_test(key), _test(element))
    if hint is Any:
        return lambda _: True
    if _is_class(hint):
        return lambda value: isinstance(value, hint)
    if hasattr(hint, "__jsii_type__"):  # an interface
        return lambda value: hint in getattr(type(value), "__jsii_ifaces__", ())
    return lambda _: False


def _one_of(hints: tuple[Any, ...]) -> _Test:
    classes = tuple(sorted(filter(_is_class, hints), key=lambda hint: hint is not type(None)))
    others = tuple(_test(hint) for hint in hints if not _is_class(hint))

    def test(value: Any) -> bool:
        return isinstance(value, classes) or any(other(value) for other in others)

    return test


def _list_of(element: _Test) -> _Test:
    return lambda value: type(value) in (list, tuple) and all(map(element, value))


def _dict_of(key: _Test, element: _Test) -> _Test:
    return lambda value: type(value) is dict and all(map(key, value)) and all(map(element, value.values()))


def _is_class(hint: Any) -> bool:
    """Whether typeguard asks `isinstance` of it, which it does not of protocols, as which jsii renders interfaces."""
    return hint in _PLAIN or (
        isinstance(hint, type) and hasattr(hint, "__jsii_type__") and not getattr(hint, "_is_protocol", False)
    )
