"""YAML as every parser reads it, whether it speaks version 1.1 or 1.2: what could be taken for anything but a string is
quoted, and so is what only Terraform knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

_PLAIN = re.compile(r"[A-Za-z/]([A-Za-z0-9_./@-]*[A-Za-z0-9_])?")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""No strings to YAML 1.1 (https://yaml.org/type/bool.html)."""


def to_yaml(document: Mapping[str, Any], *comments: str) -> str:
    """A document as text, in its own order, beneath comments."""
    yaml = YAML()
    yaml.width = 1_000_000  # a folded string would not be what it was
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda *_: True
    text = StringIO()
    yaml.dump(_styled(document), text)
    return "".join([*(f"# {line}\n" for line in comments), text.getvalue()])


def _styled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_styled(key): _styled(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_styled(item) for item in value]
    if not isinstance(value, str):
        return value
    if "\n" in value:
        return LiteralScalarString(value)
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return value if plain else DoubleQuotedScalarString(value)
