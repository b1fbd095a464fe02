from __future__ import annotations

import re
from typing import Annotated, Literal

import pytest
from pydantic import Field

from floe_infra.fields import Cidr, Matches
from floe_infra.model import Model
from floe_infra.modules import NAMES, load
from floe_infra.modules.definition import Module, Rule
from floe_infra.modules.fold import GenerationError
from floe_infra.modules.variables import REFUSALS, Variable, variables


class Inner(Model):
    """Inside."""

    kind: Literal["a", "b"] = "a"
    """Which."""
    size: Annotated[int, Field(ge=1)]
    """How large."""
    limit: Annotated[int, Field(le=9)] | None = None
    """How large at most."""


class Inputs(Model):
    """Variables."""

    cidr: Cidr
    """A network,
    of two lines."""
    names: Annotated[list[Annotated[str, Matches("[a-z]+", "small letters", "look again")]], Field(max_length=2)] = [  # noqa: RUF012
        "x"
    ]
    """Names."""
    groups: dict[str, Inner] = {}  # noqa: RUF012
    """Groups."""
    hidden: str = ""
    """Nobody's."""


def made(**more: object) -> dict[str, Variable]:
    module = Module(
        name="x",
        summary="",
        inputs=(Inputs,),
        construct="",
        build=lambda *_: {},
        prefix="",
        hidden=("hidden",),
        sample={"groups": {"valid": {"size": 2}}},
        **more,  # type: ignore[arg-type]
    )
    return {variable.name: variable for variable in variables(module)}


def test_types_and_defaults():
    found = made()
    assert list(found) == ["cidr", "names", "groups"]
    assert [each.required for each in found.values()] == [True, False, False]
    assert found["names"].type == "list(string)"
    assert found["names"].default == ["x"]
    assert found["groups"].type == (
        'map(object({ kind = optional(string, "a"), size = number, limit = optional(number) }))'
    )


def test_descriptions_are_the_models():
    found = made()
    assert found["cidr"].description == "A network, of two lines."
    assert found["groups"].description.splitlines()[2:] == [
        "* `kind`: Which.",
        "* `size`: How large.",
        "* `limit`: How large at most.",
    ]


def test_a_rule_and_its_function_are_one_condition():
    [validation] = made()["cidr"].validations
    assert validation.condition == (
        'can(regex("^([0-9]+(\\\\.[0-9]+){3}/[0-9]{1,2})$", var.cidr)) && '
        "try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)"
    )
    assert validation.message == "cidr: an IPv4 network such as 10.0.0.0/16."
    assert validation.refused == ('"Not Valid!"', '"10.0.0.1/16"')


def test_lists_and_what_is_in_them():
    whole, each = made()["names"].validations
    assert whole.condition == "length(var.names) <= 2"
    assert whole.refused == ('[for number in range(3) : "a${number}"]',)
    assert each.condition == 'alltrue([for each in var.names : can(regex("^([a-z]+)$", each))])'
    assert each.message == "names[*]: small letters; look again."


def test_maps_of_objects():
    kind, size, limit = made()["groups"].validations
    assert kind.condition == 'alltrue([for key, each in var.groups : contains(["a", "b"], each.kind)])'
    assert kind.refused == ('{ valid = { size = 2, kind = "other" } }',)
    assert size.condition == "alltrue([for key, each in var.groups : each.size >= 1 && floor(each.size) == each.size])"
    assert size.refused == ("{ valid = { size = 0 } }",)
    assert limit.condition == (
        "alltrue([for key, each in var.groups : "
        "each.limit == null ? true : each.limit <= 9 && floor(each.limit) == each.limit])"
    )


def test_rules_between_values():
    rule = Rule("names", "length(distinct(var.names)) == length(var.names)", "each name once", '["a", "a"]')
    assert made(rules=(rule,))["names"].validations[-1].message == "names: each name once."


def test_a_function_that_nothing_says_in_hcl(monkeypatch):
    monkeypatch.setattr("floe_infra.modules.variables.REFUSALS", {})
    with pytest.raises(GenerationError, match="not_a_network"):
        made()


@pytest.mark.parametrize(("refuse", "refusal"), REFUSALS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_terraform_refuses_the_models_refuse(refuse, refusal):
    assert refuse(refusal.wrong)


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_is_described(name):
    for variable in variables(load(name)):
        assert re.match(r"[A-Z/0-9].*\.", variable.description), variable.name


class Edge(Model):
    """With a word that Python keeps to itself."""

    from_: Inner | None = None
    """Whence."""
    to: Annotated[str, Field(max_length=3)] = ""
    """Whither."""


class Edges(Model):
    """Variables."""

    edges: dict[str, Edge]
    """Edges."""


def test_words_of_pythons_and_what_is_right_in_one_sample_of_several():
    sample = {"edges": {"one": {"to": "b"}, "two": {"from": {"size": 2}, "to": "c"}}}
    module = Module(name="x", summary="", inputs=(Edges,), construct="", build=lambda *_: {}, sample=sample)
    [edges] = variables(module)
    assert edges.type.startswith("map(object({ from = optional(object({ kind = ")
    assert "* `from`: Whence." in edges.description
    refused = {validation.message: validation.refused for validation in edges.validations}
    assert refused["edges[*].from.limit: a whole number at most 9."] == (
        '{ valid = { to = "c", from = { size = 2, limit = 10 } } }',
    )
    assert refused["edges[*].to: text, at most 3 characters."] == ('{ valid = { to = "aaaa" } }',)
