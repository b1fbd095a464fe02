"""Text of several lines, of which some are there under a condition: put together by Terraform, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from floe_infra.hcl.template import parts
from floe_infra.modules.json_text import Json


@dataclass(frozen=True)
class Lines(Json):
    """The lines."""

    def written(self, code: str) -> str:
        """The expression, with `code` for the list."""
        return f'join("\\n", {code})'


def as_lines(value: Any) -> Lines | None:
    """Text of several lines as what it is made of; None for everything else."""
    if isinstance(value, Lines):
        return value
    if not isinstance(value, str) or any("\n" in part.text for part in parts(value) if part.kind != "text"):
        return None
    return Lines(value.split("\n")) if "\n" in value else None
