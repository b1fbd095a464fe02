"""Variables from models: types, defaults, descriptions, and validations with the models' own bounds and words.

https://developer.hashicorp.com/terraform/language/values/variables
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from floe_infra.cluster import config as cluster
from floe_infra.compute import config as compute
from floe_infra.config.shape import Shape
from floe_infra.database import config as database
from floe_infra.fields import Matches, bucket_problem, url_problem
from floe_infra.fields import _not_a_network as not_a_network
from floe_infra.hcl.template import escaped
from floe_infra.modules.definition import GenerationError, Module
from floe_infra.sizing.instances import InstanceType


@dataclass(frozen=True)
class Refusal:
    """A rule that the models have as a function, in Terraform's words."""

    condition: str
    """With `{}` for the value; holds for what is right."""
    wrong: str
    """A value that the pattern lets pass, and this does not."""


_TYPE = r"([cmr][5-9][agi]?[bdnz]{0,3}(-flex)?\\.(large|([23468]|9|12|16|18|24|32|48|96)?xlarge))"
_BURSTABLE = r"(t(3|3a|4g)\\.(micro|small|medium|large|2?xlarge))"
_LARGE_BURSTABLE = r"(t(3|3a|4g)\\.(medium|large|2?xlarge))"
REFUSALS: dict[Callable[[str], str | None], Refusal] = {
    bucket_problem: Refusal(
        '!can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$", {}))', "xn--lake"
    ),
    url_problem: Refusal(
        '!can(regex("^[a-z]+://[^/]*@", {})) && '
        'try(tonumber(regex("^[a-z]+://[^/]*:([0-9]+)(/|$)", {})[0]) >= 1, true) && '
        'try(tonumber(regex("^[a-z]+://[^/]*:([0-9]+)(/|$)", {})[0]) <= 65535, true)',
        "https://example.com:0",
    ),
    not_a_network: Refusal("try(cidrsubnet({}, 0, 0) == {}, false)", "10.0.0.1/16"),
    database._reserved: Refusal(f"!contains({json.dumps(sorted(database.RESERVED))}, {{}})", "table"),
    database._reserved_user: Refusal(
        f'!contains({json.dumps(sorted(database.RESERVED))}, {{}}) && !can(regex("^(pg_|rds)", {{}}))', "pg_floe"
    ),
    database._no_such_class: Refusal(
        f'can(regex("^db\\\\.({_TYPE}|{_BURSTABLE})$", {{}})) && !startswith({{}}, "db.c")', "db.x1.large"
    ),
    InstanceType.problem: Refusal(
        f'can(regex("^({_TYPE}|{_LARGE_BURSTABLE})$", {{}})) && !startswith({{}}, "c5n.")', "p3.2xlarge"
    ),
    compute._too_old: Refusal(f"try(tonumber({{}}) >= {compute.OLDEST_TRINO}, false)", str(compute.OLDEST_TRINO - 1)),
    cluster._reserved: Refusal(
        '!can(regex("(^|[./])(kubernetes[.]io|k8s[.]io|eks[.]amazonaws[.]com|cloud[.]google[.]com|gke[.]io)/", {}))',
        "kubernetes.io/role",
    ),
    cluster._not_public: Refusal(
        '!can(regex("^(0[.].*/0$|10[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|192[.]168[.]|127[.]|169[.]254[.])", {}))',
        "10.0.0.0/8",
    ),
}


@dataclass(frozen=True)
class Validation:
    """A condition, what is said when it does not hold, and values with which it does not."""

    condition: str
    message: str
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Variable:
    name: str
    type: str
    description: str
    default: Any
    """`...` where there is none."""
    nullable: bool
    validations: tuple[Validation, ...]

    @property
    def required(self) -> bool:
        return self.default is ...


def variables(module: Module) -> list[Variable]:
    """The module's variables: those that must be given first."""
    found: dict[str, Variable] = {}
    for model in module.inputs:
        texts = model.descriptions()
        for name, field in model.model_fields.items():
            called = module.named.get(name, name)
            if name not in module.hidden and called not in found:
                found[called] = _variable(called, field, Shape(model).child(name), texts.get(name, ""), module)
    return sorted(found.values(), key=lambda variable: not variable.required)


def _variable(name: str, field: FieldInfo, shape: Shape, text: str, module: Module) -> Variable:
    nullable = _takes_none(field)
    place = f"var.{name}"
    checks = [_Place(place, name, nullable, (), shape)]
    sample = (module.sample.get(name), lambda wrong: wrong)
    validations = [validation for check in checks for validation in check.validations(sample)]
    rules = [
        Validation(rule.condition, _sentence(f"{name}: {rule.message}"), (rule.refused,))
        for rule in module.rules
        if rule.variable == name
    ]
    return Variable(name, _type(shape), _description(text, shape), _default(field), nullable, (*validations, *rules))


def _takes_none(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation)


def _default(field: FieldInfo) -> Any:
    return ... if field.default is PydanticUndefined else _plain(field.default)


def _plain(value: Any) -> Any:
    """A default as data, without what is the default anyway."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_defaults=True)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _type(shape: Shape) -> str:
    if shape.fields:
        fields = (f"{in_terraform(name)} = {_field_type(shape, name, field)}" for name, field in shape.fields.items())
        return f"object({{ {', '.join(fields)} }})"
    kind = get_origin(shape.type) or shape.type
    if kind is Literal:
        kind = type(get_args(shape.type)[0])
    if kind is dict and shape.child(0).type is Any:
        return "any"  # each key's value has a type of its own
    if kind in (list, dict):
        return f"{'list' if kind is list else 'map'}({_type(shape.child(0))})"
    return {bool: "bool", int: "number", float: "number", str: "string"}[kind]


def in_terraform(field: str) -> str:
    """What a field is called in Terraform: one that ends in an underscore has a word that Python keeps to itself."""
    return field.removesuffix("_")


def _field_type(shape: Shape, name: str, field: FieldInfo) -> str:
    type = _type(shape.child(name))
    default = _default(field)
    if default is ...:
        return type
    return f"optional({type})" if default is None else f"optional({type}, {json.dumps(default)})"


def _description(text: str, shape: Shape) -> str:
    """With what is inside, line by line."""
    words = " ".join(text.split())
    inside = shape if shape.fields else shape.child(0) if get_origin(shape.type) in (list, dict) else Shape(None)
    if not inside.fields:
        return words
    texts = inside.type.descriptions()
    return "\n".join(
        [words, "", *(f"* `{in_terraform(name)}`: {' '.join(texts[name].split())}" for name in inside.fields), ""]
    )


Wrap = Callable[[str], str]
Sample = tuple[Any, Wrap]


@dataclass(frozen=True)
class _Place:
    """A value inside a variable, and the loops that lead to it."""

    value: str
    name: str
    nullable: bool
    around: tuple[str, ...]
    """What leads to it, with `{}` for the condition: loops, and that something is not null."""
    shape: Shape

    def validations(self, *samples: Sample) -> Iterator[Validation]:
        """Of this value, and of what is in it.

        Args:
            samples: values that are right, each with what puts a wrong one into the whole variable's.
        """
        [sample, wrap] = samples[0]
        for condition, wrong in self._conditions(sample):
            message = _sentence(f"{self.name}: {_allowed(self.shape)}")
            yield Validation(self._whole(condition), message, tuple(map(wrap, wrong)))
        if self.shape.fields:
            for field_name, field in self.shape.fields.items():
                name = in_terraform(field_name)
                inner = _Place(
                    f"{self.value}.{name}",
                    f"{self.name}.{name}",
                    _takes_none(field),
                    self._guarded,
                    self.shape.child(field_name),
                )
                having = [(given, put) for given, put in samples if name in (given or {})] or [samples[0]]
                yield from inner.validations(*(_inside(given or {}, put, name) for given, put in having))
        elif get_origin(self.shape.type) is dict:
            key, value = f"key{self._depth}", f"each{self._depth}"
            around = (*self._guarded, f"alltrue([for {key}, {value} in {self.value} : {{}}])")
            given = next(iter((sample or {}).values()), _least(self.shape.child(0)))
            keys = _Place(key, f"{self.name} (keys)", False, around, self.shape.keys)
            yield from keys.validations((None, lambda wrong: wrap(f"{{ {wrong} = {_hcl(given)} }}")))
            inner = _Place(value, f"{self.name}[*]", False, around, self.shape.child(0))
            found = [(each, put) for given, put in samples for each in (given or {}).values()] or [(None, wrap)]
            yield from inner.validations(*((each, _into(put, "{{ valid = {} }}")) for each, put in found))
        elif get_origin(self.shape.type) is list:
            value = f"each{self._depth}"
            around = (*self._guarded, f"alltrue([for {value} in {self.value} : {{}}])")
            inner = _Place(value, f"{self.name}[*]", False, around, self.shape.child(0))
            found = [(each, put) for given, put in samples for each in given or ()] or [(None, wrap)]
            yield from inner.validations(*((each, _into(put, "[{}]")) for each, put in found))

    @property
    def _depth(self) -> str:
        loops = sum("[for " in each for each in self.around)
        return str(loops) if loops else ""

    @property
    def _guarded(self) -> tuple[str, ...]:
        return (*self.around, f"{self.value} == null ? true : {{}}") if self.nullable else self.around

    def _whole(self, condition: str) -> str:
        for each in reversed(self._guarded):
            condition = each.replace("{}", condition)
        return condition

    def _conditions(self, sample: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Conditions on the value alone, each with wrong ones."""
        value, metadata = self.value, self.shape.metadata
        if self.shape.choices:
            choices = get_args(self.shape.type)
            wrong = '"other"' if isinstance(choices[0], str) else "2"
            yield f"contains({json.dumps(list(choices))}, {value})", (wrong,)
        if rules := [each for each in metadata if isinstance(each, Matches)]:
            conditions, wrongs = zip(*(pair for rule in rules for pair in self._matching(rule)), strict=True)
            yield " && ".join(conditions), tuple(json.dumps(wrong) for wrong in wrongs)
        bounds: dict[str, Any] = {}
        for each in metadata:
            match each:
                case Ge(low) | MinLen(low):
                    bounds["low"] = low
                case Le(high) | MaxLen(high):
                    bounds["high"] = high
        if bounds:
            kind = get_origin(self.shape.type) or self.shape.type
            counted = f"length({value})" if kind in (str, list, dict) else value
            words = {"low": f"{counted} >= {bounds.get('low')}", "high": f"{counted} <= {bounds.get('high')}"}
            whole = [f"floor({value}) == {value}"] if kind is int else []
            yield " && ".join([*(words[name] for name in bounds), *whole]), (_beyond(kind, bounds, sample),)

    def _matching(self, rule: Matches) -> Iterator[tuple[str, str]]:
        pattern = _without_lookahead(rule.pattern)
        wrong = "Not Valid!"
        if not re.fullmatch(rule.pattern, wrong):
            yield f"can(regex({json.dumps(escaped(f'^({pattern})$'))}, {self.value}))", wrong
        if _NOT_LATEST in rule.pattern:
            yield f'!endswith({self.value}, ":latest")', "registry.example.com/image:latest"
        if rule.refuse:
            refusal = REFUSALS.get(rule.refuse)
            if refusal is None:
                raise GenerationError(f"nothing says in HCL what {rule.refuse.__name__} refuses")
            yield refusal.condition.replace("{}", self.value), refusal.wrong


_WITHOUT_LOOKAHEAD = {"[a-z]([a-z0-9]|-(?!-)){0,253}[a-z0-9]": "[a-z](-?[a-z0-9]){1,254}"}
_NOT_LATEST = ":(?!latest$)"


def _without_lookahead(pattern: str) -> str:
    """Terraform's regular expressions know none (https://github.com/google/re2/wiki/Syntax)."""
    pattern = _WITHOUT_LOOKAHEAD.get(pattern, pattern).replace(_NOT_LATEST, ":")
    if "(?!" in pattern or "(?=" in pattern:
        raise GenerationError(f"{pattern} looks ahead")
    return pattern


def _least(shape: Shape) -> Any:
    """The smallest number that is right, where there is one."""
    return next((each.ge for each in shape.metadata if isinstance(each, Ge)), None)


def _beyond(kind: Any, bounds: Mapping[str, Any], sample: Any) -> str:
    """A value that is too small, or else too large."""
    if kind in (int, float):
        return str(bounds["low"] - 1 if "low" in bounds else bounds["high"] + 1)
    if kind is str:
        return json.dumps("a" * (bounds["high"] + 1))
    if bounds.get("low"):
        return "[]" if kind is list else "{}"
    count = f"number in range({bounds['high'] + 1})"
    if kind is list:
        return f'[for {count} : "a${{number}}"]'
    return f'{{ for {count} : "a${{number}}" => {_hcl(next(iter(sample.values())))} }}'


def _into(wrap: Wrap, whole: str) -> Wrap:
    return lambda wrong: wrap(whole.format(wrong))


def _inside(given: Mapping[str, Any], wrap: Wrap, name: str) -> Sample:
    """What an object has under this name."""

    def put(wrong: str) -> str:
        others = [f"{key} = {_hcl(value)}" for key, value in given.items() if key != name]
        return wrap(f"{{ {', '.join([*others, f'{name} = {wrong}'])} }}")

    return given.get(name), put


def _hcl(value: Any) -> str:
    from floe_infra.modules.fold import code

    return code(value)


def _allowed(shape: Shape) -> str:
    fixes = [each.fix for each in shape.metadata if isinstance(each, Matches) and each.fix]
    return "; ".join([shape.allowed, *fixes])


def _sentence(text: str) -> str:
    return escaped(text if text.endswith((".", "!", "?")) else f"{text}.")
