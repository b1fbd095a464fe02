"""Changes a configuration file in its own text: what is not changed stays as it is, to the byte.

Sections are found by the places that YAML's own parser gives them, and moved as lines. Whether the result says what it
should is for whoever reads it again to see.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import ReusedAnchorWarning
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

_INDENT = "  "
_OTHER_LINE_ENDS = re.compile("\r(?!\n)|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class EditError(Exception):
    """The text has a form in which nothing can be moved as lines."""


@dataclass(frozen=True)
class Value:
    """What a key has, as text that can be put elsewhere.

    Attributes:
        inline: what stands behind the colon, if it is not below it.
        lines: otherwise what stands below, without the indentation of the first key.
    """

    inline: str | None = None
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Value:
        """New data, as people write it."""
        out = StringIO()
        yaml = YAML()
        yaml.indent(mapping=2, sequence=4, offset=2)
        yaml.width = 120
        yaml.dump(dict(data), out)
        return cls(lines=tuple(out.getvalue().splitlines()))

    def under(self, key: str, *, remark: str = "") -> tuple[str, ...]:
        """The lines of a key with this value.

        Args:
            remark: what stands behind the key, or behind an inline value: a comment, with the spaces before it.
        """
        if self.inline is not None:
            return tuple(f"{key}: {self.inline}{remark}".split("\n"))
        return (f"{key}:{remark}", *(f"{_INDENT}{line}" if line.strip() else line for line in self.lines))


@dataclass(frozen=True)
class _Section:
    """Where a top-level key is, in lines counted from 0, `last` included."""

    first: int
    last: int
    key: Node
    value: Node


class Text:
    """A configuration file's text.

    Attributes:
        text: the text.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.split("\n")
        self._end = "\r" if "\r\n" in text else ""
        if _OTHER_LINE_ENDS.search(text):
            raise EditError("there are unusual line ends in the file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # which YAML allows
            root = YAML(typ="safe", pure=True).compose(text)
        if not isinstance(root, MappingNode) or root.flow_style:
            raise EditError("the whole file is one mapping in braces")
        self._sections = {
            key.value: _Section(key.start_mark.line, self._last_line(value), key, value) for key, value in root.value
        }

    def has(self, section: str) -> bool:
        """Whether the section stands in the file itself."""
        return section in self._sections

    def value(self, section: str, key: str | None = None) -> Value:
        """What a section has, or a key in it."""
        place = self._sections[section]
        node = place.value
        if key is None:
            return self._cut(node, place.first + 1)
        if not isinstance(node, MappingNode):
            raise EditError(f"{section} is an alias")
        found = next((value for name, value in node.value if name.value == key), None)
        if found is None:
            raise EditError(f"{section}.{key} does not stand there itself")
        return self._cut(found)

    def replace(self, section: str, value: Value) -> Text:
        """With another value in a section; comments behind and around its key stay."""
        place = self._sections[section]
        return self._with(place.first, place.last + 1, value.under(section, remark=self._remark(place)))

    def add(self, section: str, value: Value, *, after: str | None = None, comment: str = "") -> Text:
        """With a new section, after another one if that is there, or at the end.

        Args:
            comment: stands behind the key.
        """
        remark = f"   # {comment}" if comment else ""
        places = [self._sections[after]] if after in self._sections else self._sections.values()
        at = max(place.last for place in places) + 1
        return self._with(at, at, ["", *value.under(section, remark=remark)])

    def remove(self, section: str) -> Text:
        """Without a section and the empty line before it."""
        place = self._sections[section]
        first = place.first
        if first and not self._lines[first - 1].strip():
            first -= 1
        return self._with(first, place.last + 1, ())

    def _with(self, first: int, end: int, new: Sequence[str]) -> Text:
        made = [line.rstrip("\r") + self._end for line in new]
        return Text("\n".join([*self._lines[:first], *made, *self._lines[end:]]))

    def _cut(self, node: Node, comments_from: int | None = None) -> Value:
        """Comments above the first of its keys belong to a section's value."""
        start = node.start_mark
        if not isinstance(node, MappingNode) or node.flow_style:
            return Value(inline=self.text[start.index : node.end_mark.index])
        first = min(start.line, comments_from if comments_from is not None else start.line)
        # A comment may stand further to the left than what it is in.
        return Value(
            lines=tuple(
                line[min(start.column, len(line) - len(line.lstrip())) :].rstrip("\r")
                for line in self._lines[first : self._last_line(node) + 1]
            )
        )

    def _remark(self, place: _Section) -> str:
        if isinstance(place.value, MappingNode) and not place.value.flow_style:
            rest = self._lines[place.first][place.key.end_mark.column :].lstrip().removeprefix(":")
        else:
            mark = place.value.end_mark
            rest = self._lines[mark.line][mark.column :]
        return rest.rstrip() if rest.lstrip().startswith("#") else ""

    def _last_line(self, node: Node) -> int:
        """The last line with anything of a value. A block's end mark is where the next thing begins."""
        if isinstance(node, ScalarNode) and node.style in ("|", ">"):
            line = int(node.end_mark.line) - (1 if node.end_mark.column == 0 else 0)
            while line > node.start_mark.line and not self._lines[line].strip():
                line -= 1
            return line
        if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
            return int(node.end_mark.line)
        last = node.value[-1]
        return self._last_line(last[1] if isinstance(last, tuple) else last)
