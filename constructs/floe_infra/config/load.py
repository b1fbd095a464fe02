"""From a YAML file to a `PlatformConfig`, or to every problem the file has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from floe_infra.config.document import Document
from floe_infra.config.explain import explain
from floe_infra.config.platform import PlatformConfig
from floe_infra.config.problems import ConfigError, Problem

_STAND_INS = {"name": "floe", "environment": "prod", "cloud": {"region": "eu-west-1"}}


def load(path: str | Path) -> PlatformConfig:
    """Read and check a configuration file.

    Raises:
        ConfigError: with every problem of the file, each with its line and column.
    """
    return validate(Document.read(Path(path)))


def validate(document: Document) -> PlatformConfig:
    """Check a document that was read already. Raises `ConfigError`."""
    try:
        config = PlatformConfig.model_validate(document.data, context={"folder": Path(document.file).parent})
    except ValidationError as error:
        problems = [*explain(document, error), *_contradictions_elsewhere(document, error)]
        raise ConfigError([*document.problems, *problems]) from None
    if document.problems:
        raise ConfigError(document.problems)
    return config


def _contradictions_elsewhere(document: Document, error: ValidationError) -> Iterator[Problem]:
    """What the sections without an error say against each other, which pydantic checks only when all are sound."""
    unsound = {str(details["loc"][0]) for details in error.errors() if details["loc"]}
    if not unsound or "environment" in unsound:  # which decides what all other sections hold
        return
    sound = {key: value for key, value in document.data.items() if key not in unsound}
    try:
        PlatformConfig.model_validate({**_STAND_INS, **sound}, context={"unsound": unsound})
    except ValidationError as further:
        yield from explain(document, further)
