"""What a module is: a construct, the variables that its configuration becomes, and the choices it is made with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from floe_infra.config.shape import Shape
from floe_infra.context import Context
from floe_infra.model import Model
from floe_infra.modules.json_text import Json

if TYPE_CHECKING:
    from constructs import Construct


class GenerationError(Exception):
    """A construct does something that no module can say."""


class Tokens:
    """Values that only Terraform knows: its expressions, as the text, numbers and lists that a construct takes.

    Each is a local value of the stack while the construct is made; in what comes out, the expression takes its place.
    """

    def __init__(self, scope: Construct) -> None:
        self._scope = scope
        self._expressions: list[tuple[str, str]] = []

    def text(self, expression: str) -> Any:
        return str(self._local(expression, "text").as_string)

    def number(self, expression: str) -> Any:
        return self._local(expression, "a number").as_number

    def flag(self, expression: str) -> Any:
        return self._local(expression, "true or false").as_boolean

    def texts(self, expression: str) -> Any:
        return list(self._local(expression, "a list").as_list)

    def entries(self, expression: str) -> dict[str, str]:
        """A map's entries, to be put among others."""
        return {f"{ENTRIES}{expression}": ""}

    def of(self, model: type[Model], at: str, *, names: Mapping[str, str] | None = None, **given: Any) -> Any:
        """A model whose values are those of the object `at` (`var`, `each.value`), but for what is given.

        Args:
            names: of fields that are called something else there.
        """
        fields = {
            field: self._value(Shape(model).child(field), f"{at}.{(names or {}).get(field, field)}")
            for field in model.model_fields
            if field not in given and field != "kind"
        }
        return model.model_construct(**fields, **given)

    def _value(self, shape: Shape, expression: str) -> Any:
        if shape.fields:
            return self.of(shape.type, expression)
        noun = shape.noun
        if noun == "a list":
            return self.texts(expression)
        make = {"true or false": self.flag, "a whole number": self.number, "a number": self.number, "text": self.text}
        return make[noun](expression)

    def local(self, expression: str, noun: str) -> str:
        """The text that stands for an expression."""
        return str(self._local(expression, noun).as_string)

    def _local(self, expression: str, noun: str) -> Any:
        from cdktf import TerraformLocal

        self._expressions.append((expression, noun))
        return TerraformLocal(self._scope, f"token_{len(self._expressions) - 1}", "")

    def replaced(self, value: Any) -> Any:
        """Terraform JSON with the expressions in the tokens' places."""
        if isinstance(value, str):
            return self._replaced(value)
        if isinstance(value, Json):
            return value.of(self.replaced(value.value))
        if isinstance(value, Mapping):
            return {self.replaced(key): self.replaced(each) for key, each in value.items()}
        return [self.replaced(each) for each in value] if isinstance(value, list) else value

    def _replaced(self, text: str) -> str:
        alone = re.fullmatch(r"\$\{local\.token_([0-9]+)\}", text)
        if alone:
            return f"${{{self._expressions[int(alone[1])][0]}}}"
        text = re.sub(r"(?<=\$\{)local\.token_([0-9]+)(?=\})", lambda found: self._between(int(found[1])), text)
        return re.sub(r"\blocal\.token_([0-9]+)\b", lambda found: self._expressions[int(found[1])][0], text)

    def _between(self, index: int) -> str:
        """An expression with text around it, which makes words of a number anyway."""
        expression, noun = self._expressions[index]
        return expression.removeprefix("tostring(")[:-1] if noun == "words" else expression


@dataclass(frozen=True)
class Choice:
    """Something that decides what there is, and not only what a value is: the construct is made both ways."""

    name: str
    condition: str | Callable[[tuple[str, ...]], str]
    """When `on` holds, as Terraform says it; it may depend on the path of the construct that is looked at."""
    on: Any = True
    off: Any = False

    def condition_at(self, path: tuple[str, ...]) -> str:
        return self.condition if isinstance(self.condition, str) else self.condition(path)


ENTRIES = "entries of "
"""Begins the key that stands for all entries of a map."""
MEMBER = "each0"
"""The key of the one member with which a construct is made whose members a variable lists."""


@dataclass(frozen=True)
class Each:
    """The members of a map, of which the construct is given one, `MEMBER`."""

    over: str
    names: tuple[str, str] = ("key", "value")
    """What key and value are called where all members are gone through; of a list or set the key is empty."""
    member: str = MEMBER
    """The key of the one member."""
    constructs: tuple[str, ...] = ()
    """Ids of constructs that there are for each member, though they are not called after it."""
    when: str = ""
    """Which members are meant where all are gone through, by these names; all when empty."""


@dataclass(frozen=True)
class Numbered:
    """Constructs called `<prefix>_0`, `<prefix>_1` and so on, as many as a variable says."""

    prefix: str
    over: str


@dataclass(frozen=True)
class Output:
    """What a module says of what it has made."""

    value: Any
    description: str
    after: Sequence[Any] = ()
    """What takes the value comes after these."""


Outputs = Mapping[str, Output]
Build = Callable[["Construct", Mapping[str, Any], Tokens, Context], Outputs]


@dataclass(frozen=True)
class Rule:
    """What several values of a variable, or several variables, say against each other."""

    variable: str
    condition: str
    message: str
    refused: str
    """A value in HCL, for the module's own test."""


@dataclass(frozen=True)
class Module:
    """One of `terraform-modules/`."""

    name: str
    summary: str
    """What it makes, in one sentence; the README's and the header's."""
    inputs: tuple[type[Model], ...]
    """The models whose fields are its variables; of two of the same name the first counts."""
    construct: str
    """What it is made from, for people: `floe_infra.storage.s3:S3Storage`."""
    build: Build
    """Makes the construct, with the alternatives chosen (by the choices' names), and says the outputs."""
    prefix: str = '""'
    """Begins the names of what it makes, in HCL: `var.name`."""
    providers: tuple[str, ...] = ("aws",)
    """What it is made with: `aws`, or `helm` (and `kubernetes`), with which values go into text."""
    terraform: str = ">= 1.9.0"
    """The versions of Terraform that take it: 1.9 is the first whose validations may look at other variables."""
    hidden: tuple[str, ...] = ("kind",)
    """Fields that are no variables."""
    named: Mapping[str, str] = field(default_factory=dict)
    """Variables that are called otherwise than the field, since Terraform keeps the word to itself."""
    choices: tuple[Choice, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    """The names of choices that change the same values. Each of the other choices is looked at with all others left
    off. When left out, all change the same, and every combination is made."""
    each: Each | None = None
    gone_through: tuple[Each, ...] = ()
    """Maps of which the construct is given one member too, and that are gone through in text alone."""
    numbered: Numbered | None = None
    nested: Mapping[str, str] = field(default_factory=dict)
    """What blocks of a type are made of, by the type; the construct was given `<type>.value`."""
    locals: Mapping[str, str] = field(default_factory=dict)
    about_locals: str = ""
    """A comment on them."""
    shorter: Mapping[str, str] = field(default_factory=dict)
    """Conditions that come together when choices do, and how a person says the same, who knows which exclude each
    other."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Parts of addresses that are called otherwise than the construct calls them."""
    rules: tuple[Rule, ...] = ()
    sample: Mapping[str, Any] = field(default_factory=dict)
    """Values for variables that must be given, and for what must be given inside others: for the module's own tests."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Former addresses, and what they are now."""


@dataclass(frozen=True)
class ModuleContext(Context):
    """The context of a module: its user says how names begin, and whether data is protected."""

    begins: str = ""
    protects: bool = True

    @property
    def prefix(self) -> str:
        return self.begins

    @property
    def path(self) -> str:
        return self.begins

    @property
    def keeps_data(self) -> bool:
        return self.protects
