"""A YAML file with the place of everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from floe_infra.config.problems import ConfigError, Problem

MAX_NODES = 10_000
"""After aliases are followed. A platform has a few hundred; a "billion laughs" file has more than any machine."""

Position = tuple[int, int]


class Document:
    """The file's content as plain Python data, and positions by key path (from 1; `(0, 0)` is unknown)."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._tree = self._parse(text)
        self._nodes = 0
        self.data: dict[str, Any] = self._plain(self._tree, ())

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a file.

        Raises:
            ConfigError: the file cannot be read, is not YAML, is empty, repeats a key, or is no mapping.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError(
                [
                    Problem(
                        str(path),
                        0,
                        0,
                        "",
                        "no such file",
                        fix="name the file with -c, or write floe-infra.yaml",
                    )
                ]
            ) from None
        except UnicodeDecodeError as error:
            raise ConfigError([Problem(str(path), 0, 0, "", f"is not UTF-8 text: {error.reason}")]) from None
        except OSError as error:
            raise ConfigError([Problem(str(path), 0, 0, "", f"cannot be read: {error.strerror}")]) from None
        return cls(text, str(path))

    def position(self, path: Sequence[str | int], *, of_key: bool = False) -> Position:
        """Where the value at `path` (or its key) stands; the nearest parent's place when it is not in the file."""
        node: Any = self._tree
        position = (1, 1)
        for depth, step in enumerate(path):
            place = self._place(node, step, of_key=of_key and depth == len(path) - 1)
            if place is None:
                break
            position, node = place, node[step]
        return position

    def problem(
        self,
        path: Sequence[str | int],
        message: str,
        *,
        allowed: str = "",
        fix: str = "",
        of_key: bool = False,
    ) -> Problem:
        """A problem at this place."""
        line, column = self.position(path, of_key=of_key)
        return Problem(self.file, line, column, dotted(path), message, allowed, fix)

    def _parse(self, text: str) -> CommentedMap:
        yaml = YAML(typ="rt")
        try:
            tree = yaml.load(text)
        except DuplicateKeyError as error:
            key = str(error.problem or "").split('"')[1:2]
            raise self._broken(error, f"the key {key[0] if key else ''!r} stands twice", "remove one of them") from None
        except MarkedYAMLError as error:
            raise self._broken(error, f"is not YAML: {error.problem}", "check indentation, quotes and colons") from None
        except YAMLError as error:
            message = str(error).splitlines()[0]
            raise ConfigError([Problem(self.file, 0, 0, "", f"is not YAML: {message}")]) from None
        if tree is None:
            raise ConfigError(
                [
                    Problem(
                        self.file,
                        1,
                        1,
                        "",
                        "the file is empty",
                        allowed="at least `name`, `environment` and `cloud`",
                        fix="copy one of the examples/",
                    )
                ]
            )
        if not isinstance(tree, CommentedMap):
            raise ConfigError([Problem(self.file, 1, 1, "", "must be a mapping of keys to values")])
        return tree

    def _broken(self, error: MarkedYAMLError, message: str, fix: str) -> ConfigError:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return ConfigError([Problem(self.file, line, column, "", message, fix=fix)])

    @staticmethod
    def _place(node: Any, step: str | int, *, of_key: bool) -> Position | None:
        """Position of a child, or None where the file has none (a merged or defaulted key)."""
        try:
            if isinstance(node, CommentedMap):
                line, column = node.lc.key(step) if of_key else node.lc.value(step)
            elif isinstance(node, CommentedSeq):
                line, column = node.lc.item(step)
            else:
                return None
        except (KeyError, TypeError, IndexError):
            return None
        return line + 1, column + 1

    def _plain(self, node: Any, path: tuple[str | int, ...], parents: tuple[int, ...] = ()) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or id(node) in parents:
            raise ConfigError(
                [
                    self.problem(
                        path,
                        "aliases expand without bound",
                        allowed=f"at most {MAX_NODES} values once aliases are followed",
                        fix="write the values out",
                    )
                ]
            )
        if isinstance(node, TaggedScalar) or (isinstance(node, CommentedBase) and node.tag.value):
            raise ConfigError(
                [self.problem(path, f"the tag {node.tag.value} means nothing here", fix="remove the tag")]
            )
        inner = (*parents, id(node)) if isinstance(node, CommentedBase) else parents
        if isinstance(node, CommentedMap):
            return {self._key(key, path): self._plain(value, (*path, key), inner) for key, value in node.items()}
        if isinstance(node, CommentedSeq):
            return [self._plain(value, (*path, index), inner) for index, value in enumerate(node)]
        return _scalar(node)

    def _key(self, key: object, path: tuple[str | int, ...]) -> str:
        if not isinstance(key, str):
            raise ConfigError(
                [self.problem((*path, key), f"the key {key!r} is no text", fix="quote it", of_key=True)]  # type: ignore[arg-type]
            )
        return str(key)


def dotted(path: Sequence[str | int]) -> str:
    """`("a", 0, "b")` as `a[0].b`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _scalar(node: Any) -> Any:
    """Without ruamel's subclasses, which remember how a number or string was written."""
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
