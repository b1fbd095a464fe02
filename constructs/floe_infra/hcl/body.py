"""Blocks and their arguments, laid out as `terraform fmt` leaves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from floe_infra.hcl.expression import WIDTH, Expression, aligned, indented, lines


@dataclass
class Block:
    """A block: its type and labels, arguments and blocks inside."""

    type: str
    labels: tuple[str, ...] = ()
    arguments: dict[str, Expression] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    comment: str = ""
    """Stands above it."""


_FIRST = ("count", "for_each", "provider")
"""What decides how many there are and whose they are stands above everything else, with room below."""
_NAMES = ("sid", "name", "identifier", "bucket", "test", "type", "variable")
"""What tells a block from its neighbours is read first."""
_LAST = ("tags", "labels", "depends_on")
_APART = {"helm_release": (("name", "namespace", "repository", "chart", "version"), ("values",))}
"""Of a type of resource, what says which one it is, and what it is given: with room between these and all else."""


def text(blocks: Iterable[Block]) -> str:
    """A file of these blocks."""
    return "\n".join("\n".join(_block(block)) + "\n" for block in blocks)


def _block(block: Block) -> list[str]:
    head = " ".join([block.type, *(f'"{label}"' for label in block.labels)])
    comment = [f"# {line}".rstrip() for line in block.comment.splitlines()]
    inside = indented(_inside(block))
    return [*comment, f"{head} {{", *inside, "}"] if inside else [*comment, f"{head} {{}}"]


def _inside(block: Block) -> list[str]:
    """Arguments, then blocks, then what the block as a whole waits for."""
    names = list(block.arguments)
    leading = (*_FIRST, "source", "version") if block.type == "module" else _FIRST
    first = [name for name in leading if name in names] if block.type not in _ORDERED else []
    which, given = (
        [name for name in apart if name in names] for apart in _APART.get("".join(block.labels[:1]), ((), ()))
    )
    last = [name for name in _LAST if name in names] if block.type in _SORTED else []
    rest = [name for name in names if name not in (*first, *which, *given, *last)]
    if block.type not in _ORDERED:
        rest.sort(key=lambda name: _NAMES.index(name) if name in _NAMES else len(_NAMES))
    trailing = [name for name in last if name == "depends_on"]
    groups = [
        _arguments(block, first),
        _arguments(block, which),
        _arguments(block, [*rest, *(name for name in last if name not in trailing)]),
        _arguments(block, given),
        *(_block(each) for each in block.blocks),
        _arguments(block, trailing),
    ]
    groups = [group for group in groups if group]
    return [line for index, group in enumerate(groups) for line in (["", *group] if index else group)]


_SORTED = {"resource", "data", "ephemeral", "module", "output"}
_ORDERED = {"required_providers", "locals", "variable", "moved", "import", "removed", "terraform"}


def _arguments(block: Block, names: list[str]) -> list[str]:
    return aligned([(name, lines(block.arguments[name], WIDTH - len(name))) for name in names])
