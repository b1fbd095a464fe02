from __future__ import annotations

import pytest

from floe_infra.hcl import ExpressionError, to_hcl


def test_blocks_and_maps():
    bucket = {"bucket": "x", "tags": {"a": "b", "c d": "e"}, "rule": [{"id": "1"}, {"id": "2", "inner": {"n": 1}}]}
    shapes = {("resource", "aws_s3_bucket", "x"): {"rule": {"inner": {}}}}
    assert (
        to_hcl({"resource": {"aws_s3_bucket": {"x": bucket}}}, shapes)
        == """\
resource "aws_s3_bucket" "x" {
  bucket = "x"
  tags = {
    a     = "b"
    "c d" = "e"
  }

  rule {
    id = "1"
  }

  rule {
    id = "2"

    inner {
      n = 1
    }
  }
}
"""
    )


def test_what_holds_for_every_resource():
    resource = {
        "count": "${var.wanted ? 1 : 0}",
        "provider": "aws.other",
        "depends_on": ["aws_vpc.x", "module.y"],
        "lifecycle": {
            "ignore_changes": ["tags[0].x"],
            "precondition": [{"condition": "${var.ok}", "error_message": "not ok"}],
        },
        "provisioner": [{"local-exec": {"command": "true"}}],
    }
    assert (
        to_hcl({"resource": {"null_resource": {"x": resource}}}, {})
        == """\
resource "null_resource" "x" {
  count    = var.wanted ? 1 : 0
  provider = aws.other

  provisioner "local-exec" {
    command = "true"
  }

  lifecycle {
    ignore_changes = [tags[0].x]

    precondition {
      condition     = var.ok
      error_message = "not ok"
    }
  }

  depends_on = [aws_vpc.x, module.y]
}
"""
    )


def test_what_an_output_waits_for_stands_last():
    output = {"depends_on": ["aws_vpc.x"], "description": "It.", "value": "${var.it}"}
    assert (
        to_hcl({"output": {"it": output}}, {})
        == """\
output "it" {
  description = "It."
  value       = var.it

  depends_on = [aws_vpc.x]
}
"""
    )


def test_sections_of_their_own_kind():
    document = {
        "moved": [{"from": "aws_vpc.a", "to": "aws_vpc.b"}],
        "import": [{"to": "aws_vpc.b", "id": "vpc-1"}],
        "removed": [{"from": "aws_vpc.c", "lifecycle": {"destroy": False}}],
        "check": {"up": {"assert": [{"condition": "${1 == 1}", "error_message": "down"}]}},
        "ephemeral": {"random_password": {"x": {"length": 4}}},
        "variable": {"x": {"type": "map(object({ a = optional(string) }))", "default": {"k": {"a": "${text}"}}}},
        "provider": {"aws": [{"region": "a"}, {"alias": "b", "region": "b"}]},
        "module": {"m": {"source": "./m", "providers": {"aws": "aws.b"}}},
        "output": {"o": {"value": "${module.m.id}", "description": "100 %{ of it", "sensitive": True}},
        "terraform": {"required_version": ">= 1.11", "backend": {"s3": {"bucket": "${x"}}},
    }
    hcl = to_hcl(document, {})
    assert hcl.startswith(
        'terraform {\n  required_version = ">= 1.11"\n\n  backend "s3" {\n    bucket = "$${x"\n  }\n}\n'
    )
    for part in (
        'provider "aws" {\n  alias  = "b"\n  region = "b"\n}\n',
        '  type = map(object({ a = optional(string) }))\n  default = {\n    k = { a = "$${text}" }\n  }\n}\n',
        'check "up" {\n  assert {\n    condition     = 1 == 1\n    error_message = "down"\n  }\n}\n',
        'ephemeral "random_password" "x" {\n  length = 4\n}\n',
        "moved {\n  from = aws_vpc.a\n  to   = aws_vpc.b\n}\n",
        'import {\n  to = aws_vpc.b\n  id = "vpc-1"\n}\n',
        "removed {\n  from = aws_vpc.c\n\n  lifecycle {\n    destroy = false\n  }\n}\n",
        'module "m" {\n  source = "./m"\n\n  providers = { aws = aws.b }\n}\n',
        'output "o" {\n  value       = module.m.id\n  description = "100 %%{ of it"\n  sensitive   = true\n}\n',
    ):
        assert part in hcl


def test_policies_are_read_line_by_line():
    policy = (
        '${jsonencode({"Version" = "2012-10-17", "Statement" = [{"Effect" = "Allow", "Action" = ["a:B", "c:D"]}]})}'
    )
    assert (
        to_hcl({"locals": {"policy": policy}}, {})
        == """\
locals {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = ["a:B", "c:D"]
    }]
  })
}
"""
    )


def test_blocks_made_from_a_collection():
    rule = {"for_each": "${var.rules}", "iterator": "each_rule", "content": {"id": "${each_rule.key}"}}
    shapes = {("resource", "aws_x", "x"): {"rule": {}}}
    assert (
        to_hcl({"resource": {"aws_x": {"x": {"dynamic": {"rule": [rule]}}}}}, shapes)
        == """\
resource "aws_x" "x" {
  dynamic "rule" {
    for_each = var.rules

    iterator = each_rule

    content {
      id = each_rule.key
    }
  }
}
"""
    )


def test_keys_that_are_computed():
    assert (
        to_hcl({"locals": {"x": {"${var.key}": 1, "a-${var.b}": 2}}}, {})
        == """\
locals {
  x = {
    (var.key)    = 1
    "a-${var.b}" = 2
  }
}
"""
    )


@pytest.mark.parametrize("template", ["${", "${a", "${[1, }", '${"a}', "${a ` b}", "${f(1 2", "${{a}}", "${[1 2}"])
def test_what_is_no_expression_is_refused(template):
    with pytest.raises(ExpressionError):
        to_hcl({"locals": {"x": template}}, {})


def test_a_release_says_what_it_is_and_how_it_comes_then_what_it_is_given():
    release = {"atomic": True, "chart": "x", "name": "y", "namespace": "z", "values": ["{}"], "version": "1"}
    assert (
        to_hcl({"resource": {"helm_release": {"y": {**release, "depends_on": ["aws_vpc.x"]}}}}, {})
        == """\
resource "helm_release" "y" {
  name      = "y"
  namespace = "z"
  chart     = "x"
  version   = "1"

  atomic = true

  values = ["{}"]

  depends_on = [aws_vpc.x]
}
"""
    )
