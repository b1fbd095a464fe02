"""Modules that are made of other modules: which, what of theirs is wired to what, and what their user decides.

What a child's variable takes is never written a second time: those that nothing is wired to become fields of one object
for each child, with the child's own types, defaults, descriptions and bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, ClassVar, get_args

from pydantic import Field, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from floe_infra.hcl.body import Block
from floe_infra.hcl.document import as_text
from floe_infra.hcl.expression import parse
from floe_infra.hcl.template import literal
from floe_infra.model import Model
from floe_infra.modules.definition import GenerationError, Module, Output
from floe_infra.modules.probe import Element

REGION = "data.aws_region.current.id"
"""The provider's region, as a composition says it."""


@dataclass(frozen=True)
class Child:
    """A module within another.

    Attributes:
        module: its definition.
        wired: what its variables are given, in HCL.
        settings: what the object is that holds its other variables, in words; none of them may be left when empty.
        defaults: of its variables, where the composition's are other ones.
        switches: flags, each with its description, by the variable that is null where one is false: a field that has
            a default cannot be null.
        adjusted: what other variables are given, in HCL, with `{given}` for the user's value.
        left: variables that stay as they are.
        after: children that come before it.
    """

    module: Module
    wired: Mapping[str, str]
    settings: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    adjusted: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called within the composition, and so is the object of its settings."""
        return self.module.name.replace("-", "_")

    def fields(self) -> dict[str, tuple[FieldInfo, str]]:
        """Its variables that the user decides on, with their descriptions. Raises `GenerationError`."""
        found: dict[str, tuple[FieldInfo, str]] = {}
        known: set[str] = set()
        for model in self.module.inputs:
            texts = model.descriptions()
            for name, info in model.model_fields.items():
                called = self.module.named.get(name, name)
                if name in self.module.hidden or called in known:
                    continue
                known.add(called)
                if called not in self.wired and called not in self.left:
                    found[called] = self._field(called, info), texts.get(name, "")
        if missing := {*self.wired, *self.left, *self.defaults, *self.switches, *self.adjusted} - known:
            raise GenerationError(f"{self.module.name} has no variables {sorted(missing)}")
        if found and not self.settings:
            raise GenerationError(f"nobody gives {self.module.name} its {sorted(found)}")
        for flag, text in self.switches.values():
            found[flag] = FieldInfo(annotation=bool, default=True), text
        return found

    def _field(self, name: str, info: FieldInfo) -> FieldInfo:
        info = copy(info)
        if name in self.defaults:
            info.default = self.defaults[name]
        nullable = type(None) in get_args(info.annotation)
        if nullable and info.default is not None and name not in self.switches:
            raise GenerationError(f"{self.module.name}.{name} is null or {info.default!r}: an object cannot tell")
        return info

    def arguments(self) -> dict[str, str]:
        """What it is given, in HCL."""
        given = dict(self.wired)
        flags = {flag for flag, _ in self.switches.values()}
        for name in self.fields():
            value = f"var.{self.name}.{name}"
            if name in self.switches:
                value = f"var.{self.name}.{self.switches[name][0]} ? {value} : null"
            if name not in flags:
                given[name] = self.adjusted.get(name, "{given}").replace("{given}", value)
        return given


class _Settings(Model):
    """One object's fields."""

    texts: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def descriptions(cls) -> dict[str, str]:
        return dict(cls.texts)


def settings(*children: Child) -> type[Model]:
    """The variables with the children's settings, one for each child that has any."""
    fields: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for child in children:
        if found := child.fields():
            model = _model(child.name, {name: info for name, (info, _) in found.items()})
            model.texts = {name: text for name, (_, text) in found.items()}
            required = any(info.default is PydanticUndefined for info, _ in found.values())
            fields[child.name] = (model, ... if required else Field(default={}))
            texts[child.name] = child.settings
    made = _model("settings", fields)
    made.texts = texts
    return made


def samples(*children: Child) -> dict[str, Any]:
    """Right values of the children's settings, as far as they have any."""
    found = {
        child.name: {name: child.module.sample[name] for name in child.fields() if name in child.module.sample}
        for child in children
    }
    return {name: sample for name, sample in found.items() if sample}


def _model(name: str, fields: Mapping[str, Any]) -> type[_Settings]:
    given: Any = {key: each if isinstance(each, tuple) else (each.annotation, each) for key, each in fields.items()}
    made: type[_Settings] = create_model(name, __base__=_Settings, **given)
    return made


@dataclass(frozen=True)
class Composition(Module):
    """A module that consists of others."""

    children: tuple[Child, ...] = ()
    outputs: Mapping[str, Output] = field(default_factory=dict)
    """Each value in HCL."""

    def elements(self) -> list[Element]:
        """What it holds besides its children."""
        return [Element("data", "aws_region", ("region",), {}, {})]

    def blocks(self) -> tuple[list[Block], list[Block]]:
        """Those of `main.tf`, and those of `outputs.tf`."""
        locals = Block("locals", (), {name: parse(text) for name, text in self.locals.items()})
        main = [locals, Block("data", ("aws_region", "current")), *map(_call, self.children)]
        outputs = [
            Block("output", (name,), {"description": literal(output.description), "value": parse(output.value)})
            for name, output in self.outputs.items()
        ]
        return main, outputs


def _call(child: Child) -> Block:
    block = Block("module", (child.name,), {"source": as_text(f"../{child.module.name}")})
    block.arguments |= {name: parse(text) for name, text in child.arguments().items()}
    if child.after:
        block.arguments["depends_on"] = parse(f"[{', '.join(f'module.{name}' for name in child.after)}]")
    return block
