"""Checks as the document has them that a platform hands over."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from floe_infra.checks.program.run import Check


def document(checks: Sequence[Check], job: Mapping[str, Any] | None = None) -> str:
    """Its text."""
    return json.dumps({"job": job, "checks": as_data(checks)})


def as_data(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Without what is said anyway."""
    return [
        {"name": check.name, "kind": type(check.what).__name__, "what": _without_defaults(check.what)}
        for check in checks
    ]


def _without_defaults(value: Any) -> dict[str, Any]:
    return {
        field.name: _plain(held)
        for field in dataclasses.fields(value)
        if (held := getattr(value, field.name)) != field.default
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _without_defaults(value)
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
