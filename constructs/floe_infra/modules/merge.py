"""One configuration from two that a choice tells apart: `count`, conditional values, dynamic blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, TypeVar

from floe_infra.hcl.expression import parse
from floe_infra.hcl.shape import META, Shape
from floe_infra.modules.definition import GenerationError
from floe_infra.modules.fold import Spread, code, encoded
from floe_infra.modules.json_text import Json
from floe_infra.modules.lines import as_lines
from floe_infra.modules.probe import Element

T = TypeVar("T")
WHEN = "//when"
"""In a block: the condition under which it is there."""


@dataclass(frozen=True)
class Maybe:
    """Values of a list, or one of a map, that are there under a condition."""

    when: str
    items: tuple[Any, ...]

    def __hash__(self) -> int:
        return hash(self.when)


Condition = Callable[[tuple[str, ...]], str]


def merge(condition: Condition, on: Sequence[Element], off: Sequence[Element]) -> list[Element]:
    """The elements of both, where `condition` tells which of them hold."""
    ons, offs = ({element.key: element for element in each} for each in (on, off))
    return [_merged(condition, ons.get(key), offs.get(key)) for key in in_order(list(ons), list(offs))]


def in_order(on: list[T], off: list[T]) -> list[T]:
    """What only one of them has stands where it stood."""
    keys: list[T] = []
    for tag, i, j, k, m in SequenceMatcher(None, on, off, autojunk=False).get_opcodes():
        keys += on[i:j] if tag == "equal" else [*on[i:j], *off[k:m]]
    return list(dict.fromkeys(keys))


def _merged(condition: Condition, on: Element | None, off: Element | None) -> Element:
    element = on or off
    assert element
    here = condition(element.path)
    if on is None or off is None:
        when = here if on else negated(here)
        return replace(element, when=both(when, element.when))
    if on == off:
        return on
    when = on.when if on.when == off.when else _value(here, _flag(on.when), _flag(off.when))[2:-1]
    if on.section == "output" and re.search(r"\beach\.", here):
        body = _all(on.body, off.body)
    else:
        ons, offs = _held(on.body, off.body, on.when), _held(off.body, on.body, off.when)
        body = _body(here, ons, offs, {**META, **on.shape, **off.shape})
    count = _value(here, on.count, off.count)
    files = {**on.files, **off.files}
    return replace(on, body=body, when=when, count=count, shape=shapes(on.shape, off.shape), files=files)


def _all(on: dict[str, Any], off: dict[str, Any]) -> dict[str, Any]:
    """In outputs, what only some members have is a map or list of those that have it."""
    if any(off[key] not in (on[key], {}, []) for key in on if key != "depends_on"):
        raise GenerationError(f"what members have differs otherwise than by being there: {on!r}, {off!r}")
    before = dict.fromkeys([*on.get("depends_on", []), *off.get("depends_on", [])])
    return {**on, "depends_on": list(before)} if before else on


def _held(value: Any, other: Any, when: str) -> Any:
    """A value that is looked at only `when`: what the other has in a list under this very condition, it has so too."""
    if isinstance(value, Json) and isinstance(other, Json):
        return value.of(_held(value.value, other.value, when))
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: _held(each, other.get(key), when) for key, each in value.items()}
    if not isinstance(value, list) or not isinstance(other, list):
        return value
    for maybe in other:
        if isinstance(maybe, Maybe) and maybe.when == when and maybe not in value:
            items = list(maybe.items)
            places = (index for index in range(len(value)) if value[index : index + len(items)] == items)
            if (place := next(places, None)) is not None:
                value = [*value[:place], maybe, *value[place + len(items) :]]
    return [_held(*pair, when) for pair in zip(value, other, strict=True)] if len(value) == len(other) else value


def _flag(when: str) -> Any:
    return f"${{{when}}}" if when else True


def shapes(one: Shape, other: Shape) -> Shape:
    """What is a block in either."""
    return {name: shapes(one.get(name, {}), other.get(name, {})) for name in {**one, **other}}


def both(one: str, other: str) -> str:
    if not one or not other:
        return one or other
    one = _without_implied(one, other)
    return f"{_bracketed(one)} && {_bracketed(other)}" if one else other


def _without_implied(one: str, other: str) -> str:
    """Conditions but those that hold anyway: what is one word is no other word."""
    if any(operator in one + other for operator in ("||", " ? ")):
        return one
    given = [re.fullmatch(r'(\S+) == ("\w*")', each) for each in other.split(" && ")]
    unequal = {f"{found[1]} != " for found in given if found}
    return " && ".join(
        each for each in one.split(" && ") if not each.startswith(tuple(unequal)) or each.count('"') != 2
    )


def _bracketed(condition: str) -> str:
    return f"({condition})" if any(operator in condition for operator in ("||", " ? ")) else condition


_OPPOSITES = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def negated(condition: str) -> str:
    """The other way round, as a person says it."""
    if found := re.fullmatch(r"([^=!<>&|?]+) (==|!=) ([^=!<>&|?]+)", condition):
        return f"{found[1]} {'!=' if found[2] == '==' else '=='} {found[3]}"
    if re.fullmatch(r"[\w.]+", condition):
        return f"!{condition}"
    if re.fullmatch(r"![\w.]+(\(.*\))?", condition):
        return condition[1:]
    if found := re.fullmatch(r"(length\([^()]+\)) > 0", condition):
        return f"{found[1]} == 0"
    if found := re.fullmatch(r"([^=!<>&|?]+) (<=|<|>=|>) ([^=!<>&|?]+)", condition):
        return f"{found[1]} {_OPPOSITES[found[2]]} {found[3]}"
    return f"!{condition}" if re.fullmatch(r"\w+\([^()]*\)", condition) else f"!({condition})"


def _body(condition: str, on: dict[str, Any], off: dict[str, Any], shape: Shape) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key in {**on, **off}:
        one, other = on.get(key), off.get(key)
        if one == other:
            merged[key] = one
        elif key == "depends_on":
            merged[key] = list(dict.fromkeys([*(one or []), *(other or [])]))
        elif key == "lifecycle":
            raise GenerationError(f"what a lifecycle says must not be chosen: {one!r}, {other!r}")
        elif key in shape:
            merged[key] = _blocks(condition, _listed(one), _listed(other), shape[key])
        elif key == WHEN:
            merged[key] = _value(condition, _flag(one or ""), _flag(other or ""))[2:-1]
        else:
            merged[key] = _value(condition, one, other)
    return merged


def _blocks(condition: str, on: list[Any], off: list[Any], shape: Shape) -> list[Any]:
    alone = len(on) == len(off) == 1
    ons, offs = ([_identity(block, alone) for block in each] for each in (on, off))
    merged: list[Any] = []
    for tag, i, j, k, m in SequenceMatcher(None, ons, offs, autojunk=False).get_opcodes():
        if tag == "equal":
            merged += [_body(condition, one, other, shape) for one, other in zip(on[i:j], off[k:m], strict=True)]
        else:
            merged += [_when(block, condition) for block in on[i:j]]
            merged += [_when(block, negated(condition)) for block in off[k:m]]
    return merged


def _when(block: dict[str, Any], condition: str) -> dict[str, Any]:
    return {**block, WHEN: both(condition, block.get(WHEN, ""))}


def _identity(block: dict[str, Any], alone: bool) -> str:
    """What tells a block from its neighbours."""
    for name in ("sid", "id", "name", "variable", "type"):
        if name in block:
            return f"{name}={block[name]!r}"
    return "alone" if alone else repr(block)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _value(condition: str, on: Any, off: Any) -> Any:
    if on == off:
        return on
    if isinstance(on, Json) and type(on) is type(off):
        return on.of(_value(condition, on.value, off.value))
    if isinstance(on, dict) and isinstance(off, dict):
        return {key: _entry(condition, on, off, key) for key in {**on, **off}}
    if isinstance(on, list) and isinstance(off, list) and len(on) == len(off) and not _varies(on) and not _varies(off):
        return [_value(condition, one, other) for one, other in zip(on, off, strict=True)]
    if isinstance(on, list) and isinstance(off, list) and (merged := _lists(condition, on, off)) is not None:
        return merged
    if (one := as_lines(on)) and (other := as_lines(off)) and (merged := _lists(condition, one.value, other.value)):
        return one.of(merged)
    if on is True and off is False:
        return f"${{{condition}}}"
    if on is False and off is True:
        return f"${{{negated(condition)}}}"
    if off is True:
        return f"${{{negated(condition)} || {_bracketed(code(on))}}}"
    if on is True:
        return f"${{{condition} || {_bracketed(code(off))}}}"
    return f"${{{condition} ? {_inner(on)} : {_inner(off)}}}"


def _entry(condition: str, on: dict[str, Any], off: dict[str, Any], key: str) -> Any:
    """Of a map, what only one of them has, or has under a condition."""
    one, other = (each.get(key, Maybe("false", ())) for each in (on, off))
    if not isinstance(one, Maybe) and not isinstance(other, Maybe):
        return _value(condition, one, other)
    (when, item), (when_not, other_item) = (
        (each.when, each.items) if isinstance(each, Maybe) else ("", (each,)) for each in (one, other)
    )
    if not other_item:
        return Maybe(both(condition, when), item)
    if not item:
        return Maybe(both(negated(condition), when_not), other_item)
    value = _value(condition, item[0], other_item[0])
    return Maybe(when if when == when_not else _value(condition, _flag(when), _flag(when_not))[2:-1], (value,))


def _varies(items: list[Any]) -> bool:
    return any(isinstance(item, (Maybe, Spread)) for item in items)


def _inner(value: Any) -> str:
    """A value inside a conditional, in parentheses when it is one itself."""
    value = flat(value)
    text = code(value)
    return f"({text})" if isinstance(value, str) and _is_conditional(text) else text


def _is_conditional(text: str) -> bool:
    return any(getattr(node, "text", "") == "?" for node in parse(text).nodes)


def _lists(condition: str, on: list[Any], off: list[Any]) -> list[Any] | None:
    """What both have, and between it what only one has; None where both have something and share nothing."""
    merged: list[Any] = []
    shared = not on or not off
    ons, offs = ([repr(item) for item in each] for each in (on, off))
    for tag, i, j, k, m in SequenceMatcher(None, ons, offs, autojunk=False).get_opcodes():
        if tag == "equal":
            shared = True
            merged += on[i:j]
        else:
            merged += _maybes(condition, on[i:j])
            merged += _maybes(negated(condition), off[k:m])
    return merged if shared else None


def _maybes(condition: str, items: list[Any]) -> list[Maybe]:
    """Items of a list under a condition; those that have one already under both."""
    groups = groupby(items, lambda item: item.when if isinstance(item, Maybe) else "")
    return [
        Maybe(both(condition, when), tuple(item for each in group for item in (each.items if when else (each,))))
        for when, group in groups
    ]


def flat(value: Any) -> Any:
    """Lists and maps whose values are there under conditions, or as many as there are members, as one expression."""
    if isinstance(value, Json):
        return encoded(value.of(flat(value.value)))
    if isinstance(value, dict):
        return _flat_map(value)
    if not isinstance(value, list):
        return value
    if not any(isinstance(item, (Maybe, Spread)) for item in value):
        return [flat(item) for item in value]
    segments: list[str] = []
    plain: list[Any] = []
    for item in [*_paired(value), None]:
        if isinstance(item, (Maybe, Spread)) or item is None:
            segments += [code(plain)] if plain else []
            plain = []
        if isinstance(item, Spread):
            segments.append(item.code)
        elif isinstance(item, Maybe):
            segments.append(_some(item.when, flat(list(item.items))))
        elif item is not None:
            plain.append(flat(item))
    return f"${{{segments[0]}}}" if len(segments) == 1 else f"${{concat({', '.join(segments)})}}"


def _paired(items: list[Any]) -> list[Any]:
    """A list in which two neighbours, of which there is one or the other, are one."""
    paired: list[Any] = []
    for item in items:
        before = paired[-1] if paired else None
        if isinstance(item, Maybe) and isinstance(before, Maybe) and (one := _one_or_other(before, item)):
            paired[-1] = Spread(one)
        else:
            paired.append(item)
    return paired


def _one_or_other(one: Maybe, other: Maybe) -> str | None:
    around, _, condition = one.when.rpartition(" && ")
    texts = all(isinstance(item, str) for item in (*one.items, *other.items))
    if not texts or other.when != both(around, negated(condition)):
        return None
    choice = f"{condition} ? {code(list(one.items))} : {code(list(other.items))}"
    return f"{around} ? ({choice}) : []" if around else choice


def _some(when: str, items: Any) -> str:
    """A list's items under a condition. Both sides of `?` get one type: where objects have several it can be one that
    makes words of their numbers."""
    if isinstance(items, list) and len(items) > 1 and any(_is_object(item) for item in items):
        types = {repr(_type(item)) for item in items}
        if len(types) > 1 or "None" in types.pop():
            return f"[for item in {code(items)} : item if {when}]"
    return f"{when} ? {code(items)} : []"


def _type(value: Any) -> Any:
    """What tells a value's type from others', with None for what only Terraform knows."""
    if isinstance(value, dict):
        return {key: _type(each) for key, each in sorted(value.items())}
    if isinstance(value, list):
        return [_type(each) for each in value]
    return None if value is None or (isinstance(value, str) and value.startswith("${")) else type(value).__name__


def _is_object(item: Any) -> bool:
    return isinstance(item, (dict, list)) or (isinstance(item, str) and bool(re.match(r"\$\{(merge\(|\{)", item)))


def _flat_map(value: dict[str, Any]) -> Any:
    maybes = {key: each for key, each in value.items() if isinstance(each, Maybe)}
    plain = {key: each if key == WHEN else flat(each) for key, each in value.items() if key not in maybes}
    if not maybes:
        return plain
    groups: dict[str, dict[str, Any]] = {}
    for key, maybe in maybes.items():
        groups.setdefault(maybe.when, {})[key] = flat(maybe.items[0])
    # What is null is passed over, but for the first; and only what is chosen is looked at, as it must be of `list[0]`.
    entries = [
        f"{f'({when})' if _is_conditional(when) else when} ? {code(group)} : null" for when, group in groups.items()
    ]
    return f"${{merge({', '.join([code(plain), *entries])})}}"
