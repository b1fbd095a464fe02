"""Terraform JSON as HCL: which section holds what, and what in it is text, expression or reference.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from floe_infra.hcl.body import Block
from floe_infra.hcl.expression import Entry, Expression, Group, Token, parse
from floe_infra.hcl.shape import META, Shape, Shapes
from floe_infra.hcl.template import as_expression, literal

_LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "module": 1, "output": 1, "variable": 1, "check": 1, "provider": 1}
_ORDER = [
    "terraform",
    "provider",
    "variable",
    "locals",
    "check",
    "data",
    "ephemeral",
    "resource",
    "module",
    "import",
    "moved",
    "removed",
    "output",
]
_SHAPES: dict[str, Shape] = {
    "resource": META,
    "data": META,
    "ephemeral": META,
    "variable": {"validation": {}},
    "output": {"precondition": {}},
    "removed": META,
    "check": {"data": META, "assert": {}},
}

FOR_EACH = "//for_each"
"""In a block's body: what to make the block of, as `dynamic` says it, but in its place among others of its type."""

Write = Callable[[Any], Expression]


def blocks(document: Mapping[str, Any], shapes: Shapes) -> list[Block]:
    """The blocks of a configuration, by section, in the order of the document."""
    sections = [*_ORDER, *(section for section in document if section not in _ORDER)]
    return [
        block for section in sections if section in document for block in _section(section, document[section], shapes)
    ]


def _section(section: str, content: Any, shapes: Shapes) -> Iterator[Block]:
    if section == "//":
        return
    if section == "terraform":
        yield from (_terraform(each) for each in _listed(content))
    elif section == "locals":
        yield from (_body(Block("locals"), each, {}) for each in _listed(content))
    else:
        for labels, body in _labelled(content, _LABELS.get(section, 0)):
            yield block_of(section, labels, body, shapes.get((section, *labels), {}))


def block_of(section: str, labels: tuple[str, ...], body: Mapping[str, Any], shape: Shape) -> Block:
    """One block of a section."""
    return _body(Block(section, labels), body, {**shape, **_SHAPES.get(section, {})})


def _labelled(content: Any, depth: int) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for each in _listed(content):
        if not depth:
            yield (), each
        else:
            for label, inside in each.items():
                if label != "//":
                    yield from (((label, *labels), body) for labels, body in _labelled(inside, depth - 1))


def _terraform(content: Mapping[str, Any]) -> Block:
    """Settings, none of which Terraform evaluates."""
    block = Block("terraform")
    for name, value in content.items():
        if name in ("backend", "cloud", "provider_meta"):
            for labels, body in _labelled(value, 0 if name == "cloud" else 1):
                shape: Shape = {"workspaces": {}} if name == "cloud" or labels == ("remote",) else {}
                block.blocks.append(_body(Block(name, labels), body, shape, write=as_text))
        elif name == "required_providers":
            for each in _listed(value):
                inside = Block(name)
                inside.arguments = {key: _requirement(required) for key, required in each.items()}
                block.blocks.append(inside)
        elif name != "//":
            block.arguments[name] = as_text(value)
    return block


def _requirement(required: Any) -> Expression:
    if not isinstance(required, Mapping):
        return as_text(required)
    aliases = "configuration_aliases"
    write = {key: _references if key == aliases else as_text for key in required}
    return _object({key: write[key](value) for key, value in required.items()})


def _body(block: Block, content: Mapping[str, Any], shape: Shape, *, write: Write | None = None) -> Block:
    for name, value in content.items():
        if name in ("//", FOR_EACH):
            continue
        if name == "dynamic":
            block.blocks += [_dynamic(labels, body, shape) for labels, body in _labelled(value, 1)]
        elif name == "provisioner":
            block.blocks += [
                _body(Block(name, labels), body, shape.get(name, {})) for labels, body in _labelled(value, 1)
            ]
        elif name == "data" and block.type == "check":
            block.blocks += list(_section(name, value, {}))
        elif name in shape:
            block.blocks += [
                _dynamic((name,), {"for_each": body[FOR_EACH], "content": body}, shape)
                if FOR_EACH in body
                else _body(Block(name), body, shape[name])
                for body in _listed(value)
            ]
        elif value is not None or block.type == "variable":
            block.arguments[name] = (write or _writer(block, name))(value)
    block.blocks.sort(key=lambda each: each.type == "lifecycle")
    return block


def _dynamic(labels: tuple[str, ...], content: Mapping[str, Any], shape: Shape) -> Block:
    block = Block("dynamic", labels)
    inside = shape.get(labels[0], {})
    block.blocks.append(_body(Block("content"), content["content"], inside))
    for name, value in content.items():
        if name != "content":
            block.arguments[name] = parse(value) if name == "iterator" else as_value(value)
    return block


def _writer(block: Block, name: str) -> Write:
    """How an argument is written: most are templates, some are text, and some name things."""
    match block.type, name:
        case (_, "depends_on") | ("lifecycle", "ignore_changes" | "replace_triggered_by") | ("module", "providers"):
            return _references
        case ("resource" | "data" | "ephemeral", "provider"):
            return _references
        case ("moved" | "import" | "removed", "from" | "to" | "provider") | ("variable", "type"):
            return _references
        case ("provider", "alias" | "version") | ("variable", "default"):
            return as_text
        case ("module", "source" | "version") | ("variable" | "output", "description") | ("provisioner", "when"):
            return _references if name == "when" else as_text
        case _:
            return lambda value: as_value(value, heredoc=True)


def _references(value: Any) -> Expression:
    """What Terraform JSON puts into quotes though it is no text: names of resources, providers, types."""
    if isinstance(value, str):
        return parse(value[2:-1] if value.startswith("${") and value.endswith("}") else value)
    if isinstance(value, list):
        return Expression((Group("[", tuple(Entry(_references(each)) for each in value)),))
    if isinstance(value, Mapping):
        return _object({key: _references(each) for key, each in value.items()})
    return as_text(value)


def as_value(value: Any, *, heredoc: bool = False) -> Expression:
    """A value of Terraform JSON, whose strings (and objects' keys) are templates."""
    return _value(value, lambda text: as_expression(text, heredoc=heredoc), as_expression)


def as_text(value: Any) -> Expression:
    """A value of Terraform JSON whose strings are taken word for word."""
    return _value(value, literal, literal)


def _value(value: Any, top: Callable[[str], Expression], inner: Callable[[str], Expression]) -> Expression:
    if isinstance(value, str):
        return top(value)
    if isinstance(value, Mapping):
        return _object({key: _value(each, inner, inner) for key, each in value.items()}, inner)
    if isinstance(value, list):
        return Expression((Group("[", tuple(Entry(_value(each, inner, inner)) for each in value)),))
    return Expression((Token(json.dumps(value, allow_nan=False), "number"),))


def _object(entries: Mapping[str, Expression], key: Callable[[str], Expression] = literal) -> Expression:
    return Expression((Group("{", tuple(Entry(value, _key(name, key)) for name, value in entries.items())),))


def _key(name: str, write: Callable[[str], Expression]) -> Expression:
    """In parentheses when it is computed: what looks like a name would be taken for one."""
    key = write(name)
    [first, *others] = key.nodes
    is_string = not others and isinstance(first, Token) and first.kind == "string"
    return key if is_string else Expression((Group("(", (Entry(key),)),))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
