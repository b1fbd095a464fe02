"""What choices do that have nothing to do with each other: each is looked at alone, and all of it is put together.

Otherwise a construct would be made once for every combination. Where two such choices change the same value, and each
in its own way, generation ends with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from floe_infra.hcl.shape import Shape
from floe_infra.modules.definition import GenerationError
from floe_infra.modules.fold import Spread
from floe_infra.modules.json_text import Json
from floe_infra.modules.lines import as_lines
from floe_infra.modules.merge import Maybe, both, in_order, shapes
from floe_infra.modules.probe import Element

_ABSENT = object()


def combine(base: Sequence[Element], one: Sequence[Element], other: Sequence[Element]) -> list[Element]:
    """`base` with what `one` and `other` make of it."""
    bases, ones, others = ({element.key: element for element in each} for each in (base, one, other))
    return [_element(bases.get(key), ones.get(key), others.get(key)) for key in in_order(list(ones), list(others))]


def _element(base: Element | None, one: Element | None, other: Element | None) -> Element:
    if one is None or other is None:
        found = one or other
        assert found
        return found
    if base is None:
        raise GenerationError(f"{one.key} is made by more than one choice")
    shape: Shape = shapes(one.shape, other.shape)
    return replace(
        one,
        body=_value(base.body, one.body, other.body),
        when=_changed(base.when, one.when, other.when, lambda: both(one.when, other.when)),
        count=_value(base.count, one.count, other.count),
        shape=shape,
        files={**one.files, **other.files},
    )


def _changed(base: Any, one: Any, other: Any, of_both: Callable[[], Any]) -> Any:
    """What has changed, if that is at most one of them."""
    if one == base and type(one) is type(base):
        return other
    return one if other in (base, one) else of_both()


def _value(base: Any, one: Any, other: Any) -> Any:
    return _changed(base, one, other, lambda: _of_both(base, one, other))


def _of_both(base: Any, one: Any, other: Any) -> Any:
    lines = [as_lines(each) for each in (base, one, other)]
    if None not in lines:
        base, one, other = lines
    if isinstance(base, Json) and type(base) is type(one) is type(other):
        return base.of(_value(base.value, one.value, other.value))
    if all(isinstance(each, dict) for each in (base, one, other)):
        found = {
            key: _entry(*(each.get(key, _ABSENT) for each in (base, one, other))) for key in in_order([*one], [*other])
        }
        return {key: each for key, each in found.items() if each is not _ABSENT}
    if all(isinstance(each, list) for each in (base, one, other)):
        return _list(base, one, other)
    raise GenerationError(f"choices depend on each other: {base!r} becomes {one!r} with one and {other!r} with another")


def _entry(base: Any, one: Any, other: Any) -> Any:
    """Of a map, which may be there under a condition."""
    return _changed(base, one, other, lambda: _maybe(base, one, other))


def _maybe(base: Any, one: Any, other: Any) -> Any:
    (when, first), (when_other, second) = (
        (each.when, each.items[0]) if isinstance(each, Maybe) else ("", each) for each in (one, other)
    )
    if base is _ABSENT:
        raise GenerationError(f"choices depend on each other: {first!r} and {second!r} are added at the same place")
    value = _value(base, first, second)
    return Maybe(both(when, when_other), (value,)) if when or when_other else value


def _list(base: list[Any], one: list[Any], other: list[Any]) -> list[Any]:
    if len(base) == len(one) == len(other) and not any(isinstance(each, (Maybe, Spread)) for each in [*one, *other]):
        return [_value(*items) for items in zip(base, one, other, strict=True)]
    combined: list[Any] = []
    position = 0
    changes = sorted([*_changes(base, one, 0), *_changes(base, other, 1)], key=lambda change: (*change[:2], change[3]))
    for start, end, items, _ in changes:
        if start < position:
            raise GenerationError(f"choices depend on each other: {one!r} and {other!r}")
        combined += [*base[position:start], *items]
        position = end
    return [*combined, *base[position:]]


def _changes(base: list[Any], changed: list[Any], order: int) -> list[tuple[int, int, list[Any], int]]:
    """From where to where of the base, and what stands there instead."""
    before, after = ([repr(item) for item in each] for each in (base, changed))
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(i, j, changed[k:m], order) for tag, i, j, k, m in codes if tag != "equal"]
