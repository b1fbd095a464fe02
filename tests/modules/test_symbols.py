"""What a symbol says where text is written, and that it refuses to be decided upon."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest

from floe_infra.kubernetes.values import encode
from floe_infra.modules.definition import ENTRIES, GenerationError
from floe_infra.modules.json_text import Json, decoded
from floe_infra.modules.symbols import CHECKSUM, Symbol, Symbols
from floe_infra.unknown import either, least, most, otherwise


class Written:
    """A stack in which somebody writes text with symbols."""

    def __init__(self, out: Path, **decided: bool) -> None:
        from cdktf import App, TerraformStack

        self.out = out
        self.app = App(outdir=str(out))
        self.stack = TerraformStack(self.app, "module")
        self.symbols = Symbols(self.stack, {f"var.{name}": value for name, value in decided.items()})
        self.document: dict[str, Any] = {}

    def said(self, values: Any) -> Any:
        """What stands in the module for values that Helm is given."""
        from cdktf import TerraformOutput

        TerraformOutput(self.stack, "values", value=encode(values))
        self.app.synth()
        self.document = json.loads((self.out / "stacks/module/cdk.tf.json").read_text())
        json_text = decoded(self.document["output"]["values"]["value"])
        assert isinstance(json_text, Json)
        return self.symbols.replaced(json_text).value


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def test_alone_it_is_the_expression_whatever_its_type(written):
    symbols = written.symbols
    values = {
        "text": symbols.text("var.text"),
        "number": symbols.number("var.number"),
        "flag": symbols.flag("var.flag"),
        "list": symbols.texts("var.list"),
        "first": symbols.texts("var.list")[0],
    }
    assert written.said(values) == {
        "text": "${var.text}",
        "number": "${var.number}",
        "flag": "${var.flag}",
        "list": "${var.list}",
        "first": "${var.list[0]}",
    }


def test_in_text_it_is_words(written):
    symbols = written.symbols
    assert written.said(
        {
            "memory": f"{symbols.number('var.gib')}Gi",
            "cpu": f"{symbols.number('var.cpu'):g}",
            "host": f"{symbols.text('var.host')}:{symbols.number('var.port')}",
            "name": symbols.text("var.name").replace("-", "_"),
            "quoted": symbols.text("var.name").replace('"', "${"),
        }
    ) == {
        "memory": "${var.gib}Gi",
        "cpu": "${tostring(var.cpu)}",
        "host": "${var.host}:${var.port}",
        "name": '${replace(var.name, "-", "_")}',
        "quoted": '${replace(var.name, "\\"", "$${")}',
    }


def test_it_is_counted_with(written):
    number, other = written.symbols.number("var.n"), written.symbols.number("var.m")
    assert [
        each.expression
        for each in (
            number * 2 + other,
            (number + other) * 2,
            10 - (number - other),
            number / 2 / other,
            number // 3,
            math.ceil(number / 3),
            number % 2,
        )
    ] == [
        "var.n * 2 + var.m",
        "(var.n + var.m) * 2",
        "10 - (var.n - var.m)",
        "var.n / 2 / var.m",
        "floor(var.n / 3)",
        "ceil(var.n / 3)",
        "var.n % 2",
    ]


def test_it_is_compared(written):
    number = written.symbols.number("var.n")
    comparisons = (number > 1, number <= number + 1, number == 3, number != 3)
    assert [each.expression for each in comparisons] == ["var.n > 1", "var.n <= var.n + 1", "var.n == 3", "var.n != 3"]


def test_decisions_are_terraforms(written):
    number, flag, maximum = (
        written.symbols.number("var.n"),
        written.symbols.flag("var.flag"),
        written.symbols.number("var.max").nullable,
    )
    assert either(flag, number, 1).expression == "var.flag ? var.n : 1"
    assert otherwise(maximum, number).expression == "coalesce(var.max, var.n)"
    assert otherwise(maximum * 2, 7).expression == "var.max == null ? 7 : var.max * 2"
    assert otherwise(number, 7) is number
    assert least(number, 3).expression == "min(var.n, 3)"
    assert most(3, number).expression == "max(3, var.n)"


def test_words_for_yes_and_no_are_terraforms_own(written):
    assert written.said({"drop": either(written.symbols.flag("var.drop"), "true", "false")}) == {
        "drop": "${tostring(var.drop)}"
    }


def test_python_decides_where_the_construct_is_made_both_ways(tmp_path):
    symbols = Written(tmp_path, on=True, off=False).symbols
    assert symbols.flag("var.on")
    assert not symbols.flag("var.off")
    assert either(symbols.flag("var.off"), 1, 2) == 2


@pytest.mark.parametrize(
    "decide",
    [
        bool,
        len,
        list,
        int,
        float,
        lambda symbol: symbol == "x",
        lambda symbol: symbol != "x",
        lambda symbol: "x" in symbol,
        lambda symbol: symbol[0],
        lambda symbol: symbol.split("/"),
        lambda symbol: symbol.startswith("s3://"),
        lambda symbol: symbol.removeprefix("s3://"),
        lambda symbol: symbol.lower(),
        lambda symbol: "%s" if symbol % 3 else "",
    ],
)
def test_what_python_would_decide_is_refused(decide, written):
    with pytest.raises(GenerationError, match=r"var\.text"):
        decide(written.symbols.text("var.text"))


def test_it_is_known_again(written):
    one, same, other = (written.symbols.text(f"var.{name}") for name in "aab")
    assert one == same
    assert one != other
    assert len({one, same, other}) == 2
    assert copy.deepcopy({"a": [one]})["a"][0] is one


def test_all_entries_of_a_map_stand_as_one(written):
    entries = written.symbols.entries("var.labels")
    assert entries == {f"{ENTRIES}var.labels": ""}


def test_a_checksum_says_what_it_is_of(written):
    parts = [{"a": written.symbols.text("var.a")}, written.symbols.entries("var.b")]
    text = written.symbols.checksum(encode(parts), "0123456789abcdef")
    assert written.said({"checksum": text}) == {"checksum": f"${{local.{CHECKSUM}1}}"}
    content = written.symbols.replaced(decoded(written.document["locals"][f"{CHECKSUM}1"]))
    assert content.value == {"known": "0123456789abcdef", "parts": [{"a": "${var.a}"}, {f"{ENTRIES}var.b": ""}]}


def test_a_local_value_takes_an_expressions_place(written):
    symbols = written.symbols
    named = symbols.called("heap", symbols.number("var.gib") * 1024)
    assert isinstance(named, Symbol)
    assert (named.expression, symbols.named) == ("local.heap", {"heap": "var.gib * 1024"})
    assert symbols.called("heap", 5) == 5
    with pytest.raises(GenerationError, match="heap"):
        symbols.called("heap", symbols.number("var.other"))
