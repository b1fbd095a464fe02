"""The base of every configuration model.

A model is the single definition of what a kind accepts: its YAML, its JSON Schema, its Terraform variables and
its table in the docs are all read from it. Descriptions, units and bounds therefore stand here and nowhere else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, values do not change once validated."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)


class Kind(Model):
    """One alternative of a section, chosen by its `kind`.

    To add a kind: a subclass here with its `kind` literal, a construct, and one line in the room's union.
    """

    construct: ClassVar[str]
    """Where the construct is, as `module:Class`; imported only when the kind is chosen."""

    clouds: ClassVar[frozenset[str]]
    """The providers (`aws`, `gcp`, …) on which the kind exists."""

    @classmethod
    def load_construct(cls) -> Any:
        """The construct's class; importing it loads this kind's provider bindings and no others."""
        module, _, name = cls.construct.partition(":")
        return getattr(import_module(module), name)


class Disabled(Model):
    """`kind: none`: the platform goes without this part, or it is provided elsewhere."""

    kind: Literal["none"] = "none"
    """Leaves the section out."""

    clouds: ClassVar[frozenset[str]] = frozenset({"aws"})
