"""What a configuration file is going to need, at a glance: before anything is imported that could read it."""

from __future__ import annotations

import re
from pathlib import Path

_BINDINGS = {"aws": "aws", "gcp": "google"}
"""By `cloud.provider`."""


def bindings(file: str | Path) -> tuple[str, ...]:
    """The bindings for `fast_import.enable` to load ahead. A wrong guess costs a moment and nothing else."""
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ()
    named = re.findall(r"^[^#\n]*\bprovider: *[\"']?(\w+)", text, re.MULTILINE)
    return tuple(dict.fromkeys(_BINDINGS[provider] for provider in named if provider in _BINDINGS))
