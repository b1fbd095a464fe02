"""The base of every configuration model.

A model is the single definition of what a kind accepts: its YAML, its JSON Schema, its Terraform variables and
its table in the docs are all read from it. Descriptions, units and bounds therefore stand here and nowhere else.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from textwrap import dedent
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, model_validator
from typing_extensions import Self

from floe_infra.fields import Finding, refuse
from floe_infra.needs import Needs

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig


ANYWHERE = frozenset({"aws", "gcp", "local"})
"""The `clouds` of what runs in any cluster."""


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, values are neither converted nor changed later.

    No conversion, since the JSON Schema knows none: what an editor underlines is what the loader refuses.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        defer_build=True,  # the platform's validator contains those of all its parts: most are never needed alone
    )

    def findings(self) -> Iterator[Finding]:
        """What the values, each of them valid, say against each other. For models to override."""
        yield from ()

    @classmethod
    def descriptions(cls) -> dict[str, str]:
        """What stands below each field in the source.

        Read when somebody asks: pydantic's `use_attribute_docstrings` reads the source of every model at every start.
        """
        models = [base for base in reversed(cls.__mro__) if issubclass(base, Model)]
        return {name: text for model in models for name, text in _documented(model) if name in cls.model_fields}

    @model_validator(mode="after")
    def _raise_findings(self) -> Self:
        if findings := tuple(self.findings()):
            raise refuse(*findings)
        return self


def _documented(model: type[Model]) -> Iterator[tuple[str, str]]:
    (definition,) = ast.parse(dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    for pair in pairwise(definition.body):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


class Kind(Model):
    """One alternative of a section, chosen by its `kind`, which is its first field.

    To add a kind: a subclass here with its `kind` literal, a construct, and one line in the room's union.
    """

    construct: ClassVar[str | None] = None  # type: ignore[assignment]  # hides pydantic 1's method of this name
    """What the kind makes in the cloud, as `module:Class`; imported only when the kind is chosen."""

    service: ClassVar[str | None] = None
    """What it makes in the cluster, likewise."""

    pod_security: ClassVar[str] = "restricted"
    """The strictest Pod Security Standard that the service's pods keep."""

    clouds: ClassVar[frozenset[str]]
    """The providers (`aws`, `gcp`, …) on which the kind exists; `local` for what runs in any cluster."""

    for_trying: ClassVar[str | None] = None
    """Why the kind is refused in `staging` and `prod`; None where it is not."""

    warning: ClassVar[str | None] = None
    """What whoever chooses the kind should know, and could not guess."""

    def needs(self, platform: PlatformConfig) -> Needs | None:  # noqa: ARG002
        """What the service in the cluster wants of the cloud; None where the kind has no service."""
        return None

    @classmethod
    def load_construct(cls) -> Any:
        """The cloud's construct; importing it loads this kind's provider bindings and no others."""
        return load(cls.construct)

    @classmethod
    def load_service(cls) -> Any:
        """The cluster's construct."""
        return load(cls.service)


def load(place: str | None) -> Any:
    """What `module:Name` says."""
    module, _, name = (place or "").partition(":")
    return getattr(import_module(module), name)


class Disabled(Kind):
    """The platform goes without this part, or it is provided elsewhere."""

    kind: Literal["none"] = "none"
    """Leaves the section out."""

    clouds: ClassVar[frozenset[str]] = ANYWHERE
