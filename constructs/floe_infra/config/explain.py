"""Pydantic's errors as problems that a person can act on: its own words never appear."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from floe_infra.config.document import Document
from floe_infra.config.platform import PlatformConfig
from floe_infra.config.problems import KeyPath, Problem
from floe_infra.config.shape import Shape
from floe_infra.fields import shown

_MESSAGES = {
    "greater_than_equal": "{value} is too small",
    "less_than_equal": "{value} is too large",
    "too_short": "{count} are too few",
    "too_long": "{count} are too many",
    "string_too_short": "{value} is too short",
    "string_too_long": "{value} is too long",
    "finite_number": "{value} is no number to reckon with",
    "literal_error": "{value} is not known here",
    "string_unicode": "{value} is no Unicode text",
}
"""By the type of pydantic's error; of every other type, what kind of value is wanted."""


def explain(document: Document, error: ValidationError) -> Iterator[Problem]:
    """The problems of a document, but for those that it found itself."""
    for details in error.errors(include_url=False):
        place = _Place.find(details["loc"])
        if not document.is_faulty(place.path):
            yield from _problems(document, place, details)


@dataclass(frozen=True)
class _Place:
    """Where pydantic found an error, in the file's terms.

    Pydantic's `loc` holds the word that chose a kind as a step of its own (`("storage", "s3", "layers")`), which
    the file has not; the models tell the two apart.
    """

    path: KeyPath
    shape: Shape
    parent: Shape
    kinds: Mapping[str, type[BaseModel]]
    """What the parent could have been."""
    of_key: bool = False

    @classmethod
    def find(cls, loc: Iterable[str | int]) -> _Place:
        here = Shape(PlatformConfig)
        place = cls((), here, here, {})
        kinds: Mapping[str, type[BaseModel]] = {}
        for step in loc:
            if step == "[key]":
                place = replace(place, shape=place.parent.keys, of_key=True)
            elif found := here.alternatives:
                kinds, here = found, Shape(found[str(step)])
            else:
                parent, here = here, here.child(step)
                place, kinds = cls((*place.path, step), here, parent, kinds), {}
        return place


def _problems(document: Document, place: _Place, details: ErrorDetails) -> Iterator[Problem]:
    kind, path, value, allowed = details["type"], place.path, details["input"], place.shape.allowed
    if kind == "floe":
        for finding in details["ctx"]["findings"]:
            where, of_key = (*path, *finding.path), place.of_key and not finding.path
            yield document.problem(where, finding.message, allowed=finding.allowed, fix=finding.fix, of_key=of_key)
    elif kind == "extra_forbidden":
        yield _unknown_key(document, place)
    elif kind == "missing":
        yield document.problem(path, "is required", allowed=allowed, fix=f"add `{path[-1]}: …`")
    elif kind == "union_tag_invalid":
        yield _unknown_kind(document, place, value)
    elif value is None:
        yield document.problem(path, "is empty", allowed=allowed, fix="give it a value, or remove it")
    else:
        message = _MESSAGES.get(kind, f"{{value}} is not {place.shape.noun}")
        text = message.format(value=shown(value), count=len(value) if isinstance(value, (list, dict)) else 0)
        allowed = "" if allowed == place.shape.noun else allowed  # which the message says already
        fix = _fix(document, place, value, kind)
        yield document.problem(path, text, allowed=allowed, fix=fix, of_key=place.of_key)


def _unknown_key(document: Document, place: _Place) -> Problem:
    key, known = str(place.path[-1]), list(place.parent.fields)
    elsewhere = next((word for word, other in place.kinds.items() if key in other.model_fields), "")
    return document.problem(
        place.path,
        "unknown key",
        allowed=", ".join(known),
        fix=f"only kind {elsewhere} has it" if elsewhere else _nearest(key, known) or "remove it",
        of_key=True,
    )


def _unknown_kind(document: Document, place: _Place, section: Mapping[str, Any]) -> Problem:
    tag, kinds = place.shape.tag, list(place.shape.alternatives)
    value = section[tag]
    message = "is empty" if value is None else f"{shown(value)} is not known here"
    return document.problem((*place.path, tag), message, allowed=", ".join(kinds), fix=_nearest(value, kinds))


def _fix(document: Document, place: _Place, value: Any, kind: str) -> str:
    """What to write instead, where the value shows what was meant."""
    written = document.written(place.path)
    if written is not None and (len(written) > 60 or not written.isprintable()):
        written = None
    if kind == "literal_error":
        return _nearest(value, place.shape.choices)
    if kind == "string_type" and written is not None:
        return f'write "{written}", in quotes'
    if kind == "list_type" and written is not None:
        return f"write [{written}]"
    if kind == "int_type" and written and re.fullmatch("[0-9]{1,9}", written):
        return "remove the quotes"
    if kind == "bool_type":
        word = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower())
        return f"write {word}" if word else ""
    if isinstance(value, str) and value in place.shape.alternatives:
        return f"write `{place.path[-1]}: {{{place.shape.tag}: {value}}}`"
    return ""


def _nearest(word: object, words: Sequence[str]) -> str:
    matches = difflib.get_close_matches(str(word), words, n=1, cutoff=0.5)
    return f"did you mean {matches[0]}?" if matches else ""
