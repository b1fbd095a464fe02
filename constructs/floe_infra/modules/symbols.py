"""Values that only Terraform knows, in what constructs write as text: charts' values, objects of Kubernetes, files.

A provider's argument takes CDKTF's tokens, which are numbers and lists in Python's eyes. In text they would be read, or
counted with, as what they are not. These are text for whoever writes them down, and refuse everything else that would
decide something in Terraform's place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from floe_infra.hcl.expression import Token, parse
from floe_infra.hcl.template import escaped, quoted
from floe_infra.modules.definition import GenerationError, Tokens
from floe_infra.unknown import Unknown

if TYPE_CHECKING:
    from constructs import Construct


CHECKSUM = "checksum_"
"""Begins the names of the local values that hold what there are checksums of, as JSON."""


class Symbols(Tokens):
    """The tokens of a module whose constructs write text.

    Attributes:
        decided: expressions on which Python may decide, since the construct is made both ways: conditions of choices.
        named: local values of the module, by name.
    """

    def __init__(self, scope: Construct, decided: Mapping[str, bool] | None = None) -> None:
        super().__init__(scope)
        self.decided = decided or {}
        self._checksums = 0
        self._texts: dict[tuple[str, str], str] = {}
        self._places: dict[str, str] = {}
        self.named: dict[str, str] = {}

    def text(self, expression: str) -> Any:
        return Symbol(self, expression, "text")

    def number(self, expression: str) -> Any:
        return Symbol(self, expression, "a number")

    def flag(self, expression: str) -> Any:
        return Symbol(self, expression, "true or false")

    def texts(self, expression: str) -> Any:
        return Symbol(self, expression, "a list")

    def checksum(self, parts: str, known: str) -> str:
        """The text that stands for a checksum of these parts, which is known where Terraform has no say in them."""
        from cdktf import TerraformLocal

        self._checksums += 1
        content = f'{{"known": "{known}", "parts": {parts}}}'
        return str(TerraformLocal(self._scope, f"{CHECKSUM}{self._checksums}", content).as_string)

    def local(self, expression: str, noun: str) -> str:
        if (expression, noun) not in self._texts:
            text = super().local(expression, noun)
            self._texts[expression, noun] = text
            self._places[text] = expression.removeprefix("tostring(")[:-1] if noun == "words" else expression
        return self._texts[expression, noun]

    def said(self, value: Any) -> str:
        """A value as an expression; text may hold others."""
        if isinstance(value, Symbol):
            return value.expression
        if not isinstance(value, str):
            return json.dumps(value)
        pieces = re.split(r"(\$\{TfToken\[[^]]+\]\})", value)
        said = (f"${{{self._places[each]}}}" if each in self._places else quoted(escaped(each)) for each in pieces)
        return f'"{"".join(said)}"'

    def called(self, name: str, value: Any) -> Any:
        """The same value, as a local value of the module."""
        if not isinstance(value, Symbol):
            return value
        if self.named.setdefault(name, value.expression) != value.expression:
            raise GenerationError(f"{name} is {self.named[name]}, and {value.expression}")
        return Symbol(self, f"local.{name}", value.noun)


class Symbol(Unknown, str):
    """An expression. As the value of a key it is what Terraform makes of it, whatever its type; in text it is words."""

    _tokens: Symbols
    expression: str
    noun: str
    absent: str
    """The condition under which it is null; empty: never."""

    def __new__(cls, tokens: Symbols, expression: str, noun: str, absent: str = "") -> Symbol:
        self = super().__new__(cls, tokens.local(expression, noun))
        self._tokens, self.expression, self.noun, self.absent = tokens, expression, noun, absent
        return self

    @property
    def nullable(self) -> Symbol:
        """The same, as something that may be null."""
        return Symbol(self._tokens, self.expression, self.noun, f"{self.expression} == null")

    def decides(self, yes: Any, no: Any) -> Any:
        if not isinstance(yes, Symbol) and yes == "true" and no == "false":
            return str(self)
        if self.expression in self._tokens.decided:
            return yes if self else no
        noun = yes.noun if isinstance(yes, Symbol) else "text" if isinstance(yes, str) else "a number"
        return self._conditional(self.expression, yes, no, noun)

    def among(self, function: str, numbers: Sequence[Any]) -> Symbol:
        return self._made(f"{function}({', '.join(map(self._tokens.said, numbers))})", "a number")

    def instead(self, default: Any) -> Any:
        if not self.absent:
            return self
        if self.absent == f"{self.expression} == null":
            return self._made(f"coalesce({self.expression}, {self._tokens.said(default)})", self.noun)
        return self._conditional(self.absent, default, self, self.noun)

    def _conditional(self, condition: str, yes: Any, no: Any, noun: str) -> Symbol:
        yes, no = (_operand(self._tokens.said(each), "?") for each in (yes, no))
        return self._made(f"{condition} ? {yes} : {no}", noun)

    def __str__(self) -> str:
        whole = str.__str__(self)
        return whole if self.noun == "text" else self._tokens.local(f"tostring({self.expression})", "words")

    def __format__(self, spec: str) -> str:
        return str(self)

    def replace(self, old: str, new: str, count: Any = -1) -> Symbol:  # noqa: ARG002
        return self._made(f"replace({self.expression}, {self._tokens.said(old)}, {self._tokens.said(new)})", "text")

    def __getitem__(self, index: Any) -> Symbol:
        if self.noun != "a list" or not isinstance(index, int):
            raise self._refusal("taken apart")
        return self._made(f"{self.expression}[{index}]", "text")

    def __bool__(self) -> bool:
        if self.noun == "a number":
            is_zero = self == 0
            return not is_zero
        if self.expression in self._tokens.decided:
            return self._tokens.decided[self.expression]
        raise self._refusal("decided upon")

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Symbol):
            return self.expression == other.expression
        if self.noun == "a number" and isinstance(other, (int, float)):
            return self._with("==", other, "true or false")
        raise self._refusal("compared")

    def __ne__(self, other: object) -> Any:
        if self.noun == "a number" and isinstance(other, (int, float)):
            return self._with("!=", other, "true or false")
        return not self == other

    def __hash__(self) -> int:
        return hash(self.expression)

    def __deepcopy__(self, memo: Any) -> Symbol:
        return self

    def _made(self, expression: str, noun: str, absent: str = "") -> Symbol:
        return Symbol(self._tokens, expression, noun, absent)

    def _refusal(self, what: str) -> GenerationError:
        return GenerationError(f"{self.expression} is {what} in Python: make it a choice, or say it in Terraform")

    def _with(self, operator: str, other: Any, noun: str) -> Symbol:
        one, another = _operand(self.expression, operator, first=True), _operand(self._tokens.said(other), operator)
        return self._made(f"{one} {operator} {another}", noun, self.absent or getattr(other, "absent", ""))

    def _after(self, operator: str, other: Any, noun: str) -> Symbol:
        one, another = _operand(self._tokens.said(other), operator, first=True), _operand(self.expression, operator)
        return self._made(f"{one} {operator} {another}", noun, self.absent)

    def __floordiv__(self, other: Any) -> Symbol:
        return self._made(f"floor({self._with('/', other, 'a number').expression})", "a number", self.absent)

    def __ceil__(self) -> Symbol:
        return self._made(f"ceil({self.expression})", "a number", self.absent)

    def __mod__(self, other: Any) -> Any:
        if self.noun != "a number":
            raise self._refusal("taken apart by %")
        return self._with("%", other, "a number")


_LEVELS = {
    operator: level
    for level, operators in enumerate(("? :", "||", "&&", "== !=", "< <= > >=", "+ -", "* / %"))
    for operator in operators.split()
}
"""How strongly operators bind (https://developer.hashicorp.com/terraform/language/expressions/operators)."""


def _operand(text: str, operator: str, *, first: bool = False) -> str:
    """An expression beside an operator, in parentheses where it must be; operators of a level go from left to right."""
    signs = [each.text for each in parse(text).nodes if isinstance(each, Token) and each.kind == "operator"]
    level = min((_LEVELS[sign] for sign in signs if sign in _LEVELS), default=len(_LEVELS))
    bare = level > _LEVELS[operator] or (first and level == _LEVELS[operator])
    return text if bare else f"({text})"


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
    *("__iter__", "__len__", "__contains__", "__int__", "__float__"),
):
    setattr(Symbol, _name, _refuses(_name))
