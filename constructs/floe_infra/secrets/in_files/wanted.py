"""The Kubernetes Secrets that there are to be, as whoever keeps them in files has to know them.

A Secret is a copy of one of the platform's secrets, by templates. Some of its keys are known without anybody's help (a
user's name, a URL), others are put together from those that are given, and the rest is what somebody has to give.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from floe_infra.needs import Needs, Password

if TYPE_CHECKING:
    from floe_infra.kubernetes.site import SecretCopy

Content = Mapping[str, str | Password | None]
"""A secret's keys: what is known of them, how they would be made, or None for what only somebody else knows."""

REFERENCE = re.compile(r"\{\{ \.([\w-]+)( \| toJson)? \}\}")
"""All that the templates of our copies are made of."""
_SHORTEST = 16
"""Bytes of what nobody is to guess."""


@dataclass(frozen=True)
class Given:
    """A value that somebody gives.

    Attributes:
        source: the platform's secret that it belongs to. Where several Secrets want the same, it is the same value.
        key: its key there.
        made: whether nobody else has it already: anything will do, of letters and digits.
        length: how long to make it.
        text: what it is put together from, if it holds others: a template over the source's keys.
    """

    source: str
    key: str
    made: bool = False
    length: int = 1
    text: str | None = None

    @property
    def name(self) -> str:
        """What it is called among all values."""
        return f"{self.source}.{self.key}"

    @property
    def shortest(self) -> int:
        """The fewest bytes that it may have."""
        return min(self.length, _SHORTEST)


@dataclass(frozen=True)
class Wanted:
    """A Secret in the cluster.

    Attributes:
        given: by key, what somebody has to give.
        known: by key, what everybody may know.
        composed: by key, templates of Go's over `given`.
    """

    namespace: str
    name: str
    given: Mapping[str, Given]
    known: Mapping[str, str]
    composed: Mapping[str, str]

    @property
    def keys(self) -> frozenset[str]:
        """All that the Secret holds."""
        return frozenset((*self.given, *self.known, *self.composed))


def contents(needs: Mapping[str, Needs]) -> dict[str, Content]:
    """The platform's secrets by name, as its services see them."""
    found: dict[str, Content] = {}
    for need in needs.values():
        found |= need.all_secrets
        found |= {name: dict.fromkeys(existing.keys) for name, existing in need.existing.items()}
    return found


def wanted(copy: SecretCopy, *, namespace: str, content: Content, composes: bool) -> Wanted:
    """What a copy of a secret holds.

    Args:
        content: the secret's.
        composes: whether the operator puts values together; what it cannot, somebody has to give as a whole.
    """
    source, templates = copy.source.name, copy.data or {key: f"{{{{ .{key} }}}}" for key in copy.source.keys}
    filled = {key: _fill(template, content) for key, template in templates.items()}
    whole = {key: found[1] for key, text in filled.items() if (found := REFERENCE.fullmatch(text)) and not found[2]}
    known = {key: text for key, text in filled.items() if not REFERENCE.search(text)}
    given = {key: _given(source, origin, content[origin]) for key, origin in whole.items()}
    places = {origin: key for key, origin in whole.items()}
    composed: dict[str, str] = {}
    for key, text in filled.items():
        if key in whole or key in known:
            continue
        if composes and all(found[1] in places for found in REFERENCE.finditer(text)):
            composed[key] = REFERENCE.sub(
                lambda it: f"{{{{ index . {json.dumps(places[it[1]])}{it[2] or ''} }}}}", text
            )
        else:
            given[key] = Given(source, key, text=text)
    return Wanted(namespace, copy.ref(namespace).name, given, known, composed)


def _fill(template: str, content: Content) -> str:
    def known(found: re.Match[str]) -> str:
        value = content[found[1]]
        if not isinstance(value, str):
            return found[0]
        return json.dumps(value) if found[2] else value

    return REFERENCE.sub(known, template)


def _index(key: str, function: str | None) -> str:
    """A key that may be no word of Go's."""
    return f"{{{{ index . {json.dumps(key)}{function or ''} }}}}"


def _given(source: str, key: str, value: str | Password | None) -> Given:
    made = isinstance(value, Password)
    return Given(source, key, made=made, length=value.length if isinstance(value, Password) else 1)
