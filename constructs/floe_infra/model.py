"""The base of every configuration model.

A model is the single definition of what a kind accepts: its YAML, its JSON Schema, its Terraform variables and
its table in the docs are all read from it. Descriptions, units and bounds therefore stand here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, model_validator
from typing_extensions import Self

from floe_infra.fields import Finding, refuse


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, values are neither converted nor changed later.

    No conversion, since the JSON Schema knows none: what an editor underlines is what the loader refuses.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )

    def findings(self) -> Iterator[Finding]:
        """What the values, each of them valid, say against each other. For models to override."""
        yield from ()

    @model_validator(mode="after")
    def _raise_findings(self) -> Self:
        if findings := tuple(self.findings()):
            raise refuse(*findings)
        return self


class Kind(Model):
    """One alternative of a section, chosen by its `kind`, which is its first field.

    To add a kind: a subclass here with its `kind` literal, a construct, and one line in the room's union.
    """

    construct: ClassVar[str]  # type: ignore[assignment]  # hides pydantic 1's method of this name
    """Where the construct is, as `module:Class`; imported only when the kind is chosen."""

    clouds: ClassVar[frozenset[str]]
    """The providers (`aws`, `gcp`, …) on which the kind exists."""

    @classmethod
    def load_construct(cls) -> Any:
        """The construct's class; importing it loads this kind's provider bindings and no others."""
        module, _, name = cls.construct.partition(":")
        return getattr(import_module(module), name)


class Disabled(Model):
    """The platform goes without this part, or it is provided elsewhere."""

    kind: Literal["none"] = "none"
    """Leaves the section out."""

    clouds: ClassVar[frozenset[str]] = frozenset({"aws"})
