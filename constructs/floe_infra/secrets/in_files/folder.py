"""A folder of encrypted files: what each is worth, and whether they are the ones that are wanted."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from floe_infra.config.document import MAX_BYTES, Document
from floe_infra.config.problems import ConfigError, KeyPath, Problem
from floe_infra.fields import shown
from floe_infra.secrets.in_files.wanted import Given, Wanted

_SUFFIXES = (".yaml", ".yml", ".json")
_PRIVATE = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1")


class SecretFile(ABC):
    """One file, with one encrypted Secret in it, and all that can be said of it without the key.

    Attributes:
        problems: what is wrong with it.
        namespace: the Secret's; empty if it names none.
        name: likewise.
        sizes: bytes of each value, by key.
        checksum: changes with anything in it.
    """

    kind: ClassVar[str]
    api_version: ClassVar[str]
    values_at: ClassVar[KeyPath]
    """Where the encrypted values are."""

    def __init__(self, document: Document, checksum: str) -> None:
        self.document, self.checksum = document, checksum
        self.problems: list[Problem] = list(document.problems)
        self.sizes: dict[str, int] = {}
        metadata = self._mapping(("metadata",))
        self.namespace, self.name = (str(metadata.get(key) or "") for key in ("namespace", "name"))
        if self._is_one():
            self._check()

    @abstractmethod
    def _check(self) -> None:
        """Note everything that is wrong, and the values' sizes."""

    @abstractmethod
    def manifest(self, wanted: Wanted) -> dict[str, Any]:
        """The object that makes the Secret."""

    @property
    @abstractmethod
    def how_to_encrypt(self) -> str:
        """What makes such a file of one with plain values."""

    def wrong_place(self) -> str:
        """What to do about a wrong name."""
        return "correct it"

    def problem(self, path: KeyPath, message: str, allowed: str = "", fix: str = "", *, of_key: bool = False) -> None:
        """Note what is wrong."""
        self.problems.append(self.document.problem(path, message, allowed=allowed, fix=fix, of_key=of_key))

    def _is_one(self) -> bool:
        """Whether it is of this kind at all; it says what else it is."""
        kind, version = (self.document.data.get(key) for key in ("kind", "apiVersion"))
        if kind == "Secret":
            message = "is a plain Secret: everybody who sees the file knows its values"
            fix = f"{self.how_to_encrypt}, with new values if this file was ever in a repository"
            self.problem(("kind",), message, self.kind, fix)
        elif kind != self.kind:
            self.problem(("kind",), f"{shown(kind)} is nothing that belongs here", self.kind, "one Secret in each file")
        elif version != self.api_version:
            self.problem(("apiVersion",), f"{shown(version)} is not known", self.api_version)
        else:
            for key in ("namespace", "name"):
                if not self._mapping(("metadata",)).get(key):
                    self.problem(("metadata",), f"says no {key}", f"the {key} of the Secret to make")
            return True
        return False

    def _at(self, path: KeyPath) -> Any:
        found: Any = self.document.data
        for step in path:
            if isinstance(found, Mapping):
                found = found.get(str(step))
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def _mapping(self, path: KeyPath) -> Mapping[str, Any]:
        found = self._at(path)
        return found if isinstance(found, Mapping) else {}

    def _only(self, path: KeyPath, keys: Iterable[str], *, plain: Iterable[str] = (), fix: str = "remove it") -> None:
        """Note each other key; of what is plain, that it is readable."""
        keys = list(keys)
        for key in self._mapping(path):
            if key in plain:
                where = ".".join(map(str, self.values_at))
                message = "is not encrypted: everybody who sees the file can read what is in here"
                self.problem((*path, key), message, f"encrypted values, in {where}", self.how_to_encrypt)
            elif key not in keys:
                self.problem((*path, key), "is not taken", ", ".join(keys), fix, of_key=True)

    def _words(self, path: KeyPath) -> dict[str, str]:
        """Labels or annotations: text, as Kubernetes wants it."""
        for key, value in self._mapping(path).items():
            if not isinstance(value, str):
                self.problem((*path, key), f"{shown(value)} is no text", 'text, in quotes: "true"')
        return {key: value for key, value in self._mapping(path).items() if isinstance(value, str)}


class Folder:
    """Encrypted files, each for one Secret.

    Attributes:
        path: the folder.
        problems: what is wrong with it, and with the files in it.
        files: by namespace and name of the Secret, the files that say which one it is.
    """

    def __init__(self, path: Path, read: Callable[[Document, str], SecretFile]) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.files: dict[tuple[str, str], SecretFile] = {}
        for file in self._list():
            self._read(file, read)

    @property
    def checksums(self) -> dict[tuple[str, str], str]:
        """By namespace and name, what changes with a Secret's file."""
        return {place: file.checksum for place, file in self.files.items()}

    def find(self, wanted: Wanted) -> SecretFile | None:
        """The Secret's file, if it is as it has to be."""
        file = self.files.get((wanted.namespace, wanted.name))
        return None if file is None or file.problems or [*_wrong_keys(file, wanted)] else file

    def compare(self, wanted: Iterable[Wanted], command: Callable[[Wanted], str]) -> list[Problem]:
        """Everything that is wrong, when these are wanted.

        Args:
            command: what makes a Secret's file.
        """
        by_place = {(each.namespace, each.name): each for each in wanted}
        missing = sum(place not in self.files for place in by_place)
        return [
            *self.problems,
            *([self._none_for(missing, len(by_place))] if missing else []),
            *(problem for file in self.files.values() for problem in file.problems),
            *(self._missing(each, command(each)) for place, each in by_place.items() if place not in self.files),
            *(problem for place, file in self.files.items() for problem in _unfit(file, by_place.get(place), by_place)),
            *_different(self.files, by_place),
        ]

    def place(self, wanted: Wanted) -> Path:
        """Where to put a Secret's file."""
        return self.path / f"{wanted.namespace}.{wanted.name}.yaml"

    def _list(self) -> list[Path]:
        """In an order that is the same on every machine."""
        try:
            return sorted(file for file in self.path.iterdir() if file.is_file() and not file.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problems.append(Problem(str(self.path), 0, 0, "", f"cannot be read: {error.strerror}"))
            return []

    def _read(self, path: Path, read: Callable[[Document, str], SecretFile]) -> None:
        try:
            with path.open("rb") as opened:
                content = opened.read(MAX_BYTES)
        except OSError as error:
            self.problems.append(Problem(str(path), 0, 0, "", f"cannot be read: {error.strerror}"))
            return
        if private := _PRIVATE.search(content):
            line = content[: private.start()].count(b"\n") + 1
            message = "holds a private key, which opens all the files beside it"
            fix = "keep it elsewhere; if it was ever in a repository, make a new one, and new values"
            self.problems.append(Problem(str(path), line, 1, "", message, fix=fix))
        elif path.suffix in _SUFFIXES:
            try:
                self._keep(read(Document.read(path), sha256(content).hexdigest()[:16]))
            except ConfigError as error:
                self.problems += error.problems

    def _keep(self, file: SecretFile) -> None:
        place = file.namespace, file.name
        if not all(place):
            self.problems += file.problems
        elif place in self.files:
            message = f"is for the Secret {'/'.join(place)}, as {self.files[place].document.file} is"
            self.problems.append(file.document.problem(("metadata", "name"), message, fix="remove one of them"))
        else:
            self.files[place] = file

    def _none_for(self, missing: int, all: int) -> Problem:
        message = f"{missing} of {all} Secrets have no file in here"
        fix = "`floe-infra secrets` lists what each of them holds, `floe-infra secrets --script` prints what makes them"
        return Problem(str(self.path), 0, 0, "", message, fix=fix)

    def _missing(self, wanted: Wanted, command: str) -> Problem:
        keys = "; ".join(f"{key} ({_meaning(given)})" for key, given in wanted.given.items())
        message = f"the Secret {wanted.namespace}/{wanted.name} has no file"
        return Problem(str(self.place(wanted)), 0, 0, "", message, f"keys {keys}", command)


def _meaning(given: Given) -> str:
    """In words, what a value is."""
    if given.text is not None:
        return f"the text {shown(given.text, 400)}"
    return f"{given.key} of {given.source}" + (f", {given.length} letters and digits" if given.made else "")


def _wrong_keys(file: SecretFile, wanted: Wanted) -> Iterator[Problem]:
    def problem(path: KeyPath, message: str, allowed: str = "", fix: str = "") -> Problem:
        return file.document.problem(path, message, allowed=allowed, fix=fix, of_key=True)

    for key, given in wanted.given.items():
        if key not in file.sizes:
            message = f"the key {key} is missing: {_meaning(given)}"
            yield problem(file.values_at, message, ", ".join(wanted.given), file.how_to_encrypt)
        elif file.sizes[key] < given.shortest:
            size = file.sizes[key]
            words = "is empty" if size == 0 else f"holds {size} bytes, which can be guessed"
            yield problem((*file.values_at, key), words, f"{given.shortest} bytes or more", file.how_to_encrypt)
    for key in file.sizes:
        if key not in wanted.given:
            ours = key in wanted.known or key in wanted.composed
            message = "is put in by floe-infra itself" if ours else "is a key that nobody reads"
            yield problem((*file.values_at, key), message, ", ".join(wanted.given), "remove it")


def _unfit(file: SecretFile, wanted: Wanted | None, others: Mapping[tuple[str, str], Wanted]) -> Iterator[Problem]:
    if file.problems:
        return
    if wanted is not None:
        yield from _wrong_keys(file, wanted)
        return
    place = f"{file.namespace}/{file.name}"
    known = ["/".join(each) for each in others]
    close = get_close_matches(place, known, cutoff=0.5) or known
    message = f"nothing of the platform reads the Secret {place}"
    fix = f"remove the file, or {file.wrong_place()}"
    yield file.document.problem(("metadata", "name"), message, allowed=", ".join(close), fix=fix)


def _different(
    files: Mapping[tuple[str, str], SecretFile], wanted: Mapping[tuple[str, str], Wanted]
) -> Iterator[Problem]:
    """Of values that are the same, the sizes must be."""
    first: dict[str, tuple[int, SecretFile]] = {}
    for place, each in wanted.items():
        file = files.get(place)
        for key, given in each.given.items():
            if file is None or key not in file.sizes or given.text is not None:
                continue
            size, other = first.setdefault(given.name, (file.sizes[key], file))
            if file.sizes[key] != size:
                message = (
                    f"holds {file.sizes[key]} bytes, and {other.document.file} holds {size}: both are "
                    f"{given.key} of {given.source}, so they must be the same"
                )
                fix = "encrypt the same value in both, without a line break at its end"
                yield file.document.problem((*file.values_at, key), message, fix=fix, of_key=True)
