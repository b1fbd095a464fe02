"""YAML as every parser reads it, whether it speaks version 1.1 or 1.2: what could be taken for anything but a string is
quoted, and so is what only Terraform knows.

Written here and not by ruamel.yaml, which takes 45 ms for it, a twenty-fifth of the time of synthesizing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z/]([A-Za-z0-9_./@-]*[A-Za-z0-9_])?")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""No strings to YAML 1.1 (https://yaml.org/type/bool.html)."""
_BLOCK = re.compile(r"(?! |\n)(?=[^\n]*\n)(?:[ -~\xa0-\u2027\u2030-\ud7ff]*(?<! )(?:\n|$))+")
"""Lines that a block can show: no control characters, nor spaces at the end of one, or where the indentation is."""
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def to_yaml(document: Mapping[str, Any], *comments: str) -> str:
    """A document as text, in its own order, beneath comments."""
    lines = [*(f"# {line}" for line in comments), *_lines(document)]
    return "".join(f"{line}\n" for line in lines)


def _lines(value: Any) -> Iterator[str]:
    """A mapping or a list."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{_scalar(key)}:", item)
        return
    for item in value:
        if isinstance(item, Mapping) and item:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from _indented(others)
        else:
            yield from _entry("-", item)


def _entry(head: str, item: Any) -> Iterator[str]:
    if isinstance(item, (Mapping, list, tuple)) and item:
        yield head
        yield from _indented(_lines(item))
    elif isinstance(item, str) and _BLOCK.fullmatch(item):
        ends = len(item) - len(item.rstrip("\n"))
        yield f"{head} |{('-', '')[ends] if ends < 2 else '+'}"
        yield from _indented(item.removesuffix("\n").split("\n"))
    else:
        yield f"{head} {_scalar(item)}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line else line for line in lines)


def _scalar(value: Any) -> str:
    """JSON is YAML, but for the characters that only YAML calls unprintable."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
