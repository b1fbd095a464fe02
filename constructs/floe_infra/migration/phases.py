"""From what a file says to what it shall say, in phases that each are a valid platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.config.platform import PlatformConfig
from floe_infra.config.problems import ConfigError, KeyPath, Problem
from floe_infra.config.shape import Shape
from floe_infra.migration.edit import EditError, Text, Value

DATABASES = ("rds", "cloud_sql")
"""Where the databases of the server in the cluster can go."""
_ELSEWHERE = {"snowflake": "compute", "snowflake_open_catalog": "catalog"}
"""Kinds that people ask for, and that there are not."""
_REMARK = "floe-infra migrate writes this, and takes it away again"

Step = Literal["add", "switch", "remove", "exchange"]


@dataclass(frozen=True)
class Phase:
    """A file on the way.

    Attributes:
        step: what it does; `exchange` does everything at once, where the old holds nothing.
        number: from 1.
        text: the file's.
    """

    step: Step
    number: int
    text: str
    config: PlatformConfig


@dataclass(frozen=True)
class Way:
    """Everything that is left of a migration.

    Attributes:
        section: the section of the file.
        source: the kind that is left, or was.
        target: the kind that is gone to.
        phases: those that are left, the next one first; none where nothing is.
        count: of all phases, with those that are done.
    """

    section: Literal["compute", "database"]
    source: str
    target: str
    phases: tuple[Phase, ...]
    count: int


def way(text: str, file: str, target: str, settings: Mapping[str, Any]) -> Way:
    """What is left to do.

    Args:
        text: the file's, which is valid.
        settings: values of the target's keys, by key.

    Raises:
        ConfigError: there is no such way, or it leads to a file that is not valid; with every problem.
    """
    document = Document(text, file)
    config = validate(document)
    section = _section(document, config, target)
    try:
        made = (_Engine if section == "compute" else _Database)(document, text, config, target, settings)
        return made.way()
    except EditError as error:
        problem = document.problem((section,), f"cannot be changed here: {error}", fix="write it in lines of its own")
        raise ConfigError([problem]) from None


def possible(config: PlatformConfig) -> list[str]:
    """The targets that this platform can have."""
    provider = config.cloud.provider
    engines = [kind for kind, model in _engines().items() if provider in model.clouds and kind != config.compute.kind]
    databases = Shape(PlatformConfig).child("database").alternatives
    between = config.migration.kind != "none"
    servers = [kind for kind in DATABASES if provider in databases[kind].clouds]
    return [*engines, *(servers if between or config.database.kind == "in_cluster" else [])]


def _engines() -> dict[str, Any]:
    return {
        kind: model for kind, model in Shape(PlatformConfig).child("compute").alternatives.items() if kind != "none"
    }


def _section(document: Document, config: PlatformConfig, target: str) -> Literal["compute", "database"]:
    if target in _engines():
        return "compute"
    if target in DATABASES:
        return "database"
    allowed = ", ".join(possible(config)) or "nothing"
    if elsewhere := _ELSEWHERE.get(target):
        message = f"cannot become {target}: there is no such kind yet"
        raise ConfigError([document.problem((elsewhere, "kind"), message, allowed=f"--to {allowed}")])
    raise ConfigError([document.problem((), f"nothing here becomes {target}", allowed=f"--to {allowed}")])


def _as_setting(problem: Problem) -> Problem:
    """A key that is missing is given on the command line."""
    if problem.message != "is required":
        return problem
    return replace(problem, fix=f"say --set {problem.key.rpartition('.')[2]}=…")


class _Route:
    """What both have in common: how a changed text becomes a phase."""

    section: Literal["compute", "database"]

    def __init__(
        self, document: Document, text: str, config: PlatformConfig, target: str, settings: Mapping[str, Any]
    ) -> None:
        self._document, self._text, self._config = document, Text(text), config
        self._target, self._settings = target, settings

    def way(self) -> Way:
        raise NotImplementedError

    def _phase(self, step: Step, number: int, text: Text, expected: Mapping[str, Any]) -> Phase:
        """The edited text, read again. `expected` is the data that it must hold, by section; None for no section."""
        again = Document(text.text, self._document.file)
        wanted = {key: value for key, value in {**self._document.data, **expected}.items() if value is not None}
        if again.data != wanted:
            raise EditError("its text is put together from other parts of the file")
        try:
            return Phase(step, number, text.text, validate(again))
        except ConfigError as error:
            raise ConfigError(map(_as_setting, error.problems)) from None

    def _refuse(self, path: KeyPath, message: str, *, allowed: str = "", fix: str = "") -> ConfigError:
        return ConfigError([self._document.problem(path, message, allowed=allowed, fix=fix)])

    @property
    def _new(self) -> dict[str, Any]:
        return {"kind": self._target, **self._settings}


class _Engine(_Route):
    """Another query engine. It keeps no tables, so nothing has to be there twice."""

    section = "compute"

    def way(self) -> Way:
        source = self._config.compute.kind
        if source == self._target:
            if not self._settings:
                return Way("compute", source, self._target, (), 1)
            raise self._refuse(("compute",), f"is {self._target} already", fix="change its keys in the file")
        if self._text.has("compute"):
            text = self._text.replace("compute", Value.of(self._new))
        else:
            text = self._text.add("compute", Value.of(self._new), after="catalog")
        phase = self._phase("exchange", 1, text, {"compute": self._new})
        return Way("compute", source, self._target, (phase,), 1)


class _Database(_Route):
    """Another PostgreSQL server. It is there beside the old one first, then the old one beside it."""

    section = "database"

    def way(self) -> Way:
        phases = tuple(self._left())
        return Way("database", "in_cluster", self._target, phases, 3)

    def _left(self) -> Iterator[Phase]:
        used, migration = self._config.database.kind, self._config.migration
        if used == self._target and migration.kind == "none":
            return
        if migration.kind != "none" and self._settings:
            raise self._refuse(("migration",), "is under way", fix="change the new server's keys in the file")
        if migration.kind == "none" and used != "in_cluster":
            message = f"{used} does not become {self._target}: only the server in the cluster is moved"
            raise self._refuse(("database", "kind"), message, allowed=f"--to {', '.join(possible(self._config))}")
        if migration.kind == "arriving" and migration.database.kind != self._target:
            raise self._refuse(
                ("migration", "database", "kind"),
                f"{migration.database.kind} is what arrives, and not {self._target}",
                fix=f"go on with --to {migration.database.kind}, or remove the section `migration` first",
            )
        if migration.kind == "leaving" and used != self._target:
            raise self._refuse(("database", "kind"), f"{used} is what is used now", fix=f"go on with --to {used}")
        text, old, new = self._text, self._document.data["database"], self._new
        if migration.kind == "none":
            added = {"kind": "arriving", "database": new}
            text = text.add("migration", Value.of(added), after="database", comment=_REMARK)
            yield self._phase("add", 1, text, {"migration": added})
        elif migration.kind == "arriving":
            new = self._document.data["migration"]["database"]
        if migration.kind != "leaving":
            leaving = Value(lines=("kind: leaving", *text.value("database").under("database")))
            text = text.replace("database", text.value("migration", "database")).replace("migration", leaving)
            switched = {"database": new, "migration": {"kind": "leaving", "database": old}}
            yield self._phase("switch", 2, text, switched)
        else:
            new = old
        yield self._phase("remove", 3, text.remove("migration"), {"database": new, "migration": None})
