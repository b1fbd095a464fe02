"""What CDKTF 0.21 writes wrong in HCL, put right with the help of the same stack's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


def mended(hcl: str, document: Mapping[str, Any]) -> str:
    """The stack's HCL as Terraform reads it.

    Args:
        hcl: what CDKTF has written.
        document: the stack's `cdk.tf.json`.
    """
    hcl = _conditions_as_blocks(hcl)
    hcl = _helm_provider(hcl)
    hcl = _google_provider(hcl, document)
    for text in _strings(document):
        if "${" in text and re.search(r'["\\\n]', text):
            hcl = hcl.replace(f'"{text}"', _quoted(text))
        elif "\n" in text:  # in a map, where only quotes are escaped
            as_written = re.sub(r'(?<!\\)"', r'\\"', text)
            hcl = hcl.replace(f'"{as_written}"', json.dumps(text, ensure_ascii=False))
    return hcl + "".join(_ephemeral(document.get("ephemeral", {})))


def _conditions_as_blocks(hcl: str) -> str:
    """Pre- and postconditions are written as lists of objects; Terraform knows them only as blocks."""
    conditions = re.compile(
        r"^\s*(precondition|postcondition) = \[\n((?:\{\n.*?\n\},\n)+)\]$", re.DOTALL | re.MULTILINE
    )
    return conditions.sub(
        lambda found: re.sub(r"^\{", f"{found[1]} {{", found[2], flags=re.M).replace("\n},", "\n}"), hcl
    )


def _helm_provider(hcl: str) -> str:
    """From version 3 on its settings are attributes, and are written as blocks."""
    provider = re.compile(r'^provider "helm" \{\n.*?^\}$', re.DOTALL | re.MULTILINE)
    return provider.sub(lambda found: re.sub(r"^(kubernetes|exec) \{", r"\1 = {", found[0], flags=re.M), hcl)


def _google_provider(hcl: str, document: Mapping[str, Any]) -> str:
    """Labels are an override there, of which digits are written as a number: 0815 would become 815."""
    for provider in document.get("provider", {}).get("google", []):
        lines = "".join(
            f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in provider["default_labels"].items()
        )
        hcl = re.sub(r"^default_labels = \{\n.*?^\}$", f"default_labels = {{\n{lines}}}", hcl, flags=re.DOTALL | re.M)
    return hcl


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _quoted(template: str) -> str:
    """A string that holds templates, with quotes around it: what is in a template stays as it is. Strings with a token
    in them are written without any escapes."""
    return (
        '"'
        + "".join(part if code else json.dumps(part, ensure_ascii=False)[1:-1] for code, part in _parts(template))
        + '"'
    )


def _parts(template: str) -> Iterator[tuple[bool, str]]:
    """The string cut into text and templates (True), by counting braces."""
    start = position = 0
    while (position := template.find("${", position)) >= 0:
        if template[position - 1 : position] == "$":  # an escaped one
            position += 2
            continue
        yield False, template[start:position]
        start = position
        position = _end(template, position + 2)
        yield True, template[start:position]
        start = position
    yield False, template[start:]


def _end(template: str, position: int) -> int:
    """Behind the brace that closes a template which begins before `position`."""
    depth = 1
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}]', template[position:]):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return position + match.end()
    return len(template)


def _ephemeral(types: Mapping[str, Any]) -> Iterator[str]:
    """Overrides of blocks that CDKTF knows nothing of are left out."""
    for type, blocks in types.items():
        for name, arguments in blocks.items():
            lines = (f"{key} = {json.dumps(value)}\n" for key, value in arguments.items())
            yield f'\nephemeral "{type}" "{name}" {{\n{"".join(lines)}}}\n'
