"""Text that is JSON, such as what Helm is given: taken apart, to be put together again as HCL with `jsonencode`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from floe_infra.hcl.template import escaped, parts, unescaped

_MARK = "\ue000"
"""Stands around the number of an expression while the text between is read. Nobody writes it: it has no meaning."""


@dataclass(frozen=True)
class Json:
    """What a text in JSON says; the strings in it are templates."""

    value: Any

    def of(self, value: Any) -> Json:
        """The same of something else."""
        return replace(self, value=value)

    def written(self, code: str) -> str:
        """The expression, with `code` for the value."""
        return f"jsonencode({code})"


@dataclass(frozen=True)
class Checksum(Json):
    """What changes with a value."""

    is_text: bool
    known: str = field(default="", compare=False)
    """What it is, where nothing in the value is for Terraform to say."""

    def written(self, code: str) -> str:
        """The expression: sixteen hexadecimal digits, as `kubernetes.values.checksum` has them."""
        return f"substr(sha256({code if self.is_text else super().written(code)}), 0, 16)"


def decoded(template: str) -> Any:
    """A template as what it says when it is JSON, of an object, a list, or an expression; else the template itself."""
    if not template.lstrip().startswith(("{", "[", '"${')):
        return template
    pieces = parts(template)
    if any(piece.kind == "directive" for piece in pieces):
        return template
    expressions = [piece for piece in pieces if piece.kind != "text"]
    numbers = iter(range(len(expressions)))
    # What is escaped for Terraform is not yet, as JSON has it.
    text = "".join(
        unescaped(piece.text) if piece.kind == "text" else f"{_MARK}{next(numbers)}{_MARK}" for piece in pieces
    )
    try:
        value = json.loads(text)
    except ValueError:
        return template

    def put_back(text: str) -> str:
        return re.sub(f"{_MARK}([0-9]+){_MARK}", lambda found: f"${{{expressions[int(found[1])].text}}}", escaped(text))

    return Json(mapped(value, lambda text: _inside(put_back(text))))


def _inside(text: str) -> Any:
    """JSON in JSON, where somebody has to look into it: where it holds expressions."""
    return decoded(text) if any(piece.kind != "text" for piece in parts(text)) else text


def is_known(value: Any) -> bool:
    """Whether it is data alone, and nothing in it for Terraform to say."""
    if isinstance(value, str):
        return all(piece.kind == "text" for piece in parts(value))
    if isinstance(value, Json):
        return is_known(value.value)
    if isinstance(value, dict):
        return all(is_known(each) for each in (*value, *value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else isinstance(value, (int, float, type(None)))


def mapped(value: Any, change: Callable[[str], Any]) -> Any:
    """A value with each string in it changed, the keys of objects too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Json):
        return value.of(mapped(value.value, change))
    if isinstance(value, dict):
        return {str(change(key)): mapped(each, change) for key, each in value.items()}
    return [mapped(each, change) for each in value] if isinstance(value, list) else value
