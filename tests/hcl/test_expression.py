"""However an expression is laid out, it stays the same expression."""

from __future__ import annotations

import subprocess

import pytest

from floe_infra.hcl.expression import WIDTH, inline, lines, parse
from floe_infra.runtime.terraform import find_program

LONG = [
    "var.first_of_many_names_that_are_long == null ? true : var.first >= 0 && var.first <= 45 && floor(var.first) == 1",
    'alltrue([for key, each in var.groups : each.size == null ? true : each.size >= 0 && each.size <= 4 || key == ""])',
    'concat([for layer, name in local.buckets : "arn:aws:s3:::${name}"], var.exchange ? ["arn:aws:s3:::x"] : [])',
    'jsonencode({Statement = [{Effect = "Allow", Principal = {AWS = var.arn}}], Version = "2012-10-17"}).more[0].than',
    '{for name, group in aws_eks_node_group.node_group : name => group.node_group_name if group.labels["type"] == "x"}',
    "var.subnets == null ? cidrsubnet(var.cidr, 6, count.index + 48) : var.subnets.public[count.index].of.a.long.name",
    '{NoSchedule = "NO_SCHEDULE", NoExecute = "NO_EXECUTE"}[taint.value.effect]',
    "a_name_that_is_as_long_as_this_one && another_that_is_quite_as_long || !a_third_name_that_is_longer_than_both",
]


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("room", [10, 60, WIDTH])
def test_laid_out(text, room):
    expression = parse(text)
    laid_out = "\n".join(lines(expression, room))
    assert _bare(inline(parse(laid_out))) == _bare(inline(expression))
    assert _formatted(f"x = {laid_out}\n") == f"x = {laid_out}\n"


def _bare(text: str) -> str:
    """Without the parentheses that let an expression go over several lines."""
    return text.replace("(", "").replace(")", "")


def _formatted(hcl: str) -> str:
    answer = subprocess.run([find_program(), "fmt", "-"], input=hcl.encode(), check=True, capture_output=True)
    return answer.stdout.decode()


def test_a_long_condition_has_a_line_for_each_operand():
    assert lines(parse("first_name == null ? true : second_name >= 0 && second_name <= 450"), 40) == [
        "(",
        "  first_name == null",
        "  ? true",
        "  : second_name >= 0 && second_name <= 450",
        ")",
    ]


def test_what_is_in_parentheses_gets_no_second_pair():
    text = "first_name == null ? second_name_that_is_long : (third_name == null ? " + "x" * 50 + " : " + "y" * 50 + ")"
    assert lines(parse(text), 40) == [
        "(",
        "  first_name == null",
        "  ? second_name_that_is_long",
        "  : (",
        "    third_name == null",
        f"    ? {'x' * 50}",
        f"    : {'y' * 50}",
        "  )",
        ")",
    ]


def test_what_is_made_of_each_gets_a_line_of_its_own_before_it_is_broken():
    text = (
        "{ for layer, uri in var.layers : lookup(var.names, layer, layer) => "
        + '"${uri}/${layer}/and-some-more-text" }'
    )
    assert lines(parse(text), 60) == [
        "{",
        "  for layer, uri in var.layers :",
        '  lookup(var.names, layer, layer) => "${uri}/${layer}/and-some-more-text"',
        "}",
    ]


def test_what_a_for_leaves_out_stands_below_it():
    labels = 'merge(group.labels, { node-type = "on-demand" })'
    condition = 'group.capacity_type == "on_demand" && length(group.taints) == 0'
    assert lines(parse(f"[for group in var.groups : {labels} if {condition}]"), 100) == [
        "[",
        f"  for group in var.groups : {labels}",
        f"  if {condition}",
        "]",
    ]


def test_short_objects_are_rows_of_a_list():
    text = '[{ name = "a", value = var.a }, { name = "b", value = "b" }, { name = "c", from = { key = "d" } }]'
    assert lines(parse(text), 60) == [
        "[",
        '  { name = "a", value = var.a },',
        '  { name = "b", value = "b" },',
        "  {",
        '    name = "c"',
        '    from = { key = "d" }',
        "  },",
        "]",
    ]
    assert lines(parse('[{ key = "a", path = "b" }]'), 60) == ['[{ key = "a", path = "b" }]']
    assert lines(parse("[for key, path in var.x : { key = key, path = path }]"), 80) == [
        "[",
        "  for key, path in var.x : { key = key, path = path }",
        "]",
    ]


def test_long_objects_are_not():
    text = f'[{{ name = "{"x" * 80}", value = "y" }}]'
    assert lines(parse(text), 60) == ["[{", f'  name  = "{"x" * 80}"', '  value = "y"', "}]"]


def test_text_of_several_lines_is_a_heredoc_in_an_object():
    text = r'{ "a.yaml" = "x:\n  y: \"{{ .z }}\"\n  z: 1\n", b = "c" }'
    assert lines(parse(text), 60) == [
        "{",
        '  "a.yaml" = <<-EOT',
        "    x:",
        '      y: "{{ .z }}"',
        "      z: 1",
        "  EOT",
        '  b        = "c"',
        "}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        r'"one\ntwo\n"',
        r'"no\nline at\nthe end"',
        r'"a\n\nblank one\nc\n"',
        r'"  all\n  are\n  indented\n"',
        r'"a\tb\nc\nd\n"',
        r'"a\\nb\nc\nd\n"',
        r'"${var.a}\nb\nc\n"',
    ],
)
def test_other_text_is_not(text):
    assert lines(parse(f"{{ a = {text}, b = 1 }}"), 60) == ["{", f"  a = {text}", "  b = 1", "}"]


def test_a_negation_does_not_end_a_line_of_a_condition():
    text = 'var.first_of_all != null && !var.second.of_all ? "this is what it then is" : "and this is what it is else"'
    assert lines(parse(text), 60) == [
        "(",
        "  var.first_of_all != null && (!var.second.of_all)",
        '  ? "this is what it then is"',
        '  : "and this is what it is else"',
        ")",
    ]
