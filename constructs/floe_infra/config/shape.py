"""What the models say of a place in the file: which keys it takes, and which values, in words."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from floe_infra.fields import Matches, shown

_NOUNS = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list"}
_UNITS = {str: "characters", list: "values", dict: "entries"}


@dataclass(frozen=True)
class Shape:
    """A type without `Annotated` and `| None`, and what `Annotated` held."""

    type: Any
    metadata: tuple[Any, ...] = ()

    @classmethod
    def of(cls, annotation: Any) -> Shape:
        """The shape that an annotation describes."""
        if get_origin(annotation) is Annotated:
            inner, *metadata = get_args(annotation)
            flat = [item for each in metadata for item in (each.metadata if isinstance(each, FieldInfo) else [each])]
            shape = cls.of(inner)
            return cls(shape.type, (*shape.metadata, *flat))
        members = [member for member in _members(annotation) if member is not NoneType]
        return cls.of(members[0]) if len(members) == 1 else cls(annotation)

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """The keys of a model; none of anything else."""
        return self.type.model_fields if _is_model(self.type) else {}

    @property
    def alternatives(self) -> dict[str, type[BaseModel]]:
        """The models of a discriminated union, by the word that chooses them; none of anything else."""
        return {
            word: member
            for member in _members(self.type)
            if _is_model(member)
            for word in get_args(member.model_fields[_tag(member)].annotation)
        }

    @property
    def tag(self) -> str:
        """The key that tells the alternatives apart."""
        return _tag(next(iter(self.alternatives.values())))

    @property
    def choices(self) -> list[str]:
        """The values of a `Literal`, as text."""
        values = get_args(self.type) if get_origin(self.type) is Literal else ()
        return [each if isinstance(each, str) else shown(each) for each in values]

    @property
    def keys(self) -> Shape:
        """Of a dictionary's keys."""
        return Shape.of(get_args(self.type)[0])

    def child(self, step: str | int) -> Shape:
        """What a key or index leads to."""
        if field := self.fields.get(str(step)):
            shape = Shape.of(field.annotation)
            return Shape(shape.type, (*shape.metadata, *field.metadata))
        arguments = get_args(self.type)
        return Shape.of(arguments[-1] if arguments else None)

    @property
    def noun(self) -> str:
        """What kind of value it is: `a whole number`."""
        if get_origin(self.type) is Literal:
            return _NOUNS[type(get_args(self.type)[0])]
        return _NOUNS.get(get_origin(self.type) or self.type, "a mapping of keys to values")

    @property
    def allowed(self) -> str:
        """Which values are allowed: `a whole number from 2 to 3`."""
        if self.choices:
            return ", ".join(self.choices)
        if self.alternatives:
            return f"a mapping whose `{self.tag}` is one of {', '.join(self.alternatives)}"
        if self.fields:
            return f"a mapping with the keys {', '.join(self.fields)}"
        text = next((each.allowed for each in self.metadata if isinstance(each, Matches)), self.noun)
        if not (bounds := self._bounds()):
            return text
        unit = _UNITS.get(get_origin(self.type) or self.type)
        return f"{text}, {bounds} {unit}" if unit else f"{text} {bounds}"

    def _bounds(self) -> str:
        low: Any = None
        high: Any = None
        for each in self.metadata:
            low = each.ge if isinstance(each, Ge) else each.min_length if isinstance(each, MinLen) else low
            high = each.le if isinstance(each, Le) else each.max_length if isinstance(each, MaxLen) else high
        if low is None:
            return "" if high is None else f"at most {high}"
        return f"at least {low}" if high is None else f"from {low} to {high}"


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _tag(model: type[BaseModel]) -> str:
    """By convention the first field."""
    return next(iter(model.model_fields))
