"""What Terraform reports while it works, with the construct's path beside each resource address.

Terraform's machine-readable UI (https://developer.hashicorp.com/terraform/internals/machine-readable-ui) is one JSON
object per line; a user knows the construct that they wrote, and not the address that CDKTF made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREVENTED = "Instance cannot be destroyed"
"""The summary of the diagnostic for `prevent_destroy`, the same in Terraform and OpenTofu."""

_PREVENTED_ADDRESS = re.compile(r"Resource (\S+) has lifecycle\.prevent_destroy set")
_JSON_CONTEXT = re.compile(r"(?:resource\.|(?=data\.))((?:data\.)?[^. ]+\.[^. ]+)")
"""`resource.aws_s3_bucket.log`, `data.aws_region.here`: where in the JSON syntax a diagnostic points to."""
_INSTANCE_KEY = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Diagnostic:
    """An error or a warning of Terraform."""

    severity: str
    summary: str
    detail: str = ""
    address: str | None = None
    construct: str | None = None
    """The path of the construct behind the address: `acme-prod-foundation/storage/bronze/bucket`."""

    @property
    def protects_data(self) -> bool:
        """True when Terraform refused because the resource holds data (`prevent_destroy`)."""
        return self.summary == PREVENTED


@dataclass(frozen=True)
class Event:
    """One line of Terraform's output."""

    kind: str
    """Terraform's message type (`apply_start`, `apply_complete`, `diagnostic`, …), or `text` for what is no JSON."""
    message: str
    address: str | None = None
    construct: str | None = None
    action: str | None = None
    """`create`, `update`, `replace`, `delete`, `read`, `no-op`."""
    elapsed: float | None = None
    """Seconds since the action on the resource began."""
    diagnostic: Diagnostic | None = None
    changes: Mapping[str, Any] | None = None
    """Of a `change_summary`: `add`, `change`, `remove`, `import`, and the `operation` (`plan`, `apply`, `destroy`)."""


class ConstructPaths:
    """Looks up construct paths in the `cdk.tf.json` of a stack, where CDKTF notes one with every resource."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "cdk.tf.json"
        self._paths: dict[str, str] | None = None

    def get(self, address: str | None) -> str | None:
        """The construct of an address, with or without instance keys. None when it is not known."""
        if address is None:
            return None
        if self._paths is None:
            self._paths = dict(self._read())
        return self._paths.get(_INSTANCE_KEY.sub("", address))

    def _read(self) -> list[tuple[str, str]]:
        try:
            synthesized = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:  # HCL output has no such notes
            return []
        return [
            (f"{prefix}{kind}.{name}", path)
            for section, prefix in (("resource", ""), ("data", "data."))
            for kind, blocks in synthesized.get(section, {}).items()
            for name, block in blocks.items()
            if (path := block.get("//", {}).get("metadata", {}).get("path"))
        ]


def parse_event(line: str, constructs: ConstructPaths) -> Event:
    """Read one line. What is no JSON (`init` of a local backend prints some) becomes a `text` event."""
    try:
        record = json.loads(line)
        kind, message = record["type"], record["@message"]
    except (ValueError, TypeError, KeyError):
        return Event("text", line)
    subject = record.get("hook") or record.get("change") or {}
    address = subject.get("resource", {}).get("addr")
    diagnostic = parse_diagnostic(record["diagnostic"], constructs) if "diagnostic" in record else None
    return Event(
        kind="diagnostic" if diagnostic else kind,
        message=message,
        address=address,
        construct=constructs.get(address),
        action=subject.get("action"),
        elapsed=subject.get("elapsed_seconds"),
        diagnostic=diagnostic,
        changes=record.get("changes"),
    )


def parse_diagnostic(record: Mapping[str, Any], constructs: ConstructPaths) -> Diagnostic:
    """Read a diagnostic as `-json` prints it, in the stream or in the answer of `validate`."""
    address = _address(record)
    return Diagnostic(
        severity=record["severity"],
        summary=record["summary"],
        detail=record.get("detail") or "",
        address=address,
        construct=constructs.get(address),
    )


def _address(record: Mapping[str, Any]) -> str | None:
    """Terraform names the address in one of three places, or not at all."""
    if record.get("address"):
        return str(record["address"])
    if prevented := _PREVENTED_ADDRESS.search(record.get("detail") or ""):
        return prevented[1]
    context = (record.get("snippet") or {}).get("context") or ""
    found = _JSON_CONTEXT.fullmatch(context)
    return found[1] if found else None
