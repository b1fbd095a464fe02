"""From a YAML file to a `PlatformConfig`, or to every problem the file has."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from floe_infra.config.document import Document
from floe_infra.config.platform import PlatformConfig
from floe_infra.config.problems import ConfigError, Problem

_HINTS = {
    "string_type": ("a text", "quote the value"),
    "int_type": ("a whole number", ""),
    "int_parsing": ("a whole number", ""),
    "int_from_float": ("a whole number", ""),
    "float_parsing": ("a number", ""),
    "bool_type": ("true or false", ""),
    "bool_parsing": ("true or false", ""),
    "list_type": ("a list", "write each value on a line of its own, after `- `"),
    "tuple_type": ("a list", "write each value on a line of its own, after `- `"),
    "dict_type": ("a mapping of keys to values", ""),
    "model_type": ("a mapping of keys to values", ""),
    "model_attributes_type": ("a mapping of keys to values", ""),
}


def load(path: str | Path) -> PlatformConfig:
    """Read and check a configuration file.

    Raises:
        ConfigError: with every problem of the file, each with its line and column.
    """
    return validate(Document.read(Path(path)))


def validate(document: Document) -> PlatformConfig:
    """Check a document that was read already. Raises `ConfigError`."""
    try:
        return PlatformConfig.model_validate(document.data)
    except ValidationError as error:
        problems = list(_problems(document, error))
        problems += _problems_elsewhere(document, error)
        raise ConfigError(problems) from None


def _problems_elsewhere(document: Document, error: ValidationError) -> Iterator[Problem]:
    """What the sections without an error say against each other, so that one run shows all of it."""
    broken = {str(details["loc"][0]) for details in error.errors() if details["loc"]}
    if not broken or broken & {"name", "environment", "cloud"}:
        return
    rest = {key: value for key, value in document.data.items() if key not in broken}
    try:
        PlatformConfig.model_validate(rest)
    except ValidationError as further:
        for problem in _problems(document, further):
            if not broken & {problem.key.split(".")[0].split("[")[0]}:
                yield problem


def _problems(document: Document, error: ValidationError) -> Iterator[Problem]:
    for details in error.errors(include_url=False):
        place = _Place.find(details["loc"])
        for finding in details.get("ctx", {}).get("findings", ()):
            yield document.problem(finding.path, finding.message, allowed=finding.allowed, fix=finding.fix)
        if "findings" not in details.get("ctx", {}):
            yield _problem(document, place, details)


def _problem(document: Document, place: _Place, details: ErrorDetails) -> Problem:
    kind, context, path = details["type"], details.get("ctx", {}), place.path
    value = details.get("input")
    if kind == "floe":
        field = tuple(filter(None, context["field"].split(".")))
        return document.problem((*path, *field), details["msg"], allowed=context["allowed"], fix=context["fix"])
    if kind == "extra_forbidden":
        return _unknown_key(document, place)
    if kind == "missing":
        return document.problem(path, "is required and missing", fix=f"add `{path[-1]}`")
    if kind == "union_tag_invalid":
        return document.problem(
            (*path, "kind"),
            f"there is no kind {context['tag']!r}",
            allowed=context["expected_tags"].replace("'", ""),
            fix=_nearest(str(context["tag"]), context["expected_tags"].replace("'", "").split(", ")),
        )
    if value is None:
        return document.problem(path, "is empty", fix="give it a value, or remove the key to get the default")
    if kind == "literal_error":
        allowed = context["expected"].replace("'", "").replace(" or ", ", ")
        fix = _nearest(str(value), allowed.split(", "))
        return document.problem(path, f"{value!r} is not valid here", allowed=allowed, fix=fix)
    allowed, fix = _HINTS.get(kind, (details["msg"].removeprefix("Input should be "), ""))
    return document.problem(path, f"{_short(value)} is not valid here", allowed=allowed, fix=fix)


def _unknown_key(document: Document, place: _Place) -> Problem:
    *_, key = place.path
    return document.problem(
        place.path,
        f"unknown key {str(key)!r}",
        allowed=", ".join(place.siblings),
        fix=_nearest(str(key), place.siblings) or "remove it",
        of_key=True,
    )


def _nearest(word: str, words: Sequence[str]) -> str:
    matches = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {matches[0]!r}?" if matches else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class _Place:
    """Where pydantic found an error, in the file's terms.

    Pydantic's `loc` holds the chosen kind as a step of its own (`("storage", "s3", "layers")`), which the file
    has not; the models' annotations tell the two apart.
    """

    def __init__(self, path: tuple[str | int, ...], siblings: list[str]) -> None:
        self.path = path
        self.siblings = siblings

    @classmethod
    def find(cls, loc: Sequence[str | int]) -> _Place:
        path: tuple[str | int, ...] = ()
        siblings: list[str] = []
        here: Any = PlatformConfig
        for step in loc:
            kinds = _kinds(here)
            if step in kinds:
                here = kinds[str(step)]
                continue
            if step == "[key]":
                continue
            siblings = list(here.model_fields) if _is_model(here) else []
            here = _child(here, step)
            path = (*path, step)
        return cls(path, siblings)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _kinds(annotation: Any) -> dict[str, type[BaseModel]]:
    """The models of a union by their `kind`."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    return {
        kind: member
        for member in members
        if _is_model(member) and "kind" in member.model_fields
        for kind in get_args(member.model_fields["kind"].annotation)
    }


def _child(annotation: Any, step: str | int) -> Any:
    """The annotation of what `step` leads to; None where nothing is known."""
    if _is_model(annotation):
        field = annotation.model_fields.get(step)
        return field.annotation if field else None
    for candidate in (annotation, *get_args(annotation)):
        origin, arguments = get_origin(candidate), get_args(candidate)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return arguments[1]
        if origin in (list, tuple):
            return arguments[0]
        if _is_model(candidate) and isinstance(step, str) and step in candidate.model_fields:
            return candidate.model_fields[step].annotation
    return None
