# ruff: noqa: UP006, UP007, UP045 (hints as generated code writes them)
from __future__ import annotations

import typing
from typing import Any

import pytest
import typeguard
from cdktf import IResolvable, ITerraformDependable, TerraformResource, TerraformResourceLifecycle, TerraformStack
from constructs import Construct

from floe_infra.runtime.fast_import.arguments import checked_first

HINTS = [
    str,
    int,
    bool,
    type(None),
    Any,
    Construct,
    TerraformResourceLifecycle,
    typing.Optional[str],
    typing.Union[int, float],
    typing.Union[bool, IResolvable],
    typing.Sequence[str],
    typing.List[bool],
    typing.Mapping[str, int],
    typing.Dict[str, Any],
    typing.Optional[typing.Sequence[typing.Union[TerraformResourceLifecycle, typing.Dict[str, Any]]]],
    typing.Tuple[str, int],
    ITerraformDependable,
]
VALUES = [
    None,
    "text",
    1,
    1.5,
    True,
    [],
    ["a", "b"],
    ("a",),
    ["a", 1],
    [{}],
    [{1: 2}],
    {},
    {"a": 1},
    {"a": "b"},
    {1: 1},
    {"a"},
    object(),
    Construct,
    TerraformResourceLifecycle(),
    [TerraformResourceLifecycle()],
]


@pytest.fixture
def asked() -> list[Any]:
    return []


@pytest.fixture
def check(asked: list[Any]) -> Any:
    """Generated code's check, which notes what it was asked."""

    def stock(argname: str, value: Any, expected_type: Any) -> None:
        asked.append(value)
        typeguard.check_type(argname, value, expected_type)

    return checked_first(stock)


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_nothing_is_let_through_that_typeguard_refuses(check: Any, asked: list[Any], hint: Any) -> None:
    for value in VALUES:
        asked.clear()
        refused = False
        try:
            check(argname="x", value=value, expected_type=hint)
        except TypeError:
            refused = True

        try:
            typeguard.check_type("x", value, hint)
        except TypeError:
            assert refused, value
        else:
            assert not refused, value


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("text", str),
        (None, typing.Optional[str]),
        (2, typing.Union[int, float]),
        (True, typing.Union[bool, IResolvable]),
        (["a"], typing.Sequence[str]),
        ({"a": {"b": []}}, typing.Mapping[str, Any]),
        (
            [TerraformResourceLifecycle()],
            typing.Sequence[typing.Union[TerraformResourceLifecycle, typing.Dict[str, Any]]],
        ),
    ],
)
def test_what_is_plain_is_not_asked(check: Any, asked: list[Any], value: Any, hint: Any) -> None:
    check(argname="x", value=value, expected_type=hint)

    assert not asked


def test_what_implements_an_interface_by_its_declaration_is_not_asked(check: Any, asked: list[Any]) -> None:
    resource = TerraformResource.__new__(TerraformResource)  # without asking Node

    check(argname="x", value=[resource], expected_type=typing.Sequence[ITerraformDependable])

    assert not asked


def test_a_subclass_is_an_instance(check: Any, asked: list[Any]) -> None:
    check(argname="x", value=TerraformStack.__new__(TerraformStack), expected_type=Construct)

    assert not asked


def test_mistakes_are_worded_by_typeguard(check: Any) -> None:
    with pytest.raises(TypeError, match=r"^type of argument name must be str; got int instead$"):
        check(argname="argument name", value=1, expected_type=str)
