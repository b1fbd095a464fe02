"""A shell script that makes the files that are missing, so that nobody has to type, or to see, a value."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from floe_infra.secrets.in_files.service import SecretsInFiles
from floe_infra.secrets.in_files.wanted import REFERENCE, Given, Wanted

_HEAD = """\
#!/bin/sh
# Makes encrypted files of new values, and of those that it asks for. Plain values are in a folder that goes with it.
set -eu
VALUES=$(mktemp -d)
trap 'rm -rf "$VALUES"' EXIT
make() { LC_ALL=C tr -dc A-Za-z0-9 < /dev/urandom | head -c "$2" > "$VALUES/$1"; }
"""
_ASK = """\
ask() {
  printf '%s: ' "$1" >&2
  [ ! -t 0 ] || stty -echo
  IFS= read -r value
  [ ! -t 0 ] || { stty echo; echo >&2; }
  printf %s "$value" | AS_TYPED > "$VALUES/$1"
}
"""


def unmade(operator: SecretsInFiles) -> list[Wanted]:
    """The Secrets that have no file, or none that is as it has to be; and those that hold the same values, since nobody
    can get these out of the files that are there."""
    chosen = [each for each in operator.wanted if operator.folder.find(each) is None]
    while True:
        new = {value.name for each in chosen for value in _values(each) if value.made}
        more = [each for each in operator.wanted if any(value.name in new for value in _values(each))]
        grown = [each for each in operator.wanted if each in chosen or each in more]
        if grown == chosen:
            return chosen
        chosen = grown


def script(operator: SecretsInFiles, chosen: Sequence[Wanted]) -> str:
    """The script that makes these Secrets' files, to be run where the configuration's own path begins."""
    values = {value.name: value for each in chosen for value in _values(each)}
    asked = [name for name, value in values.items() if not value.made]
    there = [str(operator.folder.place(each)) for each in chosen if operator.folder.find(each)]
    return "".join(
        [
            _HEAD,
            _ASK.replace("AS_TYPED", operator.as_typed) if asked else "",
            *(f"make {name} {value.length}\n" for name, value in values.items() if value.made),
            *(f"ask {name}\n" for name in asked),
            *(f"# {file} is there, and holds a value of the others: it gets the new one.\n" for file in there),
            f"mkdir -p {quote(str(operator.folder.path))}\n",
            *(f"{operator.command(each)}\n" for each in chosen),
        ]
    )


def _values(wanted: Wanted) -> list[Given]:
    """What a person, or chance, gives: of what is put together, the parts."""
    whole = {value.key: value for value in wanted.given.values() if value.text is None}
    parts = {
        found[1]: Given(value.source, found[1])
        for value in wanted.given.values()
        if value.text is not None
        for found in REFERENCE.finditer(value.text)
    }
    return [*whole.values(), *(part for key, part in parts.items() if key not in whole)]
