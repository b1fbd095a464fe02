from __future__ import annotations

import json
from typing import Any

import pytest
from cdktf import Fn, TerraformOutput
from hypothesis import given
from hypothesis import strategies as st

from floe_infra.kubernetes.values import checksum, encode, merge
from in_cluster import synthesized

TOKEN = "${TfToken[TOKEN.7]}"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def terraform_reads(text: str) -> str:
    """A template without interpolations, as Terraform evaluates it."""
    return text.replace("$${", "${").replace("%%{", "%{")


def test_nulls_survive_as_they_take_defaults_away():
    assert encode({"catalogs": {"tpch": None}}) == '{"catalogs": {"tpch": null}}'


def test_what_looks_like_a_template_is_text():
    assert (
        encode({"password": "${ENV:PASSWORD}", "if": "%{if x}"}) == '{"password": "$${ENV:PASSWORD}", "if": "%%{if x}"}'
    )


def test_tokens_stay():
    assert encode({"arn": TOKEN}) == f'{{"arn": "{TOKEN}"}}'


@given(json_values)
def test_helm_gets_what_was_meant(value):
    # `$${` in a text is one of Terraform's own escapes already, and stands for itself only after another one.
    text = encode(value)
    if "$${" not in json.dumps(value, ensure_ascii=False) and "%%{" not in json.dumps(value, ensure_ascii=False):
        assert json.loads(terraform_reads(text)) == value


@pytest.mark.parametrize(
    ("values", "over", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({}, {"x": {"y": 1}}, {"x": {"y": 1}}),
    ],
)
def test_values_lie_over_each_other_as_helm_lays_files(values, over, merged):
    before = json.dumps([values, over])
    assert merge(values, over) == merged
    assert json.dumps([values, over]) == before


def test_checksums_change_with_what_they_are_of():
    assert checksum({"a": 1}, "x") == checksum({"a": 1}, "x")
    assert len({checksum("a"), checksum("b"), checksum("a", "b"), checksum({"a": "b"})}) == 4
    assert len(checksum("a")) == 16


def test_a_checksum_of_what_only_terraform_knows_is_terraforms():
    def make(stack: Any) -> None:
        TerraformOutput(stack, "sum", value=checksum({"arn": Fn.upper("lake")}))

    value = synthesized(make)["output"]["sum"]["value"]
    assert value.startswith("${substr(sha256(")
    assert "upper(" in value
    assert value.endswith(", 0, 16)}")
