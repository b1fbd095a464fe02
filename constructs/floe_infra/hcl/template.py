"""Strings of Terraform JSON, which are templates, as HCL has them: expressions, quoted strings, heredocs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from floe_infra.hcl.expression import Entry, Expression, Group, Token, inline, parse, template_end


@dataclass(frozen=True)
class Part:
    """A piece of a template."""

    text: str
    """Of text as the template has it, with `$${` for `${`; of an expression what stands between the braces."""
    kind: str
    """`text`, `expression`, or `directive` (`%{ if … }`)."""


def parts(template: str) -> list[Part]:
    """A template cut into text, `${…}` and `%{…}`."""
    return list(_parts(template))


def _parts(template: str) -> Iterator[Part]:
    start = position = 0
    while found := re.compile(r"[$%](?=[$%]?\{)").search(template, position):
        position = found.start()
        sign = found[0]
        if template.startswith(f"{sign}{sign}{{", position):
            position += 3
        elif template.startswith("{", position + 1):
            if position > start:
                yield Part(template[start:position], "text")
            end = template_end(template, position + 2)
            yield Part(template[position + 2 : end - 1], "expression" if sign == "$" else "directive")
            start = position = end
        else:
            position += 1
    if start < len(template):
        yield Part(template[start:], "text")


def escaped(text: str) -> str:
    """Text that is no template, as a template that says the same."""
    return re.sub(r"([$%])(?=\{)", r"\1\1", text)


def unescaped(text: str) -> str:
    """The text that a template without expressions stands for."""
    return re.sub(r"([$%])\1(?=\{)", r"\1", text)


def as_expression(template: str, *, heredoc: bool = False) -> Expression:
    """A string of Terraform JSON as HCL's expression of the same value. Raises `ExpressionError`.

    Args:
        heredoc: whether text of several lines may become one, which only an argument of its own has room for.
    """
    found = parts(template)
    if len(found) == 1 and found[0].kind == "expression":
        return _bare(parse(found[0].text.strip("~")))  # there is nothing around it to strip
    if heredoc and (text := _heredoc(template, found)):
        return Expression((Token(text, "heredoc"),))
    return Expression((Token(f'"{"".join(map(_quoted, found))}"', "string"),))


def _bare(expression: Expression) -> Expression:
    """Without the parentheses that CDKTF puts around every operator, where there is nothing else to tell apart."""
    match expression.nodes:
        case (Group(opening="(", entries=(Entry(key=None) as entry,)),):
            return _bare(entry.value)
    return expression


def _quoted(part: Part) -> str:
    if part.kind == "text":
        return quoted(part.text)
    return _code(part)


def _code(part: Part) -> str:
    sign = "$" if part.kind == "expression" else "%"
    before, after = ("~" if strips else "" for strips in (part.text.startswith("~"), part.text.endswith("~")))
    text = inline(parse(part.text.strip("~")))
    text = re.sub(r"^-(?=\S)", "- ", text)  # as `terraform fmt` has it
    space = " " if text.startswith("{") else ""
    return f"{sign}{{{before}{space}{text}{after}}}"


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """What stands between quotes for a template's text."""
    return re.sub(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]', lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _heredoc(template: str, found: list[Part]) -> str | None:
    """For text of several lines; None where a heredoc could not hold it, or would not make it clearer."""
    rows = template.split("\n")
    if len(rows) < 3 or rows[-1] or re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]", template):
        return None
    if any("\n" in part.text for part in found if part.kind != "text") or any(
        part.kind == "directive" for part in found
    ):
        return None
    marker = "EOT"
    while any(row.strip() == marker for row in rows):
        marker += "_"
    text = "".join(part.text if part.kind == "text" else _code(part) for part in found)
    return f"<<{marker}\n{text}{marker}"


def literal(text: str) -> Expression:
    """A string that Terraform JSON takes word for word, such as a description."""
    return as_expression(escaped(text), heredoc=True)
