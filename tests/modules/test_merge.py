from __future__ import annotations

import pytest

from floe_infra.modules.fold import GenerationError, Spread, follow
from floe_infra.modules.merge import Maybe, both, flat, merge, negated
from floe_infra.modules.probe import Element


def resource(path: str, **body: object) -> Element:
    return Element("resource", "aws_x", tuple(path.split("/")), dict(body), {"rule": {}})


def merged(on: list[Element], off: list[Element], condition: str = "var.on") -> list[Element]:
    return merge(lambda _: condition, on, off)


def test_what_only_one_has_is_there_under_a_condition():
    one, two, three = merged([resource("a"), resource("b")], [resource("a"), resource("c")])
    assert [one.when, two.when, three.when] == ["", "var.on", "!var.on"]


def test_conditions_add_up():
    [inner] = merged([resource("a")], [], "var.inner")
    [outer] = merge(lambda _: 'var.kind == "x"', [inner], [])
    assert outer.when == 'var.kind == "x" && var.inner'


def test_values_that_differ_are_conditional():
    on = resource("a", same=1, flag=True, other=False, text="x", only="${var.y}", nested={"a": "1", "b": "2"})
    off = resource("a", same=1, flag=False, other=True, text="${var.z}", nested={"a": "1", "b": "3"})
    [both] = merged([on], [off])
    assert both.body == {
        "same": 1,
        "flag": "${var.on}",
        "other": "${!var.on}",
        "text": '${var.on ? "x" : var.z}',
        "only": "${var.on ? var.y : null}",
        "nested": {"a": "1", "b": '${var.on ? "2" : "3"}'},
    }


def test_lists_keep_what_they_share():
    [both] = merged([resource("a", names=["x", "y"])], [resource("a", names=["x"])])
    assert both.body["names"] == ["x", Maybe("var.on", ("y",))]
    assert flat(both.body["names"]) == '${concat(["x"], var.on ? ["y"] : [])}'


def test_several_objects_keep_their_own_types():
    item = {"x": 1}
    [both] = merged([resource("a", items=["a", item])], [resource("a", items=["a"])])
    assert flat(both.body["items"]) == '${concat(["a"], var.on ? [{ x = 1 }] : [])}'
    [both] = merged([resource("a", items=["a", item, {"y": "z"}])], [resource("a", items=["a"])])
    assert flat(both.body["items"]) == '${concat(["a"], [for item in [{ x = 1 }, { y = "z" }] : item if var.on])}'
    [both] = merged([resource("a", items=["a", item, {"x": 2}])], [resource("a", items=["a"])])
    assert flat(both.body["items"]) == '${concat(["a"], var.on ? [{ x = 1 }, { x = 2 }] : [])}'


def test_items_of_lists_under_two_conditions():
    [inner] = merged([resource("a", items=["a", "b", "c"])], [resource("a", items=["a", "b"])], "var.inner")
    [outer] = merged([inner], [resource("a", items=["a"])], "var.outer")
    assert outer.body["items"] == ["a", Maybe("var.outer", ("b",)), Maybe("var.outer && var.inner", ("c",))]


def test_maps_keep_what_they_share():
    [both] = merged([resource("a", tags={"x": 1, "y": 2})], [resource("a", tags={"x": 1})])
    assert flat(both.body["tags"]) == "${merge({ x = 1 }, var.on ? { y = 2 } : null)}"
    [neither] = merged([resource("a", tags={"x": 1})], [resource("a", tags={"y": 2})], "var.one ? true : var.two")
    assert flat(neither.body["tags"]) == (
        "${merge({}, (var.one ? true : var.two) ? { x = 1 } : null, !(var.one ? true : var.two) ? { y = 2 } : null)}"
    )


def test_a_list_that_may_be_empty_keeps_its_items_under_the_condition():
    [inner] = merged([resource("a", names=["x"])], [resource("a", names=[])], "var.inner")
    [outer] = merged([resource("a", names=["y", *inner.body["names"]])], [inner], "var.outer")
    assert outer.body["names"] == [Maybe("var.outer", ("y",)), Maybe("var.inner", ("x",))]
    assert flat(inner.body["names"]) == '${var.inner ? ["x"] : []}'


def test_what_is_there_for_a_reason_holds_what_it_is_there_for():
    only = merged([resource("a", names=["x"])], [], "var.inner")
    [both] = merged([resource("a", names=[Maybe("var.inner", ("x",)), "y"])], only, "var.outer")
    assert both.when == "var.outer || var.inner"
    assert both.body["names"] == [Maybe("var.inner", ("x",)), Maybe("var.outer", ("y",))]


def test_blocks_are_told_apart_by_what_they_are_called():
    on = resource("a", rule=[{"id": "tidy", "days": 1}, {"id": "tier"}])
    off = resource("a", rule=[{"id": "tidy", "days": 2}])
    [both] = merged([on], [off])
    assert both.body["rule"] == [{"id": "tidy", "days": "${var.on ? 1 : 2}"}, {"id": "tier", "//when": "var.on"}]


def test_a_lifecycle_is_no_choice():
    with pytest.raises(GenerationError, match="lifecycle"):
        merged([resource("a", lifecycle={"prevent_destroy": True})], [resource("a")])


@pytest.mark.parametrize(
    ("condition", "opposite"),
    [
        ("var.x", "!var.x"),
        ("!var.x", "var.x"),
        ("var.x == null", "var.x != null"),
        ("length(var.x) > 0", "length(var.x) == 0"),
        ('!contains(keys(var.x), "a")', 'contains(keys(var.x), "a")'),
        ("var.x && var.y", "!(var.x && var.y)"),
    ],
)
def test_the_other_way_round(condition, opposite):
    assert negated(condition) == opposite


def test_conditions_in_a_row():
    assert both("", "var.x") == "var.x"
    assert both("var.x || var.y", "var.z") == "(var.x || var.y) && var.z"


@pytest.mark.parametrize(
    ("values", "one"),
    [
        ([0, 1, 2], "${count.index}"),
        ([48, 49, 50], "${count.index + 48}"),
        (["zone-0", "zone-1", "zone-2"], "zone-${count.index}"),
        (["${a.b[0].id}", "${a.b[1].id}", "${a.b[2].id}"], "${a.b[count.index].id}"),
        ([{"x": 0, "y": "z"}, {"x": 1, "y": "z"}, {"x": 2, "y": "z"}], {"x": "${count.index}", "y": "z"}),
        ([Spread("a[*].id")] * 3, Spread("a[*].id")),
    ],
)
def test_what_follows_a_number(values, one):
    assert follow(values, range(3), "count.index") == one


@pytest.mark.parametrize("values", [[0, 1, 4], ["a", "b", "c"], [{"x": 1}, {"y": 1}, {"x": 1}], ["0", 1, 2]])
def test_what_follows_none_is_refused(values):
    with pytest.raises(GenerationError, match="number"):
        follow(values, range(3), "count.index")


def test_of_two_neighbours_in_a_list_there_is_one_or_the_other():
    [one] = merged([resource("a", names=["x", "y"])], [resource("a", names=["x", "z", "z"])])
    assert flat(one.body["names"]) == '${concat(["x"], var.on ? ["y"] : ["z", "z"])}'
    [inside] = merged([one], [resource("a", names=["x"])], "var.around")
    assert flat(inside.body["names"]) == '${concat(["x"], var.around ? (var.on ? ["y"] : ["z", "z"]) : [])}'


def test_text_of_several_lines_is_put_together_of_them():
    [text] = merged([resource("a", text="x\ny=${var.y}")], [resource("a", text="x\nz")])
    assert flat(text.body["text"]) == '${join("\\n", concat(["x"], var.on ? ["y=${var.y}"] : ["z"]))}'


def test_what_is_one_word_is_no_other():
    assert both('var.type != "none" && var.on', 'var.type == "rest"') == 'var.on && var.type == "rest"'
    assert both('var.type != "none"', 'var.type == "rest" && var.on') == 'var.type == "rest" && var.on'
    assert both('var.type != "none"', 'var.kind == "rest"') == 'var.type != "none" && var.kind == "rest"'
    assert both('var.type != "none"', 'var.on || var.type == "rest"') == (
        'var.type != "none" && (var.on || var.type == "rest")'
    )
