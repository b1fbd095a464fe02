"""Reading synthesized Terraform JSON: blocks by construct path, which says what they are for."""

from __future__ import annotations

from typing import Any


def resources(stack: dict[str, Any], type: str) -> dict[str, dict[str, Any]]:
    """The resources of a type, by construct path below the stack (`storage/bronze/bucket`)."""
    return _by_path(stack.get("resource", {}).get(type, {}))


def data(stack: dict[str, Any], type: str) -> dict[str, dict[str, Any]]:
    """The data sources of a type, by construct path below the stack."""
    return _by_path(stack.get("data", {}).get(type, {}))


def _by_path(blocks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {block["//"]["metadata"]["path"].split("/", 1)[1]: block for block in blocks.values()}
