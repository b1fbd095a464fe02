"""A YAML file as plain data, with the place of everything in it.

ruamel composes the file into nodes, each with its place; the nodes become data here and not in ruamel, so that
what is ambiguous or harmful in YAML is a located problem: repeated keys, keys that are no text, tags, aliases that
expand without bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from floe_infra.config.problems import ConfigError, KeyPath, Problem, dotted
from floe_infra.fields import is_token, shown

MAX_BYTES = 256 * 1024
"""A configuration of everything there is has some ten thousand."""
MAX_NODES = 10_000
"""After aliases are followed. A platform has a few hundred; a "billion laughs" file has more than any machine."""
MAX_DEPTH = 50

Position = tuple[int, int]
"""Line and column, from 1."""

_TAG = "tag:yaml.org,2002:"
_TAGS = {
    f"{_TAG}{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "map", "seq")
}
"""What plain values have by themselves."""
_SYNTAX = {
    "found character '\\t' that cannot start any token": ("a tab stands here", "indent with spaces"),
    "mapping values are not allowed here": (
        "a colon stands where no key can be",
        "check the indentation, and put text that holds a colon in quotes",
    ),
    "could not find expected ':'": ("a key without a colon", "write `key: value`"),
    "expected <block end>, but found": ("is indented unlike the lines above", "align keys of one mapping"),
    "found unexpected end of stream": ("a quote is not closed", "close it"),
    "but found another document": ("a second document begins", "keep one document in a file: remove the `---`"),
    "found undefined alias": ("an alias of nothing", "define the anchor (`&name`) before its alias (`*name`)"),
    "that cannot start any token": ("a character that begins no value in YAML", "put the text in quotes"),
    "expected ',' or": ("a bracket is not closed, or a comma is missing", "close it"),
    "did not find expected": ("a bracket is not closed, or a comma is missing", "close it"),
}
"""By a part of ruamel's words, ours."""


class _Place(NamedTuple):
    key: Position
    value: Position
    written: str | None
    """How a scalar was written; None for mappings and lists."""


class Document:
    """A file's content.

    Attributes:
        data: the content as dictionaries, lists and scalars.
        problems: what is wrong with it as YAML, beyond what makes it unreadable.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._places: dict[KeyPath, _Place] = {}
        self._faulty: set[KeyPath] = set()
        self._reported: set[Node] = set()
        self._size = 0
        root = self._compose(text)
        if not isinstance(root, MappingNode):
            raise self._unreadable(_start(root), "is not a mapping", allowed="keys and values, `name: …` and so on")
        self._places[()] = _Place(_start(root), _start(root), None)
        self.data: dict[str, Any] = self._mapping(root, (), ())

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a file.

        Raises:
            ConfigError: the file cannot be read, is no text, not YAML, empty, no mapping, or expands without bound.
        """
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            fix = "name another with -c, or copy one of the examples"
            raise ConfigError([Problem(str(path), 0, 0, "", "there is no such file", fix=fix)]) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError([Problem(str(path), 0, 0, "", f"cannot be read: {reason}")]) from None
        if len(content) > MAX_BYTES:
            message = f"is larger than {MAX_BYTES // 1024} KiB"
            raise ConfigError([Problem(str(path), 1, 1, "", message, fix="is it the right file?")])
        return cls(_decode(content, str(path)), str(path))

    def position(self, path: KeyPath, *, of_key: bool = False) -> Position:
        """Where to look for what is at `path`: at the value of a scalar, at the key of everything else.

        What is not in the file, because it is missing or a default, has the place of what would contain it.
        """
        place = self._places.get(path)
        if place is None:
            return self.position(path[:-1], of_key=True)
        return place.key if of_key or not place.written else place.value

    def written(self, path: KeyPath) -> str | None:
        """A scalar as it stands in the file, without quotes."""
        place = self._places.get(path)
        return place.written if place else None

    def is_faulty(self, path: KeyPath) -> bool:
        """Whether `problems` say already what is wrong at `path`, or above it."""
        return any(path[:length] in self._faulty for length in range(len(path) + 1))

    def problem(
        self, path: KeyPath, message: str, *, allowed: str = "", fix: str = "", of_key: bool = False
    ) -> Problem:
        """A problem at this place."""
        line, column = self.position(path, of_key=of_key)
        return Problem(self.file, line, column, dotted(path), message, allowed, fix)

    def _compose(self, text: str) -> Node:
        yaml = YAML(typ="safe", pure=True)
        yaml.Composer = _Composer
        try:
            root: Node | None = yaml.compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            message, fix = _in_plain_words(error.problem or "")
            raise self._unreadable(place, message, fix=fix) from None
        except ReaderError as error:
            before = text[: error.position]
            place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
            raise self._unreadable(
                place, f"is not YAML: a control character, {error.character:#04x}", fix="remove it"
            ) from None
        except Exception:
            # Escapes beyond Unicode, absurd %YAML directives: ruamel lets Python's own errors through.
            raise self._unreadable((1, 1), "is not YAML") from None
        if root is None or root.value == "":
            allowed = "at least `name`, `environment` and `cloud`"
            raise self._unreadable((1, 1), "is empty", allowed=allowed, fix="copy one of the examples")
        return root

    def _unreadable(self, place: Position, message: str, *, allowed: str = "", fix: str = "") -> ConfigError:
        """Nothing more can be said of the file."""
        return ConfigError([*self.problems, Problem(self.file, *place, "", message, allowed, fix)])

    def _fault(self, node: Node, path: KeyPath, message: str, *, allowed: str = "", fix: str = "") -> None:
        """Note a problem at a node; once, however many aliases lead there."""
        self._faulty.add(path)
        if node not in self._reported:
            self._reported.add(node)
            self.problems.append(Problem(self.file, *_start(node), dotted(path), message, allowed, fix))

    def _value(self, node: Node, path: KeyPath, parents: tuple[Node, ...]) -> Any:
        self._count(node, path)
        if node in parents:
            self._fault(node, path, "contains itself, through an alias", fix="write the value out")
            return None
        if node.tag not in _TAGS:
            self._fault(node, path, f"the tag {shown(node.tag)} means nothing here", fix="remove the tag")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, (*parents, node))
        if isinstance(node, SequenceNode):
            return self._list(node, path, (*parents, node))
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: KeyPath, parents: tuple[Node, ...]) -> dict[str, Any]:
        data = {}
        for name, (key, value) in self._entries(node, path, parents).items():
            self._place((*path, name), key, value)
            data[name] = self._value(value, (*path, name), parents)
        return data

    def _list(self, node: SequenceNode, path: KeyPath, parents: tuple[Node, ...]) -> list[Any]:
        data = []
        for index, item in enumerate(node.value):
            self._place((*path, index), item, item)
            data.append(self._value(item, (*path, index), parents))
        return data

    def _scalar(self, node: Node, path: KeyPath) -> Any:
        if is_token(node.value):
            self._fault(
                node,
                path,
                f"{shown(node.value)} is a token of CDKTF, which means nothing in a file",
                allowed="a value that is known now",
                fix="pass tokens from Python",
            )
        return _plain(node)

    def _entries(self, node: MappingNode, path: KeyPath, parents: tuple[Node, ...]) -> dict[str, tuple[Node, Node]]:
        """Keys and values by name, those of `<<` below the mapping's own."""
        own: dict[str, tuple[Node, Node]] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                merged = {**self._merged(value, path, parents), **merged}
            elif not isinstance(key, ScalarNode) or key.tag != f"{_TAG}str":
                fix = "put it in quotes" if isinstance(key, ScalarNode) else "write a word"
                self._fault(key, (*path, *_name(key)), "the key is no text", allowed="text", fix=fix)
            elif key.value in own:
                line, column = _start(own[key.value][0])
                message = f"the key stands twice, first in line {line}, column {column}"
                self._fault(key, (*path, key.value), message, fix="remove one of them")
            else:
                own[key.value] = (key, value)
        return {**merged, **own}

    def _merged(self, node: Node, path: KeyPath, parents: tuple[Node, ...]) -> dict[str, tuple[Node, Node]]:
        entries: dict[str, tuple[Node, Node]] = {}
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            self._count(source, path)
            if not isinstance(source, MappingNode) or source in parents:
                self._fault(source, (*path, "<<"), "cannot be merged", allowed="an alias of a mapping defined above")
            else:
                entries = {**self._entries(source, path, (*parents, source)), **entries}
        return entries

    def _place(self, path: KeyPath, key: Node, value: Node) -> None:
        written = value.value if isinstance(value, ScalarNode) else None
        self._places[path] = _Place(_start(key), _start(value), written)

    def _count(self, node: Node, path: KeyPath) -> None:
        self._size += 1
        if self._size > MAX_NODES:
            where = path[:1]
            allowed = f"at most {MAX_NODES:,} values once aliases are followed"
            self._fault(node, where, "aliases make the file too large", allowed=allowed, fix="write the values out")
            raise ConfigError(self.problems)


class _Composer(Composer):
    """Nests no deeper than Python can, and lets an anchor be used again, as YAML does."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self.warn_double_anchors = False
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self._depth > MAX_DEPTH:
            mark = self.parser.peek_event().start_mark
            raise ComposerError(problem=f"more than {MAX_DEPTH} levels of nesting", problem_mark=mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = f"the byte {content[error.start]:#04x} is not UTF-8"
        raise ConfigError([Problem(file, line, column, "", message, fix="save the file as UTF-8")]) from None


def _start(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _name(key: Node) -> Iterator[str]:
    if isinstance(key, ScalarNode):
        yield key.value


def _in_plain_words(problem: str) -> tuple[str, str]:
    for part, (message, fix) in _SYNTAX.items():
        if part in problem:
            return f"is not YAML: {message}", fix
    return f"is not YAML: {problem}", "check indentation, quotes and colons"


def _plain(node: Node) -> Any:
    """The value of YAML 1.2's core schema. Dates are text; so is a number that Python refuses to read."""
    kind = str(node.tag).removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return {"true": True, "false": False}.get(node.value.lower(), node.value)
    try:
        if kind == "int":
            return int(node.value, 0 if node.value.lstrip("+-")[:2] in ("0x", "0o", "0b") else 10)
        if kind == "float":
            return float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        pass
    return node.value
