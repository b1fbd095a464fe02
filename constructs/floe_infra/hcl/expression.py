"""Terraform's expressions, parsed as far as writing them well needs it: brackets, entries, strings, spaces.

What an expression means is Terraform's business. Only the brackets are taken apart, so that objects and lists can be
laid out over several lines; everything else is a row of tokens with the spaces between them that `terraform fmt` puts.

https://developer.hashicorp.com/terraform/language/expressions,
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias


class ExpressionError(ValueError):
    """What stands in `${…}` is no expression."""


@dataclass(frozen=True)
class Token:
    """A name, number, operator, or a whole string with its quotes."""

    text: str
    kind: str
    """`name`, `number`, `string`, `heredoc`, `operator`."""


@dataclass(frozen=True)
class Entry:
    """What stands between two commas: a value, or in an object a key and a value."""

    value: Expression
    key: Expression | None = None


@dataclass(frozen=True)
class Group:
    """Brackets and what is in them."""

    opening: str
    entries: tuple[Entry, ...] = ()
    is_for: bool = False
    """`[for …]` or `{for …}`, whose one entry is written as it is."""

    @property
    def closing(self) -> str:
        return _CLOSING[self.opening]


Node: TypeAlias = "Token | Group"


@dataclass(frozen=True)
class Expression:
    """Tokens and groups in a row."""

    nodes: tuple[Node, ...] = field(default=())


_CLOSING = {"(": ")", "[": "]", "{": "}"}
_KEYWORDS = {"for", "in", "if"}
_TOKEN = re.compile(
    r"""(?P<space>(?:\s|\#[^\n]*|//[^\n]*|/\*.*?\*/)+)
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[^\W\d](?:[\w-])*)
    |(?P<operator>==|!=|<=|>=|&&|\|\||=>|\.\.\.|::|[-+*/%<>=!?:.,(){}\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)\r?\n")


def parse(text: str) -> Expression:
    """Raises `ExpressionError`."""
    expression, position = _row(text, 0, stop="")
    if position < len(text):
        raise ExpressionError(f"{text[position]!r} is not expected in {text!r}")
    return expression


def name(text: str) -> Expression:
    """An expression that is one token, such as a reference without an index."""
    return Expression((Token(text, "name"),))


def string_end(text: str, position: int) -> int:
    """Behind the quote that closes the string which begins at `position`; templates in it may hold strings."""
    position += 1
    while position < len(text):
        match text[position]:
            case '"':
                return position + 1
            case "\\":
                position += 2
            case "$" | "%" as sign:
                position = _behind_sign(text, position, sign)
            case _:
                position += 1
    raise ExpressionError(f"a string has no end: {text}")


def template_end(text: str, position: int) -> int:
    """Behind the brace that closes the template whose inside begins at `position`."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character == '"':
            position = string_end(text, position)
            continue
        if found := _HEREDOC.match(text, position):
            position = _heredoc_end(text, found)
            continue
        if character == "{":
            depth += 1
        elif character == "}":
            if not depth:
                return position + 1
            depth -= 1
        position += 1
    raise ExpressionError(f"a template has no end: {text}")


def _behind_sign(text: str, position: int, sign: str) -> int:
    """`$${` is an escaped `${`, which begins a template; a sign alone means itself."""
    if text.startswith(f"{sign}{sign}{{", position):
        return position + 3
    if text.startswith(f"{sign}{{", position):
        return template_end(text, position + 2)
    return position + 1


def _heredoc_end(text: str, begin: re.Match[str]) -> int:
    end = re.compile(rf"^[ \t]*{re.escape(begin[1])}(?=\r?\n|$|\W)", re.MULTILINE).search(text, begin.end())
    if end is None:
        raise ExpressionError(f"a heredoc has no end: {text}")
    return end.end()


def _tokens(text: str, position: int) -> Iterator[tuple[Token | None, int]]:
    """Tokens (None for a line's end) and where they end."""
    while position < len(text):
        if text[position] == '"':
            end = string_end(text, position)
            yield Token(text[position:end], "string"), end
        elif heredoc := _HEREDOC.match(text, position):
            end = _heredoc_end(text, heredoc)
            yield Token(text[position:end], "heredoc"), end
        elif found := _TOKEN.match(text, position):
            end = found.end()
            kind = found.lastgroup or ""
            if kind != "space":
                yield Token(found[0], kind), end
            elif "\n" in found[0]:
                yield None, end
        else:
            raise ExpressionError(f"{text[position]!r} is not expected in {text!r}")
        position = end


def _row(text: str, position: int, stop: str) -> tuple[Expression, int]:
    """Nodes up to one of the characters in `stop`, and where that stands. A newline stops only where it is in `stop`,
    and not between an operator and its operand."""
    nodes: list[Node] = []
    while position < len(text):
        found = next(_tokens(text, position), None)
        if found is None:
            return Expression(tuple(nodes)), len(text)
        token, end = found
        if token is None:
            if "\n" in stop and nodes and not _goes_on(nodes[-1], text, end):
                return Expression(tuple(nodes)), position
            position = end
        elif token.kind == "operator" and token.text in stop:
            return Expression(tuple(nodes)), end - len(token.text)
        elif token.text in _CLOSING:
            group, position = _group(text, end, token.text)
            nodes.append(group)
        elif token.text in _CLOSING.values():
            return Expression(tuple(nodes)), end - 1
        else:
            nodes.append(token)
            position = end
    return Expression(tuple(nodes)), position


def _goes_on(last: Node, text: str, position: int) -> bool:
    following = next((token for token, _ in _tokens(text, position) if token), None)
    return bool(
        (isinstance(last, Token) and last.kind == "operator" and last.text not in ("...", "*"))
        or (following and following.kind == "operator" and following.text in ("?", ":", "&&", "||", "."))
    )


def _group(text: str, position: int, opening: str) -> tuple[Group, int]:
    closing = _CLOSING[opening]
    first = next((token for token, _ in _tokens(text, position) if token), None)
    if first and first.text == "for" and opening != "(":
        whole, position = _row(text, position, stop=closing)
        return Group(opening, (Entry(whole),), is_for=True), _closed(text, position, closing)
    entries: list[Entry] = []
    while True:
        position = _skip(text, position)
        if text[position : position + 1] == closing:
            return Group(opening, tuple(entries)), position + 1
        key = None
        if opening == "{":
            key, position = _row(text, position, stop="=:" + closing)
            if text[position : position + 1] not in ("=", ":"):
                raise ExpressionError(f"an object's key has no value in {text!r}")
            position += 1
        value, position = _row(text, position, stop=",\n" if opening == "{" else ",")
        if not value.nodes:
            raise ExpressionError(f"an expression is missing in {text!r}")
        entries.append(Entry(value, key))
        position = _skip(text, position)
        following = text[position : position + 1]
        if following == ",":
            position += 1
        elif (following != closing and opening != "{") or not following:
            raise ExpressionError(f"{closing} is missing in {text!r}")


def _closed(text: str, position: int, closing: str) -> int:
    position = _skip(text, position)
    if text[position : position + 1] != closing:
        raise ExpressionError(f"{closing} is missing in {text!r}")
    return position + 1


def _skip(text: str, position: int) -> int:
    """Behind spaces and comments."""
    found = _TOKEN.match(text, position)
    return found.end() if found and found.lastgroup == "space" else position


def inline(expression: Expression) -> str:
    """On one line (but for a heredoc)."""
    written = ""
    before: Node | None = None
    unary = True  # whether a sign would belong to what follows
    glued = True
    for node in expression.nodes:
        text = node.text if isinstance(node, Token) else _inline_group(node)
        is_operator = isinstance(node, Token) and node.kind == "operator"
        if not glued and not _clings(before, node):
            written += " "
        written += text
        sign = is_operator and text in ("!", "-") and unary
        glued = sign or (is_operator and text in (".", "::"))
        splat = is_operator and text == "*" and isinstance(before, Token) and before.text == "."
        unary = (is_operator and not splat) or (isinstance(node, Token) and node.text in _KEYWORDS)
        if splat:
            glued = False
            node = Token("*", "name")
        before = node
    return written


def _clings(before: Node | None, node: Node) -> bool:
    """Whether a node stands at the one before it without a space."""
    if isinstance(node, Token):
        return node.kind == "operator" and node.text in (".", "...", "::", ",")
    if isinstance(before, Token):
        callable = before.kind == "name" and before.text not in _KEYWORDS
        return callable and node.opening in "(["
    return isinstance(before, Group) and node.opening == "["


def _inline_group(group: Group) -> str:
    entries = ", ".join(_inline_entry(entry) for entry in group.entries)
    spaced = group.opening == "{" and entries
    return f"{{ {entries} }}" if spaced else f"{group.opening}{entries}{group.closing}"


def _inline_entry(entry: Entry) -> str:
    return inline(entry.value) if entry.key is None else f"{_written_key(entry.key)} = {inline(entry.value)}"


_PLAIN_KEY = re.compile(r'"([A-Za-z_][A-Za-z0-9_-]*)"')
_WORDS = {"for", "if", "in", "null", "true", "false"}


def _written_key(key: Expression) -> str:
    """Without quotes where HCL needs none."""
    text = inline(key)
    plain = _PLAIN_KEY.fullmatch(text)
    return plain[1] if plain and plain[1] not in _WORDS else text


def lines(expression: Expression, room: int) -> list[str]:
    """Laid out: on one line if that is short and simple, else brackets are opened, the last ones first.

    Args:
        room: the columns left for the first line.
    """
    text = inline(expression)
    if "\n" in text:
        return text.split("\n")
    if len(text) <= room and not any(_wants_lines(node) for node in expression.nodes):
        return [text]
    if rows := _by_operator(expression, room):
        return rows
    opened = _to_open(expression)
    if opened is None:
        return [text]
    head = inline(Expression((*expression.nodes[:opened], Token("\0", "name"))))
    group = expression.nodes[opened]
    assert isinstance(group, Group)
    if opened and _clings(expression.nodes[opened - 1], group):
        head = inline(Expression(expression.nodes[:opened])) + "\0"
    tail = inline(Expression((Token("\0", "name"), *expression.nodes[opened + 1 :])))[1:]
    first, *rest = _open(group)
    return [head[:-1] + first, *rest[:-1], rest[-1] + tail]


def _by_operator(expression: Expression, room: int) -> list[str] | None:
    """A long condition in parentheses, with a line for each of its operands. What a `for` leaves out stands below."""
    if places := [index for index, node in enumerate(expression.nodes) if node == Token("if", "name")]:
        if len(inline(expression)) <= room:
            return None
        taken, condition = expression.nodes[: places[0]], expression.nodes[places[0] + 1 :]
        written, *rest = lines(Expression(condition), WIDTH)
        *above, last = lines(Expression(taken), WIDTH)
        return [*above, f"{last} if {written}", *rest] if above else [last, f"if {written}", *rest]
    for operators, first in ((("?", ":"), True), (("&&",), False), (("||",), False)):
        places = [
            index
            for index, node in enumerate(expression.nodes)
            if 0 < index < len(expression.nodes) - 1
            and isinstance(node, Token)
            and node.kind == "operator"
            and node.text in operators
        ]
        if not places:
            continue
        if len(inline(expression)) <= room or any(map(_wants_lines, expression.nodes)):
            return None
        edges = [0, *(place if first else place + 1 for place in places), len(expression.nodes)]
        parts = [expression.nodes[start:end] for start, end in pairwise(edges)]
        if first:
            parts[0] = _ends_closed(parts[0])
        rows = [_operand(part, first=first) for part in parts]
        return ["(", *indented([line for row in rows for line in row]), ")"]
    return None


def _operand(nodes: tuple[Node, ...], *, first: bool) -> list[str]:
    """With its operator, before it or behind."""
    sign = nodes[0] if first and isinstance(nodes[0], Token) and nodes[0].text in "?:" else None
    written, *rest = _once_in_parentheses(nodes[1:] if sign else nodes)
    return [f"{sign.text} {written}" if sign else written, *rest]


def _ends_closed(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """A negation at a condition's end in parentheses: else the line ends it for python-hcl2, and so for Checkov."""
    places = [index for index, node in enumerate(nodes) if node == Token("!", "operator")]
    behind = nodes[places[-1] + 1 :] if places else ()
    if not behind or any(isinstance(node, Token) and node.kind == "operator" and node.text != "." for node in behind):
        return nodes
    return (*nodes[: places[-1]], Group("(", (Entry(Expression(nodes[places[-1] :])),)))


def _once_in_parentheses(nodes: tuple[Node, ...]) -> list[str]:
    """Laid out; what stands in parentheses that its lines would have anyway, without them."""
    match nodes:
        case (Group(opening="(", entries=(Entry(key=None) as entry,)),):
            inside = lines(entry.value, WIDTH)
            if inside[0] == "(":
                return inside
    return lines(Expression(nodes), WIDTH)


def _wants_lines(node: Node) -> bool:
    """Objects of several entries, or with objects in them, are read line by line."""
    if isinstance(node, Token) or _is_row(node):
        return False
    if node.opening == "{" and any(_rows(entry.value) for entry in node.entries):
        return True
    if node.opening == "{" and not node.is_for and (len(node.entries) > 1 or any(map(_holds_object, node.entries))):
        return True
    return any(_wants_lines(each) for entry in node.entries for each in entry.value.nodes)


def _is_row(node: Node) -> bool:
    """A list of one object that is a row."""
    match node:
        case Group(opening="[", is_for=False, entries=(Entry() as entry,)):
            return _is_short(entry.value)
    return False


def _is_short(expression: Expression) -> bool:
    """An object of a few plain values, which in a list is read as a row: `{ name = "tmp", mountPath = "/tmp" }`."""
    match expression.nodes:
        case (Group(opening="{", is_for=False, entries=entries),):
            is_plain = not any(map(_holds_several, entries))
            return 1 < len(entries) <= 3 and is_plain and len(inline(expression)) <= _ROW
    return False


def _holds_several(entry: Entry) -> bool:
    """Whether there is an object or a list with something in it."""
    nodes = entry.value.nodes
    groups = [node for index, node in enumerate(nodes) if isinstance(node, Group) and not _is_index(nodes, index)]
    return any(
        (group.opening in "{[" and bool(group.entries)) or any(map(_holds_several, group.entries)) for group in groups
    )


def _holds_object(entry: Entry) -> bool:
    return any(
        isinstance(node, Group) and ((node.opening == "{" and node.entries) or any(map(_holds_object, node.entries)))
        for node in entry.value.nodes
    )


def _to_open(expression: Expression) -> int | None:
    """The group to open: the last that wants it, else the last that holds anything."""
    groups = [
        index
        for index, node in enumerate(expression.nodes)
        if isinstance(node, Group) and node.entries and not _is_index(expression.nodes, index)
    ]
    wanting = [index for index in groups if _wants_lines(expression.nodes[index])]
    return max(wanting or groups, default=None)


def _is_index(nodes: Sequence[Node], index: int) -> bool:
    group = nodes[index]
    return isinstance(group, Group) and group.opening == "[" and index > 0 and _clings(nodes[index - 1], group)


WIDTH = 100
"""Columns that a line takes at most, if that can be."""
_ROW = 80
"""Columns of an object that is a row of a list."""


def _open(group: Group) -> list[str]:
    if len(group.entries) == 1 and group.opening in "([" and not group.is_for:
        [entry] = group.entries
        if entry.key is None and len(entry.value.nodes) == 1 and isinstance(entry.value.nodes[0], Group):
            inner = lines(entry.value, 0)  # `jsonencode({` and `[{`, without a line of their own
            return [group.opening + inner[0], *inner[1:-1], inner[-1] + group.closing]
    if group.opening == "{" and not group.is_for:
        body = aligned([(_written_key(entry.key), _assigned(entry.value)) for entry in group.entries if entry.key])
    elif group.is_for:
        body = _for(group.entries[0].value)
    else:
        body = []
        for entry in group.entries:
            is_row = group.opening == "[" and _is_short(entry.value)
            *before, last = [inline(entry.value)] if is_row else lines(entry.value, WIDTH)
            end = "," if group.opening == "[" or entry is not group.entries[-1] else ""
            body += [*before, last + end]
    return [group.opening, *indented(body), group.closing]


def _assigned(value: Expression) -> list[str]:
    """An object's value: text of several lines as such."""
    rows = _rows(value)
    return ["<<-EOT", *indented(rows), "EOT"] if rows else lines(value, WIDTH - 20)


def _rows(value: Expression) -> list[str]:
    """Of text that can be an indented heredoc, the lines: Terraform takes away what all of them begin with."""
    match value.nodes:
        case (Token(kind="string", text=text),):
            *rows, end = text[1:-1].split("\\n")
            is_clear = not end and len(rows) > 2 and all(rows) and not rows[0].startswith(" ")
            if is_clear and not re.search(r'\\[^n"]|[$%]\{|EOT', text):
                return [row.replace('\\"', '"') for row in rows]
    return []


def _for(expression: Expression) -> list[str]:
    """What is gone through, and then what is made of each."""
    nodes = expression.nodes
    colon = next(index for index, node in enumerate(nodes) if isinstance(node, Token) and node.text == ":")
    head, made = inline(Expression(nodes[: colon + 1])), Expression(nodes[colon + 1 :])
    room = WIDTH - len(head)
    if room < len(inline(made)) <= WIDTH and not any(map(_wants_lines, made.nodes)):
        return [head, inline(made)]
    first, *rest = [inline(made)] if _is_short(made) else lines(made, room)
    return [f"{head} {first}", *rest]


def indented(text: Sequence[str]) -> list[str]:
    """Two spaces further in; what belongs to a heredoc that is not indented stays."""
    written: list[str] = []
    marker: str | None = None
    for line in text:
        written.append(f"  {line}" if line and marker is None else line)
        if marker is None:
            begin = re.search(r"<<([A-Z_]+)$", line)
            marker = begin[1] if begin else None
        elif line == marker:
            marker = None
    return written


def aligned(assignments: Sequence[tuple[str, list[str]]]) -> list[str]:
    """Assignments with their `=` below each other, as `terraform fmt` has them: those of one line, in a row."""
    written: list[str] = []
    chain: list[tuple[str, list[str]]] = []

    def close() -> None:
        width = max((len(key) for key, _ in chain), default=0)
        for key, value in chain:
            written.extend([f"{key.ljust(width)} = {value[0]}", *value[1:]])
        chain.clear()

    for key, value in assignments:
        if len(value) > 1 and not re.search(r"<<-?[A-Z_]+$", value[0]):
            close()
            written += [f"{key} = {value[0]}", *value[1:]]
        else:
            chain.append((key, value))  # a heredoc counts as one line
    close()
    return written
