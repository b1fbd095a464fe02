"""Text that any parser of YAML reads as it was meant."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from floe_infra.handoff.document import to_yaml

TRICKY = [
    "111122223333", "4", "0o7", "1e3", "12:30:45", "yes", "No", "on", "null", "~", "", " ", "a: b", "# no comment",
    "*alias", "2026-01-01", "true", "PRINCIPAL_ROLE:data_engineer", 'say "no"', "C:\\path", "ends:", "%percent", "ü",
]  # fmt: skip


@pytest.mark.parametrize("text", TRICKY)
@pytest.mark.parametrize("read", [yaml.safe_load, YAML(typ="safe").load], ids=["1.1", "1.2"])
def test_a_string_stays_a_string(text, read):
    assert read(to_yaml({"key": text, text or "empty": 1}))["key"] == text


def test_a_token_is_quoted_since_its_value_may_be_a_number():
    assert to_yaml({"account_id": "${TfToken[TOKEN.7]}"}) == 'account_id: "${TfToken[TOKEN.7]}"\n'


def test_several_lines_are_a_block():
    text = to_yaml({"a": {"content": "x: 1\ny:\n  - 2\n"}})
    assert "content: |\n" in text
    assert yaml.safe_load(text)["a"]["content"] == "x: 1\ny:\n  - 2\n"


def test_nothing_is_an_alias_of_anything():
    same = {"b": [1, 2]}
    assert yaml.safe_load(text := to_yaml({"first": same, "second": same})) == {"first": same, "second": same}
    assert "&" not in text


def test_order_and_long_lines_stay():
    long = " ".join(["word"] * 100)
    assert to_yaml({"z": 1, "a": long}, "Why.") == f'# Why.\nz: 1\na: "{long}"\n'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\nb", "key: |-\n  a\n  b\n"),
        ("a\n\n  b\n", "key: |\n  a\n\n    b\n"),
        ("a\n\n", "key: |+\n  a\n\n"),
        (" a\nb\n", 'key: " a\\nb\\n"\n'),
        ("a \nb\n", 'key: "a \\nb\\n"\n'),
        ("\na", 'key: "\\na"\n'),
    ],
)
def test_lines_are_a_block_where_one_can_hold_them(text, written):
    assert to_yaml({"key": text}) == written


def test_lists_lie_two_to_the_right():
    value = {"a": [{"b": 1, "c": ["d", [2]]}, {}, []], "e": {}}
    assert to_yaml(value) == "a:\n  - b: 1\n    c:\n      - d\n      -\n        - 2\n  - {}\n  - []\ne: {}\n"


TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text("ab \n:#-'\"$", max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False, width=16) | TEXT,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXT, values, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("read", [yaml.safe_load, YAML(typ="safe").load], ids=["1.1", "1.2"])
@given(document=st.dictionaries(TEXT, VALUES, min_size=1, max_size=3))
def test_what_is_written_is_what_is_read(read, document):
    assert read(to_yaml(document)) == document
