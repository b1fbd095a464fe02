from __future__ import annotations

from typing import Any

from floe_infra.hcl.body import text
from floe_infra.modules.definition import Each, Module
from floe_infra.modules.json_text import Checksum, Json
from floe_infra.modules.main_file import blocks
from floe_infra.modules.probe import Element

MODULE = Module(
    name="x",
    summary="",
    inputs=(),
    construct="",
    build=lambda *_: {},
    each=Each("var.names"),
    locals={"own": "var.own"},
)


def main(*values: Any, each: bool = False) -> str:
    """`main.tf` of a release for each of the values."""
    made = [
        Element("resource", "helm_release", (f"release-{index}",), {"values": [Json(value)]}, {}, each=each)
        for index, value in enumerate(values)
    ]
    return text(blocks(MODULE, made)[0])


def test_what_a_checksum_is_of_is_said_once():
    data = {"spec.json": Json({"name": "${var.name}"})}
    annotations = {"checksum/program": Checksum(data, is_text=False, known="0123456789abcdef")}
    assert main({"data": data, "annotations": annotations}) == (
        """\
locals {
  own = var.own
  program = {
    "spec.json" = jsonencode({ name = var.name })
  }
}

resource "helm_release" "release_0" {
  values = [
    jsonencode({
      data        = local.program
      annotations = { "checksum/program" = substr(sha256(jsonencode(local.program)), 0, 16) }
    }),
  ]
}
"""
    )


def test_text_is_called_after_what_it_is():
    url = "jdbc:postgresql://${var.host}/x"
    written = main({"jdbcUrl": url}, {"checksum/database": Checksum(url, is_text=True)})
    assert '  jdbc_url = "jdbc:postgresql://${var.host}/x"\n' in written
    assert "{ jdbcUrl = local.jdbc_url }" in written
    assert '{ "checksum/database" = substr(sha256(local.jdbc_url), 0, 16) }' in written


def test_what_stands_nowhere_else_stays_where_it_is():
    assert "substr(sha256(jsonencode({ a = var.a })), 0, 16)" in main(
        {"checksum/a": Checksum({"a": "${var.a}"}, is_text=False)}
    )


def test_what_is_known_is_no_local_value():
    data = {"a": "b"}
    written = main({"data": data, "checksum/a": Checksum(data, is_text=False, known="0123456789abcdef")})
    assert '"checksum/a" = "0123456789abcdef"' in written
    assert "local." not in written


def test_a_members_own_is_no_local_value():
    data = {"a": "${each.key}"}
    written = main({"data": data, "checksum/a": Checksum(data, is_text=False)}, each=True)
    assert "substr(sha256(jsonencode({ a = each.key })), 0, 16)" in written
