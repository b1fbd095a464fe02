"""A YAML file as data with places; what cannot be read, or should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_infra.config.document import MAX_BYTES, MAX_DEPTH, Document
from floe_infra.config.problems import ConfigError, Problem


def problems(text: str) -> list[Problem]:
    try:
        return Document(text, "f.yaml").problems
    except ConfigError as error:
        return list(error.problems)


def only(text: str) -> str:
    [problem] = problems(text)
    return str(problem)


def test_data_is_plain():
    text = "a: 1\nb: [x, 2.5, true, ~]\nc: {d: 'quoted', e: 2024-01-01, f: 0x10}\ng:\n"
    assert Document(text, "f.yaml").data == {
        "a": 1,
        "b": ["x", 2.5, True, None],
        "c": {"d": "quoted", "e": "2024-01-01", "f": 16},
        "g": None,
    }


def test_yes_and_no_are_text_as_in_yaml_1_2():
    assert Document("a: yes\nb: off", "f.yaml").data == {"a": "yes", "b": "off"}


@pytest.mark.parametrize(
    ("path", "position"),
    [
        (("a",), (1, 4)),
        (("b",), (2, 1)),
        (("b", "c"), (3, 6)),
        (("b", "d", 1), (6, 7)),
        (("b", "missing"), (2, 1)),
        (("b", "d", 1, "deeper"), (6, 7)),
        (("elsewhere",), (1, 1)),
    ],
)
def test_positions(path, position):
    text = "a: 1\nb:\n  c: x\n  d:\n    - y\n    - z\n"
    assert Document(text, "f.yaml").position(path) == position


def test_position_of_a_key():
    assert Document("a: 1\nb:  2\n", "f.yaml").position(("b",), of_key=True) == (2, 1)


def test_aliases_and_merges_are_followed():
    document = Document("a: &x {p: 1, q: 2}\nb: *x\nc:\n  <<: *x\n  q: 3\nd:\n  <<: [{q: 4}, *x]\n", "f.yaml")
    assert document.problems == []
    assert document.data["b"] == {"p": 1, "q": 2}
    assert document.data["c"] == {"p": 1, "q": 3}
    assert document.data["d"] == {"p": 1, "q": 4}


def test_an_anchor_may_be_used_again(recwarn):
    assert Document("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "f.yaml").data == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert not recwarn.list


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1:1: is empty\n  allowed: at least `name`"),
        ("# nothing\n", "f.yaml:1:1: is empty"),
        ("---\n", "f.yaml:1:1: is empty"),
        ("just words", "f.yaml:1:1: is not a mapping"),
        ("\n- a\n- b\n", "f.yaml:2:1: is not a mapping"),
        ("a: 1\n\tb: 2\n", "f.yaml:2:1: is not YAML: a tab stands here\n  fix: indent with spaces"),
        ("a:\n  b: 1\n c: 2\n", "f.yaml:3:2: is not YAML"),
        ("a: b: c\n", "f.yaml:1:5: is not YAML: a colon stands where no key can be"),
        ("a: 'b\n", "f.yaml:2:1: is not YAML: a quote is not closed"),
        ("a: [1, 2\n", "f.yaml:2:1: is not YAML: a bracket is not closed"),
        ("a: {b: 1\n", "f.yaml:2:1: is not YAML: a bracket is not closed"),
        ("a: @b\n", "f.yaml:1:4: is not YAML: a character that begins no value in YAML"),
        ("a: *b\n", "f.yaml:1:4: is not YAML: an alias of nothing"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: is not YAML: a second document begins"),
        ("a\x07b: 1\n", "f.yaml:1:2: is not YAML: a control character, 0x07"),
        ('a: "\\UFFFFFFFF"\n', "f.yaml:1:1: is not YAML"),
        ("%YAML 9999999999.1\n---\na: 1", "f.yaml:1:1: is not YAML"),
        ("a: " + "[" * 200, f"f.yaml:1:{MAX_DEPTH + 4}: is not YAML: more than {MAX_DEPTH} levels of nesting"),
        ("a: " + "{a: " * 5000, "levels of nesting"),
    ],
)
def test_what_cannot_be_read(text, message):
    assert message in only(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: a: the key stands twice, first in line 1, column 1\n  fix: remove one of"),
        ("a:\n  b: 1\n  c: {d: 1, d: 2}\n", "f.yaml:3:13: a.c.d: the key stands twice, first in line 3, column 7"),
        ("5: a\n", "f.yaml:1:1: 5: the key is no text\n  allowed: text\n  fix: put it in quotes"),
        ("a: {true: b}\n", "f.yaml:1:5: a.true: the key is no text"),
        ("~: a\n", "f.yaml:1:1: ~: the key is no text".replace("~", '"~"')),
        ("? [a, b]\n: c\n", "f.yaml:1:3: the key is no text"),
        ("a: !python/object:os.system x\n", 'f.yaml:1:4: a: the tag "!python/object:os.system" means nothing here'),
        ("a: !!binary aGk=\n", "f.yaml:1:4: a: the tag"),
        ("a: !!set {b}\n", "f.yaml:1:4: a: the tag"),
        ("a: &x [1, *x]\n", "f.yaml:1:4: a[1]: contains itself, through an alias"),
        ("a: &x\n  b:\n    c: *x\n", "a.b.c: contains itself, through an alias"),
        ("a: &x\n  <<: *x\n", "a.<<: cannot be merged".replace("<<", '"<<"')),
        ("a:\n  <<: 5\n", 'f.yaml:2:7: a."<<": cannot be merged'),
        ('a: "x-${TfToken[TOKEN.0]}"\n', 'f.yaml:1:4: a: "x-${TfToken[TOKEN.0]}" is a token of CDKTF'),
        ("a: ['#{TfToken[TOKEN.0]}']\n", "f.yaml:1:5: a[0]"),
        ("a: &x ['${TfToken[TOKEN.0]}']\nb: *x\nc: *x\n", "f.yaml:1:8: a[0]"),
    ],
)
def test_what_should_not_be_written(text, message):
    assert only(text).startswith(message) or message in only(text)


def test_all_of_it_at_once():
    found = problems("a: 1\na: 2\n3: x\nb: !t y\nc: '${TfToken[T.1]}'\n")
    assert [(problem.line, problem.key) for problem in found] == [(2, "a"), (3, "3"), (4, "b"), (5, "c")]


def test_billion_laughs():
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert "aliases make the file too large\n  allowed: at most 10,000 values" in only("\n".join(lines))


def test_billion_merges():
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    assert "aliases make the file too large" in only("\n".join(lines))


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 400, "1e999999", "0x" + "f" * 5000, "._", "+", "1_000"])
def test_absurd_numbers_are_read_somehow(number):
    assert problems(f"a: {number}\n") == []


class TestRead:
    def test_byte_order_mark(self, tmp_path: Path):
        (tmp_path / "f.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
        assert Document.read(tmp_path / "f.yaml").data == {"a": 1}

    @pytest.mark.parametrize(
        ("content", "place", "message"),
        [
            ("a: 1\nb: ä\n".encode("latin-1"), (2, 4), "the byte 0xe4 is not UTF-8"),
            ("a: ö1\n".encode() + b"b: \xc3", (2, 4), "the byte 0xc3 is not UTF-8"),
            ("a: 1".encode("utf-16"), (1, 1), "the byte 0xff is not UTF-8"),
            (b"a: 1\nb: \x00\n", (2, 4), "is not YAML: a control character, 0x00"),
            (b"#" * (MAX_BYTES + 1), (1, 1), "is larger than 256 KiB"),
        ],
    )
    def test_unreadable_content(self, tmp_path: Path, content: bytes, place: tuple[int, int], message: str):
        (tmp_path / "f.yaml").write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            Document.read(tmp_path / "f.yaml")
        [problem] = caught.value.problems
        assert (problem.line, problem.column) == place
        assert message in problem.message

    def test_missing_file(self, tmp_path: Path):
        with pytest.raises(ConfigError, match=r"no\.yaml: there is no such file\n  fix: name another with -c"):
            Document.read(tmp_path / "no.yaml")

    def test_directory(self, tmp_path: Path):
        with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
            Document.read(tmp_path)

    def test_path_that_no_file_can_have(self):
        with pytest.raises(ConfigError, match="cannot be read: embedded null byte"):
            Document.read(Path("a\0b"))
