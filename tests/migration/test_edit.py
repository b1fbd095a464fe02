"""Files that people wrote, before and after."""

from __future__ import annotations

import pytest

from floe_infra.migration.edit import EditError, Text, Value

FILE = """\
# Ours.
name: "acme"           # quoted
environment: 'dev'

# Where the runs are.
database:   # the key
  # small for now
  kind: in_cluster   # one pod
  storage_gib: 0x14

  # not below a GiB
  memory_gib: 1
# What follows has four spaces.
catalog:
    kind: polaris
    namespaces: {bronze: raw,
      gold: done}
compute: {kind: duckdb}  # in the runs' pods
# the end
"""


def changed(before: str, after: Text) -> tuple[list[str], list[str]]:
    """The lines that are gone, and the new ones."""
    old, new = before.split("\n"), after.text.split("\n")
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_a_value_is_taken_with_its_comments():
    assert Text(FILE).value("database").lines == (
        "# small for now",
        "kind: in_cluster   # one pod",
        "storage_gib: 0x14",
        "",
        "# not below a GiB",
        "memory_gib: 1",
    )
    assert Text(FILE).value("compute").inline == "{kind: duckdb}"
    assert Text(FILE).value("catalog", "namespaces").inline == "{bronze: raw,\n      gold: done}"


def test_a_new_value_leaves_everything_else_as_it_is():
    text = Text(FILE).replace("database", Value.of({"kind": "rds", "engine_version": "16"}))
    gone, new = changed(FILE, text)
    assert new == ["  kind: rds", "  engine_version: '16'"]
    assert len(gone) == 5
    assert "database:   # the key\n  kind: rds\n  engine_version: '16'\n# What follows has four" in text.text


def test_a_value_in_one_line_becomes_one_of_several():
    text = Text(FILE).replace("compute", Value.of({"kind": "trino"}))
    assert text.text.endswith("compute:  # in the runs' pods\n  kind: trino\n# the end\n")
    again = text.replace("compute", Value(inline="{kind: duckdb}"))
    assert again.text == FILE


def test_what_is_added_can_be_removed():
    text = Text(FILE).add("migration", Value.of({"kind": "arriving"}), after="database", comment="ours")
    assert "  memory_gib: 1\n\nmigration:   # ours\n  kind: arriving\n# What follows" in text.text
    assert text.remove("migration").text == FILE


def test_without_a_place_it_comes_last():
    text = Text(FILE).add("lineage", Value.of({"kind": "none"}), after="traces")
    assert text.text.endswith("runs' pods\n\nlineage:\n  kind: none\n# the end\n")
    assert Text("name: a").add("traces", Value.of({"kind": "none"})).text == "name: a\n\ntraces:\n  kind: none"


def test_windows_line_ends_stay():
    text = Text(FILE.replace("\n", "\r\n")).replace("database", Value.of({"kind": "rds"}))
    assert text.text.count("\r\n") == text.text.count("\n")
    assert text.text.replace("\r\n", "\n") == Text(FILE).replace("database", Value.of({"kind": "rds"})).text


def test_a_block_of_text_belongs_to_its_section():
    file = "name: a\ncatalog:\n  values:\n    a: |\n      one\n\n      two\n\n# next\ntraces: {}\n"
    text = Text(file).replace("catalog", Value.of({"kind": "none"}))
    assert text.text == "name: a\ncatalog:\n  kind: none\n\n# next\ntraces: {}\n"


@pytest.mark.parametrize(
    ("file", "words"),
    [("{name: a, database: {kind: rds}}", "in braces"), ("name: a\x85database: {}\n", "line ends")],
)
def test_what_has_no_lines_is_refused(file, words):
    with pytest.raises(EditError, match=words):
        Text(file)
