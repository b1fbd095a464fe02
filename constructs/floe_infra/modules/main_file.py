"""`main.tf`: the construct, made with every combination of alternatives, and put together to one configuration."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from floe_infra.hcl.body import Block
from floe_infra.hcl.document import FOR_EACH, as_value, block_of
from floe_infra.modules.combine import combine
from floe_infra.modules.definition import Choice, GenerationError, Module
from floe_infra.modules.fold import Spread, code, fold, follow
from floe_infra.modules.json_text import Checksum, Json, is_known
from floe_infra.modules.merge import WHEN, Maybe, flat, merge
from floe_infra.modules.probe import LOCAL, REFERENCE, Element, probe

_REFERENCE = re.compile(rf"(?:\b(?:data|ephemeral)\.)?\b\w+\.{REFERENCE}[\w-]+")


def elements(module: Module) -> list[Element]:
    """What the module holds: resources, data sources and outputs, with conditions and members."""
    probes = _Probes(module)
    off = {choice.name: choice.off for choice in module.choices}
    first, *others = _groups(module)
    made = _chosen(probes, first, off)
    for group in others:
        made = combine(probes.made(off), made, _chosen(probes, group, off))
    used = {reference for element in made for text in _strings(element.body) for reference in _REFERENCE.findall(text)}
    return [element for element in made if element.section != "data" or element.reference in used]


def _groups(module: Module) -> list[list[Choice]]:
    """The choices that are looked at together."""
    if not module.together:
        return [list(module.choices)]
    choices = {choice.name: choice for choice in module.choices}
    together = {name for names in module.together for name in names}
    alone = [[choice] for name, choice in choices.items() if name not in together]
    return [*([choices[name] for name in names] for names in module.together), *alone]


class _Chosen(Mapping[str, Any]):
    """Alternatives, and which of them are looked at."""

    def __init__(self, alternatives: Mapping[str, Any]) -> None:
        self._alternatives = alternatives
        self.looked_at: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self.looked_at[name] = self._alternatives[name]
        return self.looked_at[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._alternatives)

    def __len__(self) -> int:
        return len(self._alternatives)


class _Probes:
    """What the construct makes, once for all alternatives between which it makes no difference."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._made: list[tuple[dict[str, Any], list[Element]]] = []

    def made(self, alternatives: Mapping[str, Any]) -> list[Element]:
        for looked_at, made in self._made:
            if all(alternatives[name] == value for name, value in looked_at.items()):
                return made
        chosen = _Chosen(alternatives)
        self._made.append((chosen.looked_at, _made(self._module, chosen)))
        return self._made[-1][1]


def _chosen(probes: _Probes, open: Sequence[Choice], chosen: Mapping[str, Any]) -> list[Element]:
    if not open:
        return probes.made(chosen)
    [choice, *others] = open
    on, off = (_chosen(probes, others, {**chosen, choice.name: each}) for each in (choice.on, choice.off))
    return merge(choice.condition_at, on, off)


def _made(module: Module, chosen: Mapping[str, Any]) -> list[Element]:
    if not module.numbered:
        return fold(probe(module, chosen), module)
    numbers = (3, 2)
    several = [fold(probe(module, {**chosen, module.numbered.over: number}), module) for number in numbers]
    for element, *others in zip(*several, strict=True):
        element.body = follow([element.body, *(other.body for other in others)], numbers, module.numbered.over)
    return several[0]


def blocks(module: Module, made: Sequence[Element]) -> tuple[list[Block], list[Block]]:
    """Those of `main.tf`, and those of `outputs.tf`."""
    writer = _Writer(module, made)
    main = [writer.block(element) for element in made if element.section not in ("output", LOCAL)]
    if local := writer.locals():
        main.insert(0, local)
    return main, [writer.block(element) for element in made if element.section == "output"]


def addresses(made: Sequence[Element], renamed: Mapping[str, str]) -> dict[str, str]:
    """Each element's address by its reference. The last part of a path is left out where the type says it anyway."""
    paths = {
        element.reference: (
            element.type,
            ("current",) if element.type in _CURRENT else _renamed(element.path, renamed),
        )
        for element in made
        if element.section != "output"
    }
    names = {reference: (type, _short(type, path)) for reference, (type, path) in paths.items()}
    prefixes = {
        element.reference: "" if element.section == "resource" else f"{element.section}."
        for element in made
        if element.section != "output"
    }
    for address, times in Counter((prefixes[reference], *name) for reference, name in names.items()).items():
        if times > 1:
            raise GenerationError(f"{times} of {address[1]} would be called {'_'.join(address[2])}")
    return {
        reference: f"{prefixes[reference]}{type}.{'_'.join(path).replace('-', '_')}"
        for reference, (type, path) in names.items()
    }


def _short(type: str, path: tuple[str, ...]) -> tuple[str, ...]:
    *before, last = path
    return tuple(before) if before and set(last.split("_")) <= set(type.split("_")) else path


def _renamed(path: Sequence[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, (renamed.get(part, part) for part in path)))


_CURRENT = {"aws_caller_identity", "aws_partition", "aws_region"}
"""Of which there is one each, the provider's own."""


class _Writer:
    def __init__(self, module: Module, made: Sequence[Element]) -> None:
        self._module = module
        self._addresses = addresses(made, module.renamed)
        self._counted = {
            element.reference
            for element in made
            if (element.when and not element.each) or isinstance(element.count, str)
        }
        self._checked = _checked([element.body for element in made])
        self._shared = self._find_shared(made)
        self._named = {
            element.path[0]: Maybe(element.when, (element.body["value"],))
            for element in made
            if element.section == LOCAL
        }

    def _find_shared(self, made: Sequence[Element]) -> dict[str, str]:
        """Conditional values that stand in several places, by the choice that they follow: a local value each."""
        counts: Counter[str] = Counter()
        for element in made:
            for text in _strings(self._final(element.body)):
                if text.startswith("${") and " ? " in text and not re.search(r"\b(count|each)\.", text):
                    counts[text[2:-1]] += 1
        shared: dict[str, str] = {}
        for choice in self._module.choices:
            for text, times in counts.items():
                if times > 1 and isinstance(choice.condition, str) and text.startswith(f"{choice.condition} ? "):
                    shared.setdefault(choice.name, text)
        return shared

    def locals(self) -> Block | None:
        block = Block("locals", comment=self._module.about_locals)
        named = {name: _or_null(value) for name, value in self._named.items()}
        texts = {name: f"${{{text}}}" for name, text in {**self._module.locals, **named, **self._shared}.items()}
        values = {name: self._addressed(_dynamic(flat(value))) for name, value in self._checked.items()}
        for name, value in {**texts, **values}.items():
            block.arguments[name] = as_value(value)
        return block if block.arguments else None

    def block(self, element: Element) -> Block:
        body = self._final(element.body)
        for name, text in self._shared.items():
            body = _replaced(body, text, f"local.{name}")
        body = {**self._meta(element), **{key: value for key, value in body.items() if value != []}}
        labels: tuple[str, ...] = element.path[:1]
        if element.section != "output":
            labels = (element.type, self._addresses[element.reference].rpartition(".")[2])
        return block_of(element.section, labels, body, element.shape)

    def _meta(self, element: Element) -> dict[str, Any]:
        assert self._module.each or not element.each
        if element.each and self._module.each:
            over, (name, member) = self._module.each.over, self._module.each.names
            if re.search(r"\beach\.", element.when):
                when = re.sub(r"\beach\.value\b", member, re.sub(r"\beach\.key\b", name, element.when))
                return {"for_each": f"${{{{ for {name}, {member} in {over} : {name} => {member} if {when} }}}}"}
            return {"for_each": f"${{{element.when} ? {over} : {{}}}}" if element.when else f"${{{over}}}"}
        count = element.count
        if element.when:
            return {"count": f"${{{self._shorter(element.when)} ? {_inner(count)} : 0}}"}
        return {"count": count} if isinstance(count, str) else {}

    def _final(self, value: Any) -> Any:
        """With addresses for references, and everything written as Terraform JSON."""
        return self._addressed(_dynamic(flat(_with_locals(value, self._checked))))

    def _addressed(self, value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            return _REFERENCE.sub(lambda found: self._address(found, key), self._shorter(value))
        if isinstance(value, dict):
            return {self._addressed(name): self._addressed(each, name) for name, each in value.items()}
        return [self._addressed(each, key) for each in value] if isinstance(value, list) else value

    def _shorter(self, text: str) -> str:
        for long, short in self._module.shorter.items():
            text = text.replace(long, short)
        return text

    def _address(self, found: re.Match[str], key: str) -> str:
        reference = found[0]
        address = self._addresses[reference]
        followed = found.string[found.end() : found.end() + 1]
        bare = key == "depends_on" or followed == "["
        return f"{address}[0]" if reference in self._counted and not bare else address


def _or_null(value: Maybe) -> str:
    """What a local value is, where it is one."""
    text = code(value.items[0])
    return f"{value.when} ? {text} : null" if value.when else text


def _inner(count: Any) -> str:
    return count[2:-1] if isinstance(count, str) else "1"


def _dynamic(value: Any) -> Any:
    if isinstance(value, dict):
        written = {key: _dynamic(each) for key, each in value.items() if key != WHEN}
        return {FOR_EACH: f"${{{value[WHEN]} ? [1] : []}}", **written} if value.get(WHEN) else written
    return [_dynamic(each) for each in value] if isinstance(value, list) else value


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Spread):
        return [value.code]
    if isinstance(value, Maybe):
        return [value.when, *_strings(list(value.items))]
    if isinstance(value, Json):
        return _strings(value.value)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inside for text in _strings(each)]


_OF_MEMBER = re.compile(r"\b(count|each)\.")


def _checked(bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What there are checksums of, and stands elsewhere too, by the name of the local value that it becomes."""
    found: dict[str, Any] = {}
    elsewhere = [pair for body in bodies for pair in _inside(body)]
    for key, checksum in elsewhere:
        for part in _parts(checksum) if isinstance(checksum, Checksum) and not is_known(checksum.value) else ():
            places = [name for name, value in elsewhere if type(value) is type(part) and value == part]
            if part in found.values() or not places or any(_OF_MEMBER.search(text) for text in _strings(part)):
                continue
            name = places[0] if isinstance(part, str) else key.rpartition("/")[2]
            name = re.sub(r"(?<=[a-z])(?=[A-Z])|\W", "_", name).lower()
            while name in found:
                name += "_"
            found[name] = part
    return found


def _parts(checksum: Checksum) -> Iterator[Any]:
    """What it is of as a whole, or each of what it is of."""
    yield checksum.value
    if isinstance(checksum.value, list):
        yield from (part for part in checksum.value if isinstance(part, (dict, Json)) and part)


def _inside(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """All values inside, with what they are called; not what there are checksums of."""
    yield key, value
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _inside(each, name)
    elif isinstance(value, Json) and not isinstance(value, Checksum):
        yield from _inside(value.value, key)
    elif isinstance(value, (list, Maybe)):
        for each in value if isinstance(value, list) else value.items:
            yield from _inside(each, key)


def _with_locals(value: Any, values: Mapping[str, Any]) -> Any:
    for name, each in values.items():
        if type(value) is type(each) and value == each:
            return f"${{local.{name}}}"
    if isinstance(value, Json):
        return value.of(_with_locals(value.value, values))
    if isinstance(value, Maybe):
        return replace(value, items=tuple(_with_locals(each, values) for each in value.items))
    if isinstance(value, dict):
        return {key: _with_locals(each, values) for key, each in value.items()}
    return [_with_locals(each, values) for each in value] if isinstance(value, list) else value


def _replaced(value: Any, text: str, by: str) -> Any:
    """An expression by another, where it stands alone or in parentheses."""
    if isinstance(value, str):
        return f"${{{by}}}" if value == f"${{{text}}}" else value.replace(f"({text})", by)
    if isinstance(value, dict):
        return {key: _replaced(each, text, by) for key, each in value.items()}
    return [_replaced(each, text, by) for each in value] if isinstance(value, list) else value
