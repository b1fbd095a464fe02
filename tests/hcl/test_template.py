"""Strings mean in HCL what they mean in Terraform JSON: Terraform itself reads both, and compares."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import Phase, given, reject, settings
from hypothesis import strategies as st

from floe_infra.hcl import ExpressionError, to_hcl
from floe_infra.hcl.expression import inline
from floe_infra.hcl.template import as_expression, escaped, literal, parts
from floe_infra.runtime.terraform import find_program

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
PIECE = st.one_of(
    TEXT.map(escaped),
    st.sampled_from(
        ["$", "%", "$$", "{", "}", '"', "\\", "\n", "\r\n", "\t", "  ", "EOT\n", "$${", "%%{", "$$${", "\\n"]
    ),
    st.sampled_from(
        [
            "${local.name}",
            '${upper("a b")}',
            '${join(", ", ["${local.name}}", "\\"{"])}',
            '${ {"a" = "}"}["a"] }',
            "${local.number + 1}",
            "${-local.number}",
            '${local.number > 1 ? "many" : "one"}',
            '${[for each in ["a", "b"] : "${each}!"][1]}',
            '%{ if true }yes%{ else }"no"%{ endif }',
            "a ${~ local.name ~} b",
        ]
    ),
)
TEMPLATE = st.one_of(st.lists(PIECE, max_size=6).map("".join), st.lists(TEXT.map(escaped), max_size=4).map("\n".join))
HELPERS = {"name": "Zoë", "number": 2}


@pytest.mark.slow
def test_terraform_reads_the_same_strings(tmp_path):
    templates = _many(300)
    (tmp_path / "json.tf.json").write_text(json.dumps({"locals": [HELPERS, _numbered("json", templates)]}))
    document = {"locals": _numbered("hcl", templates)}
    hcl = to_hcl(document, {})
    assert _formatted(hcl) == hcl
    (tmp_path / "hcl.tf").write_text(hcl, newline="")
    names = range(len(templates))
    pairs = {str(number): f"${{[local.json_{number}, local.hcl_{number}]}}" for number in names}
    (tmp_path / "output.tf.json").write_text(json.dumps({"output": {"pairs": {"value": pairs}}}))
    for command in (["init"], ["apply", "-auto-approve"]):
        subprocess.run([find_program(), *command, "-no-color"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    answer = subprocess.run(
        [find_program(), "output", "-json", "pairs"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    read = json.loads(answer.stdout)
    assert len(read) == len(templates)
    for number, template in enumerate(templates):
        wanted, got = read[str(number)]
        assert wanted == got, template


def _many(count: int) -> list[str]:
    found: list[str] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None)
    @given(TEMPLATE)
    def collect(template: str) -> None:
        try:
            parts(template)
        except ExpressionError:  # a sign and a brace that met by chance
            reject()
        if "%%{ if" in template:  # which leaves the rest of the directive alone
            reject()
        found.append(template)

    collect()
    return found


def _numbered(prefix: str, templates: list[str]) -> dict[str, str]:
    return {f"{prefix}_{number}": template for number, template in enumerate(templates)}


def _formatted(hcl: str) -> str:
    answer = subprocess.run([find_program(), "fmt", "-"], input=hcl.encode(), check=True, capture_output=True)
    return answer.stdout.decode()


@pytest.mark.parametrize(
    ("template", "hcl"),
    [
        ("${aws_s3_bucket.logs.arn}", "aws_s3_bucket.logs.arn"),
        ("${(length(self.names) >= 3)}", "length(self.names) >= 3"),
        ("${aws_s3_bucket.logs.arn}/*", '"${aws_s3_bucket.logs.arn}/*"'),
        ('{"a": "${aws_s3_bucket.logs.arn}"}', '"{\\"a\\": \\"${aws_s3_bucket.logs.arn}\\"}"'),
        ("$${not} %%{this}", '"$${not} %%{this}"'),
        ("two\nlines", '"two\\nlines"'),
        ("${values(aws_subnet.private)[*].id}", "values(aws_subnet.private)[*].id"),
        ("${provider::aws::arn_parse(local.arn).account_id}", "provider::aws::arn_parse(local.arn).account_id"),
        ("${!var.a&&var.b -1==-1}", "!var.a && var.b - 1 == -1"),
        (
            "${var.a?{}:{b=1,c=[for x in var.y:x if x!=null]}}",
            "var.a ? {} : { b = 1, c = [for x in var.y : x if x != null] }",
        ),
        ("${aws_vpc.this[0].id}", "aws_vpc.this[0].id"),
        ('${merge({"a b" = 1}, var.tags...)}', 'merge({ "a b" = 1 }, var.tags...)'),
        ("${var.groups.*.name}", "var.groups.*.name"),
    ],
)
def test_as_a_person_writes_it(template, hcl):
    assert inline(as_expression(template)) == hcl


def test_text_is_no_template():
    assert inline(literal("costs ${5} or 5%{}")) == '"costs $${5} or 5%%{}"'


def test_texts_of_lines_become_heredocs():
    document = {"locals": {"program": "set -e\necho ${var.name}\n", "short": "one line\n"}}
    assert to_hcl(document, {}) == (
        'locals {\n  program = <<EOT\nset -e\necho ${var.name}\nEOT\n  short   = "one line\\n"\n}\n'
    )
