"""Helm values: Python data on the one side, the text that Terraform hands to Helm on the other."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from cdktf import Fn

from floe_infra.terraform import literal

_TOKEN = re.compile(r"\$\{TfToken\[[^\]]+\]\}")


MAKE_CHECKSUM: ContextVar[Callable[[str, str], str] | None] = ContextVar("MAKE_CHECKSUM", default=None)
"""Makes a checksum, where what it is of is to be seen in Terraform's configuration: given the parts, encoded as a list,
and the digits for the case that nothing in them is known to Terraform alone."""


def encode(values: Any) -> str:
    """Values as JSON, which is YAML. `Fn.yamlencode` would drop nulls, with which a chart's defaults are taken away.

    What looks like a template of Terraform's is escaped; tokens stay, and are put in as they are: a resolved value
    that holds a quote or a newline breaks the document.
    """
    return literal(json.dumps(values, ensure_ascii=False))


def merge(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `values` as Helm lays files over each other: mappings merge, all else replaces."""
    merged = dict(values)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def checksum(*parts: Any) -> str:
    """Sixteen hexadecimal digits that change with any of the parts, as tokens resolve: for annotations and labels that
    restart pods. Charts do not watch the Secrets and configuration that they are given."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    known = hashlib.sha256(_TOKEN.sub("token", text).encode()).hexdigest()
    if make := MAKE_CHECKSUM.get():
        return make(encode(parts), known[:16])
    if tokens := _TOKEN.findall(text):
        return Fn.substr(Fn.sha256(Fn.join(" ", [known, *tokens])), 0, 16)
    return known[:16]
