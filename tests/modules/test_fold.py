from __future__ import annotations

from typing import Any

from floe_infra.modules.definition import Each, Module
from floe_infra.modules.fold import code, fold
from floe_infra.modules.json_text import Json
from floe_infra.modules.probe import Element

EDGES = Each("var.edges", ("name", "edge"), "one_edge", when="edge.from == each.key")
PORTS = Each("one_edge.value.ports", ("", "port"), "one_port")


def folded(value: Any, *gone_through: Each, each: bool = False) -> str:
    module = Module(
        name="x",
        summary="",
        inputs=(),
        construct="",
        build=lambda *_: {},
        each=Each("toset(var.names)", ("", "name")),
        gone_through=gone_through,
    )
    [made] = fold([Element("resource", "aws_x", ("a",), {"text": Json(value)}, {}, each=each)], module)
    return code(made.body["text"]).removeprefix("jsonencode(").removesuffix(")")


def test_a_list_is_gone_through_without_keys():
    assert folded([{"port": "${one_port.value}"}], PORTS) == "[for port in one_edge.value.ports : { port = port }]"


def test_members_that_stand_alone_are_the_list_itself():
    assert folded(["${one_port.value}"], PORTS) == "one_edge.value.ports"
    assert folded(["each0"]) == "toset(var.names)"


def test_only_some_are_meant():
    assert folded(["${one_edge.value.to}"], EDGES) == "[for name, edge in var.edges : edge.to if edge.from == each.key]"


def test_one_inside_another_beside_what_is_there_anyway():
    value = [{"id": "${one_edge.key}", "ports": [22, "${one_port.value}"]}]
    assert folded(value, PORTS, EDGES) == (
        "[for name, edge in var.edges : { id = name, ports = concat([22], edge.ports) } if edge.from == each.key]"
    )


def test_what_a_resource_has_for_itself_stays_its_own():
    assert folded(["${one_edge.value.to}-${each.key}"], EDGES, each=True) == (
        '[for name, edge in var.edges : "${edge.to}-${each.key}" if edge.from == each.key]'
    )
