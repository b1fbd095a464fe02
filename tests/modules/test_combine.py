from __future__ import annotations

from typing import Any

import pytest

from floe_infra.modules import GenerationError
from floe_infra.modules.combine import combine
from floe_infra.modules.json_text import Json
from floe_infra.modules.merge import flat, merge
from floe_infra.modules.probe import Element


def element(name: str = "a", **body: Any) -> Element:
    return Element("resource", "helm_release", (name,), body, {})


def combined(base: Any, one: Any, other: Any) -> list[Element]:
    """Of two choices, `var.one` and `var.other`, that make this of the base."""
    return combine(base, merge(lambda _: "var.one", one, base), merge(lambda _: "var.other", other, base))


def values(base: Any, one: Any, other: Any) -> Any:
    [made] = combined(*([element(values=each)] for each in (base, one, other)))
    return flat(made.body["values"])


def test_each_choice_changes_its_own():
    base, one, other = {"x": 1, "y": 1}, {"x": 2, "y": 1}, {"x": 1, "y": 2}
    assert values(base, one, other) == {"x": "${var.one ? 2 : 1}", "y": "${var.other ? 2 : 1}"}
    assert values(Json(base), Json(one), Json(other)) == (
        "${jsonencode({ x = var.one ? 2 : 1, y = var.other ? 2 : 1 })}"
    )


def test_what_neither_changes_stays():
    assert values({"x": 1}, {"x": 1}, {"x": 1}) == {"x": 1}


def test_both_add_to_a_map_and_to_a_list():
    assert values({}, {"x": 1}, {"y": 2}) == "${merge({}, var.one ? { x = 1 } : null, var.other ? { y = 2 } : null)}"
    assert values(["a"], ["a", "b"], ["c", "a"]) == ('${concat(var.other ? ["c"] : [], ["a"], var.one ? ["b"] : [])}')
    assert values(["a"], ["a", "b"], ["a", "c"]) == '${concat(["a"], var.one ? ["b"] : [], var.other ? ["c"] : [])}'


def test_an_entry_that_neither_wants_goes_with_both():
    assert (
        values({"x": 1, "y": 2}, {"y": 2}, {"y": 2}) == "${merge({ y = 2 }, !var.one && !var.other ? { x = 1 } : null)}"
    )


def test_lines_of_text():
    assert values("a\nb", "a\nb\nc", "d\na\nb") == (
        '${join("\\n", concat(var.other ? ["d"] : [], ["a", "b"], var.one ? ["c"] : []))}'
    )


@pytest.mark.parametrize(
    ("base", "one", "other"),
    [
        ({"x": 1}, {"x": 2}, {"x": 3}),
        (["a", "b"], ["a", "c", "d"], ["a", "e"]),
        ("a", "b", "c"),
        ({}, {"x": 1}, {"x": 2}),
        ({}, {"x": 1}, {"x": 1}),
    ],
)
def test_choices_that_change_the_same_are_refused(base, one, other):
    with pytest.raises(GenerationError, match="depend on each other"):
        values(base, one, other)


def test_each_choice_makes_its_own():
    made = combined([element()], [element(), element("b")], [element("c"), element()])
    assert {each.path: each.when for each in made} == {("a",): "", ("b",): "var.one", ("c",): "var.other"}


def test_what_two_choices_make_is_refused():
    with pytest.raises(GenerationError, match="more than one choice"):
        combined([element()], [element(), element("b")], [element(), element("b")])


def test_what_no_choice_makes_goes_with_either():
    [_, gone] = combined([element(), element("b")], [element()], [element()])
    assert gone.when == "!var.one && !var.other"
