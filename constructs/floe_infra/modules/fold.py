"""From the members that a construct was made with to any number of them: `for_each`, `count`, and going through all.

Of a map's members the construct was given one, whose key stands wherever the key belongs. Of numbered constructs it
made several; what differs between them follows their number, or else there is no way to write them as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from floe_infra.hcl.document import FOR_EACH, as_value
from floe_infra.hcl.expression import inline
from floe_infra.hcl.template import Part, parts
from floe_infra.modules.definition import ENTRIES, Each, GenerationError, Module
from floe_infra.modules.json_text import Checksum, Json, is_known
from floe_infra.modules.probe import REFERENCE, Element


@dataclass(frozen=True)
class Spread:
    """Values of a list, as many as there are members: an expression of a list."""

    code: str


def fold(elements: Sequence[Element], module: Module) -> list[Element]:
    """Elements with one of each kind, and expressions that go through members."""
    folded = _numbered(elements, module) if module.numbered else list(elements)
    for element in folded:
        element.body = _nested(_entries(element.body), module.nested)
    if module.each:
        members = sorted((element.reference for element in folded if element.each), reverse=True)
        for element in folded:
            writer = _Member(module.each, members, own="for_each" in element.body)
            element.body = writer.inside(element.body) if element.each else writer.outside(element.body)
    for each in module.gone_through:
        for element in folded:
            own = element.each or "for_each" in element.body
            element.body = _Member(each, (), own=own).outside(element.body)
    return folded


def _entries(value: Any) -> Any:
    """Maps with all entries of another among their own."""
    if isinstance(value, list):
        return [_entries(each) for each in value]
    if isinstance(value, Json):
        return value.of(_entries(value.value))
    if not isinstance(value, dict):
        return value
    maps: list[str] = []
    own: dict[str, Any] = {}
    for name, each in value.items():
        if name.startswith(ENTRIES):
            # What stands behind counts, as in Python.
            maps += [*([code(own)] if own else []), name.removeprefix(ENTRIES)]
            own = {}
        else:
            own[name] = _entries(each)
    if not maps:
        return own
    merged = [*maps, *([code(own)] if own else [])]
    return f"${{{merged[0]}}}" if len(merged) == 1 else f"${{merge({', '.join(merged)})}}"


def _nested(body: dict[str, Any], nested: Mapping[str, str]) -> dict[str, Any]:
    """Blocks of which there are as many as something in a variable has values."""
    return {
        name: [
            {FOR_EACH: f"${{{nested[name]}}}", **block} if f"{name}.value" in repr(block) else block for block in blocks
        ]
        if name in nested
        else blocks
        for name, blocks in body.items()
    }


def code(value: Any) -> str:
    """A value of Terraform JSON as an expression."""
    return inline(as_value(encoded(value)))


def encoded(value: Any) -> Any:
    """With what is JSON as the expression that makes it."""
    if isinstance(value, Checksum) and is_known(value.value):
        return value.known
    if isinstance(value, Json):
        return f"${{{value.written(code(value.value))}}}"
    if isinstance(value, dict):
        return {key: encoded(each) for key, each in value.items()}
    return _joined(value) if isinstance(value, list) else value


def _joined(items: Sequence[Any]) -> Any:
    """A list, as an expression where there are as many values in it as there are members."""
    if not any(isinstance(item, Spread) for item in items):
        return [encoded(item) for item in items]
    segments = [item.code if isinstance(item, Spread) else code([item]) for item in items]
    return f"${{{segments[0]}}}" if len(segments) == 1 else f"${{concat({', '.join(segments)})}}"


def templated(text: str, change: Callable[[str, bool], str]) -> str:
    """A template with each of its parts changed; `change` is told whether it is given code."""
    return "".join(_changed(part, change) for part in parts(text))


def _changed(part: Part, change: Callable[[str, bool], str]) -> str:
    if part.kind == "text":
        return change(part.text, False)
    pieces = re.split(r'("(?:[^"\\]|\\.)*")', part.text)
    inside = "".join(change(piece, not piece.startswith('"')) for piece in pieces)
    return f"{'$' if part.kind == 'expression' else '%'}{{{inside}}}"


class _Member:
    """Writes what stands for one member so that it stands for each."""

    def __init__(self, each: Each, members: Sequence[str], *, own: bool) -> None:
        """`own`: what is written has members of its own, and what it says of each is of these."""
        self._each, self._own = each, own
        self._member = re.compile("|".join(rf"{re.escape(reference)}\b" for reference in members) or r"(?!)")
        mentions = [each.member, self._member.pattern, *([] if own else [r"\beach\.(?:key|value)\b"])]
        self._mentioned = re.compile("|".join(mentions))

    def inside(self, value: Any, key: str = "") -> Any:
        """In a member: its key, and what belongs to it."""
        return self._written(value, "each.key", "each.value", key)

    def _written(self, value: Any, key_name: str, value_name: str, key: str = "") -> Any:
        if isinstance(value, str):
            if key == "depends_on":
                return value
            return templated(value, lambda text, is_code: self._replaced(text, is_code, key_name, value_name))
        if isinstance(value, dict):
            return {name: self._written(each, key_name, value_name, name) for name, each in value.items()}
        if isinstance(value, Json):
            return value.of(self._written(value.value, key_name, value_name))
        if isinstance(value, list):
            return [self._written(each, key_name, value_name, key) for each in value]
        if isinstance(value, Spread):
            return Spread(self._written(f"${{{value.code}}}", key_name, value_name)[2:-1])
        return value

    def _replaced(self, text: str, is_code: bool, key_name: str, value_name: str) -> str:
        text = re.sub(rf"\b{self._each.member}\.key\b", key_name, text)
        text = re.sub(rf"\b{self._each.member}\.value\b", value_name, text)
        text = text.replace(self._each.member, key_name if is_code else f"${{{key_name}}}")
        text = self._member.sub(lambda found: f"{found[0]}[{key_name}]", text)
        if self._own:
            return text
        text = re.sub(r"\beach\.key\b", key_name, text)
        return re.sub(r"\beach\.value\b", value_name, text)

    def outside(self, value: Any, *, in_text: bool = False) -> Any:
        """Where all members are gone through: in lists, and in maps by the members' keys."""
        if isinstance(value, Json):
            return value.of(self.outside(value.value, in_text=True))
        if isinstance(value, dict):
            return self._map(value, in_text=in_text)
        if isinstance(value, list):
            return [
                self._spread(each, in_text=in_text) if self._mentions(each) else self.outside(each, in_text=in_text)
                for each in value
            ]
        if isinstance(value, str) and self._mentioned.search(value):
            raise GenerationError(f"{value!r} is of one member, where no list goes through them")
        return value

    def _map(self, value: dict[str, Any], *, in_text: bool) -> Any:
        own: dict[str, Any] = {}
        loops: list[str] = []
        for name, each in value.items():
            if self._mentioned.search(name):
                loop, item = self._loop(each, name)
                loops.append(f"{{ for {loop} : {item} }}")
            else:
                own[name] = each if name == "depends_on" else self.outside(each, in_text=in_text)
        if not loops:
            return own
        if own and not in_text:
            raise GenerationError(f"{sorted(value)} holds more than members")
        merged = [*([code(own)] if own else []), *loops]
        return f"${{{merged[0]}}}" if len(merged) == 1 else f"${{merge({', '.join(merged)})}}"

    def _spread(self, item: Any, *, in_text: bool) -> Spread:
        if isinstance(item, str) and (found := re.fullmatch(rf"\$\{{({self._member.pattern})((?:\.\w+)+)\}}", item)):
            return Spread(f"values({found[1]})[*]{found[2]}")
        if isinstance(item, dict) and not in_text:
            raise GenerationError(f"{item!r} would be a block for each member")
        loop, written = self._loop(item)
        if loop == f"{written} in {self._each.over}":
            return Spread(self._each.over)
        return Spread(f"[for {loop} : {written}]")

    def _loop(self, item: Any, name: str | None = None) -> tuple[str, str]:
        """What comes behind `for`, and the item (of a map with its key). It goes through a resource's instances where
        they are all it needs."""
        key, value = self._each.names
        names = f"{key}, {value}" if key else value
        key = key or value
        written = code(self._written(item, key, value))
        if name is not None:
            written = f"{code(self._written(name, key, value))} => {written}"
        if self._each.when:
            written = f"{written} if {self._each.when}"
        resources = set(re.findall(rf"({self._member.pattern})\[{key}\]", written))
        if len(resources) != 1 or re.search(rf"\b{value}\b", written):
            return f"{names} in {self._each.over}", written
        [resource] = resources
        instance = resource.partition(".")[0].rpartition("_")[2]
        return f"{key}, {instance} in {resource}", written.replace(f"{resource}[{key}]", instance)

    def _mentions(self, value: Any) -> bool:
        """Whether it is of one member as a whole. What holds a list or map of members is not."""
        if isinstance(value, str):
            return bool(self._mentioned.search(value))
        if isinstance(value, Json):
            return self._mentions(value.value)
        if isinstance(value, dict):
            own = [each for name, each in value.items() if not self._mentioned.search(name)]
            return any(self._mentions(each) for each in own if not isinstance(each, list))
        return isinstance(value, list) and any(map(self._mentions, value))


def _numbered(elements: Sequence[Element], module: Module) -> list[Element]:
    assert module.numbered
    over = module.numbered.over
    count = 1 + max(element.number or 0 for element in elements)
    groups: dict[Any, list[Element]] = {}
    for element in elements:
        groups.setdefault(element.key, []).append(element)
    folded: list[Element] = []
    for group in groups.values():
        [first, *others] = group
        if first.number is None:
            first.body = _gathered(first.body, count, over)
        elif len(group) == count:
            first.body = unified([first.body, *(other.body for other in others)], "count.index")
            first.count = f"${{{over}}}"
        elif not others:
            first.count = 1
        else:
            raise GenerationError(f"{first.key}: {len(group)} of {count}")
        folded.append(first)
    return folded


def _gathered(value: Any, count: int, over: str) -> Any:
    """Values of a list that follow a number become an expression over all of them."""
    if isinstance(value, dict):
        return {key: each if key == "depends_on" else _gathered(each, count, over) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    gathered: list[Any] = []
    position = 0
    while position < len(value):
        run = value[position : position + count]
        if len(run) == count and all(_is_numbered(each, number) for number, each in enumerate(run)):
            item = unified(run, "index")
            if splat := re.fullmatch(r"\$\{([\w.]+)\[index\]((?:\.\w+)+)\}", item):
                gathered.append(Spread(f"{splat[1]}[*]{splat[2]}"))
            else:
                gathered.append(Spread(f"[for index in range({over}) : {code(item)}]"))
            position += count
        else:
            gathered.append(_gathered(value[position], count, over))
            position += 1
    return gathered


def _is_numbered(value: Any, number: int) -> bool:
    return isinstance(value, str) and bool(re.search(rf"{REFERENCE}[\w-]+\[{number}\]", value))


def unified(values: Sequence[Any], number: str) -> Any:
    """One value for several that follow their number, from 0 on."""
    return follow(values, range(len(values)), number)


def follow(values: Sequence[Any], numbers: Sequence[int], name: str) -> Any:
    """One value for several that follow `numbers`, which Terraform calls `name`. Raises `GenerationError`."""
    first = values[0]
    if all(value == first for value in values):
        return first
    if all(isinstance(value, dict) and value.keys() == first.keys() for value in values):
        return {key: follow([value[key] for value in values], numbers, name) for key in first}
    if all(isinstance(value, list) and len(value) == len(first) for value in values):
        return [follow(items, numbers, name) for items in zip(*values, strict=True)]
    if all(isinstance(value, Spread) for value in values):
        return Spread(_code_following([value.code for value in values], numbers, name, is_code=True))
    if all(isinstance(value, int) for value in values):
        return f"${{{_number(values, numbers, name)}}}"
    if all(isinstance(value, str) for value in values):
        pieces = [parts(value) for value in values]
        if len({tuple(piece.kind for piece in each) for each in pieces}) == 1:
            return "".join(_part_following(each, numbers, name) for each in zip(*pieces, strict=True))
    raise GenerationError(f"{values!r} do not follow a number")


def _part_following(same: Sequence[Part], numbers: Sequence[int], name: str) -> str:
    is_code = same[0].kind != "text"
    text = _code_following([part.text for part in same], numbers, name, is_code=is_code)
    return f"${{{text}}}" if is_code else text


def _code_following(texts: Sequence[str], numbers: Sequence[int], name: str, *, is_code: bool) -> str:
    split = [re.split(r"([0-9]+)", text) for text in texts]
    if len({tuple(each[::2]) for each in split}) != 1:
        raise GenerationError(f"{texts!r} do not follow a number")
    written: list[str] = []
    for index, same in enumerate(zip(*split, strict=True)):
        if index % 2 == 0 or len(set(same)) == 1:
            written.append(same[0])
        else:
            following = _number([int(each) for each in same], numbers, name)
            written.append(following if is_code else f"${{{following}}}")
    return "".join(written)


def _number(values: Sequence[int], numbers: Sequence[int], name: str) -> str:
    offset = values[0] - numbers[0]
    if any(value - number != offset for value, number in zip(values, numbers, strict=True)):
        raise GenerationError(f"{values!r} do not follow a number")
    return name if not offset else f"{name} + {offset}" if offset > 0 else f"{name} - {-offset}"
