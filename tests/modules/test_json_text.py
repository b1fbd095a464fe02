from __future__ import annotations

import pytest

from floe_infra.modules.fold import Spread, encoded
from floe_infra.modules.json_text import Checksum, Json, decoded, is_known, mapped
from floe_infra.modules.merge import Maybe, merge
from floe_infra.modules.probe import Element


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ('{"a": 1, "b": [true, null]}', {"a": 1, "b": [True, None]}),
        ('{"name": "${var.name}"}', {"name": "${var.name}"}),
        ('{"host": "${var.host}:${var.port}"}', {"host": "${var.host}:${var.port}"}),
        ('{"${var.key}": "x"}', {"${var.key}": "x"}),
        ('["${"a\\"b"}"]', ['${"a\\"b"}']),
        ('{"script": "echo $${HOME} 100%%{x}"}', {"script": "echo $${HOME} 100%%{x}"}),
        ('{"text": "line\\n\\"quoted\\""}', {"text": 'line\n"quoted"'}),
    ],
)
def test_json_is_taken_apart(template, value):
    assert decoded(template) == Json(value)


@pytest.mark.parametrize("template", ["plain", "{not json", "${var.all}", '{"a": %{ if var.x }1%{ endif }}', '"text"'])
def test_what_is_none_stays(template):
    assert decoded(template) == template


def test_json_in_json_is_taken_apart_where_it_holds_expressions():
    assert decoded(r'{"spec": "{\"a\": \"${var.a}\"}"}') == Json({"spec": Json({"a": "${var.a}"})})
    assert decoded(r'{"spec": "{\"a\": 1}"}') == Json({"spec": '{"a": 1}'})


def test_it_is_written_with_jsonencode():
    assert encoded({"values": [Json({"a": Json(["${var.a}"])})]}) == {
        "values": ["${jsonencode({ a = jsonencode([var.a]) })}"]
    }


@pytest.mark.parametrize(
    ("checksum", "expression"),
    [
        (Checksum("${var.a}/b", is_text=True), '${substr(sha256("${var.a}/b"), 0, 16)}'),
        (Checksum({"a": "${var.a}"}, is_text=False), "${substr(sha256(jsonencode({ a = var.a })), 0, 16)}"),
        (Checksum(Json(["${var.a}"]), is_text=True), "${substr(sha256(jsonencode([var.a])), 0, 16)}"),
    ],
)
def test_a_checksum_is_of_what_it_was_made_of(checksum, expression):
    assert encoded(checksum) == expression


@pytest.mark.parametrize("value", [1, None, "x $${y}", {"a": ["b", True]}, Json({"a": "b"})])
def test_where_terraform_has_no_say_it_is_known(value):
    assert is_known(value)
    assert encoded(Checksum(value, is_text=False, known="0123456789abcdef")) == "0123456789abcdef"


@pytest.mark.parametrize(
    "value", ["${var.x}", {"${var.x}": 1}, [Spread("var.x")], Maybe("var.x", (1,)), Json(["${x}"])]
)
def test_elsewhere_it_is_not(value):
    assert not is_known(value)


def test_a_checksum_stays_one_when_what_it_is_of_changes():
    checksum = Checksum({"a": "x"}, is_text=False)
    assert mapped(checksum, str.upper) == Checksum({"A": "X"}, is_text=False)
    on, off = (
        [Element("resource", "helm_release", ("a",), {"values": checksum.of({"a": value})}, {})] for value in ("x", "y")
    )
    [both] = merge(lambda _: "var.on", on, off)
    assert both.body["values"] == checksum.of({"a": '${var.on ? "x" : "y"}'})
