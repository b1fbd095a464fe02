"""Values that only Terraform knows, in what constructs write as text: charts' values, objects of Kubernetes, files.

A provider's argument takes CDKTF's tokens, which are numbers and lists in Python's eyes. In text they would be read, or
counted with, as what they are not. These are text for whoever writes them down, and refuse everything else that would
decide something in Terraform's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from floe_infra.modules.definition import ENTRIES, GenerationError, Tokens

if TYPE_CHECKING:
    from constructs import Construct


CHECKSUM = "checksum_"
"""Begins the names of the local values that hold what there are checksums of, as JSON."""


class Symbols(Tokens):
    """The tokens of a module whose constructs write text.

    Attributes:
        decided: expressions on which Python may decide, since the construct is made both ways: conditions of choices.
        members: keys of members with which the construct is made.
    """

    def __init__(
        self, scope: Construct, decided: Mapping[str, bool] | None = None, members: Sequence[str] = ()
    ) -> None:
        super().__init__(scope)
        self.decided = decided or {}
        self.members = members
        self._checksums = 0

    def text(self, expression: str) -> Any:
        return Symbol(self, expression, "text")

    def number(self, expression: str) -> Any:
        return Symbol(self, expression, "a number")

    def flag(self, expression: str) -> Any:
        return Symbol(self, expression, "true or false")

    def texts(self, expression: str) -> Any:
        return Symbol(self, expression, "a list")

    def checksum(self, parts: str, known: str) -> str:
        """The text that stands for a checksum of these parts, if Terraform has a say in them; else what is known."""
        from cdktf import TerraformLocal

        if not any(mark in parts for mark in ("${TfToken", ENTRIES, *self.members)):
            return known
        self._checksums += 1
        return str(TerraformLocal(self._scope, f"{CHECKSUM}{self._checksums}", parts).as_string)


class Symbol(str):
    """An expression. As the value of a key it is what Terraform makes of it, whatever its type; in text it is words."""

    _tokens: Symbols
    expression: str
    noun: str

    def __new__(cls, tokens: Symbols, expression: str, noun: str) -> Symbol:
        self = super().__new__(cls, tokens.local(expression, "listed" if noun == "a list" else noun))
        self._tokens, self.expression, self.noun = tokens, expression, noun
        return self

    def __str__(self) -> str:
        whole = str.__str__(self)
        return whole if self.noun == "text" else self._tokens.local(f"tostring({self.expression})", "words")

    def __format__(self, spec: str) -> str:
        return str(self)

    def replace(self, old: str, new: str, count: Any = -1) -> Symbol:  # noqa: ARG002
        return self._made(f"replace({self.expression}, {_quoted(old)}, {_quoted(new)})", "text")

    def __getitem__(self, index: Any) -> Symbol:
        if self.noun != "a list" or not isinstance(index, int):
            raise self._refusal("taken apart")
        return self._made(f"{self.expression}[{index}]", "text")

    def __bool__(self) -> bool:
        if self.expression in self._tokens.decided:
            return self._tokens.decided[self.expression]
        raise self._refusal("decided upon")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Symbol):
            return self.expression == other.expression
        raise self._refusal("compared")

    def __hash__(self) -> int:
        return hash(self.expression)

    def __deepcopy__(self, memo: Any) -> Symbol:
        return self

    def _made(self, expression: str, noun: str) -> Symbol:
        return Symbol(self._tokens, expression, noun)

    def _refusal(self, what: str) -> GenerationError:
        return GenerationError(f"{self.expression} is {what} in Python: make it a choice, or say it in Terraform")

    def _with(self, operator: str, other: Any, noun: str) -> Symbol:
        return self._made(f"{_operand(self)} {operator} {_operand(other)}", noun)

    def _after(self, operator: str, other: Any, noun: str) -> Symbol:
        return self._made(f"{_operand(other)} {operator} {_operand(self)}", noun)

    def __floordiv__(self, other: Any) -> Symbol:
        return self._made(f"floor({_operand(self)} / {_operand(other)})", "a number")


def _operand(value: Any) -> str:
    text = value.expression if isinstance(value, Symbol) else str(value)
    return f"({text})" if " " in text and not text.endswith(")") else text


def _quoted(text: str) -> str:
    return f'"{text}"'


def _refuses(name: str) -> Callable[..., Any]:
    def refuse(self: Symbol, *_: Any, **__: Any) -> Any:
        raise self._refusal(f"taken apart by {name}")

    return refuse


def _operator(operator: str, noun: str, *, after: bool = False) -> Callable[[Symbol, Any], Symbol]:
    def operate(self: Symbol, other: Any) -> Symbol:
        return self._after(operator, other, noun) if after else self._with(operator, other, noun)

    return operate


for _name, _sign in {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}.items():
    setattr(Symbol, f"__{_name}__", _operator(_sign, "true or false"))
for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    setattr(Symbol, f"__{_name}__", _operator(_sign, "a number"))
    setattr(Symbol, f"__r{_name}__", _operator(_sign, "a number", after=True))
for _name in (
    *("split", "rsplit", "partition", "rpartition", "splitlines", "strip", "lstrip", "rstrip", "lower", "upper"),
    *("startswith", "endswith", "removeprefix", "removesuffix", "find", "index", "count", "join", "translate"),
    *("__iter__", "__len__", "__contains__", "__mod__", "__int__", "__float__"),
):
    setattr(Symbol, _name, _refuses(_name))
