"""Whether the platform installs floe-runtime's charts, and where they are."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from floe_infra.fields import URL_HOST, URL_PATH, Finding, Matches, is_token, url_problem
from floe_infra.handoff.config import CHARTS_FOLDER, CUBE, DAGSTER
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.model import Model

ChartVersion = Annotated[
    str,
    Matches(
        r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
        "one version in full, such as 0.1.0",
        "a range would install another chart tomorrow",
    ),
]
_SCHEMA = "values.schema.json"
_GONE = re.compile(rb"https?://kubernetesjsonschema\.dev/")
"""Where the schema in Dagster's charts before 1.12.9 takes definitions from (dagster-io/dagster issue 33134)."""


class FloeChartsConfig(Model):
    """floe-runtime's charts, floe-dagster and floe-cube: in a folder, or in a repository."""

    path: (
        Annotated[str, Matches(r"[^\s$%][^$%]*", "the path of a folder that holds a folder for each chart")] | None
    ) = None
    """A folder that holds a folder for each chart, with what it depends on. A relative path is taken from the folder
    that holds the output folder."""
    repository: (
        Annotated[
            str,
            Matches(
                f"(https?|oci)://{URL_HOST}(/{URL_PATH})?",
                "the URL of a chart repository, without a login: https://… or oci://…",
                "for a folder use `path`; log in with `helm registry login`, or name a mirror that asks for none",
                refuse=url_problem,
            ),
        ]
        | None
    ) = None
    """A repository that holds both charts, such as `oci://registry.example.com/charts`. Helm inside of Terraform cannot
    pass over the schema of values in Dagster's chart, whose definitions are at an address that is gone: publish
    floe-dagster without it, or with Dagster's chart 1.12.9 or newer."""
    version: ChartVersion | None = None
    """Of floe-dagster in the repository, and of floe-cube if it has none of its own."""
    cube_version: ChartVersion | None = None
    """Of floe-cube in the repository."""

    @property
    def source(self) -> ChartsConfig:
        """As releases know it."""
        return ChartsConfig(path=self.path, repository=self.repository)

    def version_of(self, chart: str) -> str:
        """In a repository; a folder has one version of it."""
        return (self.cube_version if chart == CUBE else None) or self.version or ""

    def findings(self) -> Iterator[Finding]:
        """One place for both; versions where there are several."""
        if (self.path is None) == (self.repository is None):
            yield Finding((), "charts come from one place", "one of path and repository")
        for key in ("version", "cube_version"):
            if self.repository is None and getattr(self, key):
                yield Finding((key,), "a folder holds one version of each chart", fix=f"remove `{key}`")
        if self.repository and self.version is None:
            yield Finding(
                ("version",),
                "a repository holds many versions, and the newest is another one tomorrow",
                "a version in full, such as 0.1.0",
                "name the one that you have tried",
            )


class OrchestrationConfig(Model):
    """floe-runtime's own charts, Dagster's and Cube's: installed with exactly the values that are handed over."""

    enabled: bool = False
    """Install them. Otherwise `floe-infra handoff` writes the commands that do."""
    chart: FloeChartsConfig | None = None
    """Where they are."""
    cube: bool = True
    """Install floe-cube too."""
    timeout_seconds: Annotated[int, Field(ge=60, le=7200)] = 900
    """For which Helm waits until a chart's pods are ready."""

    @property
    def charts(self) -> tuple[str, ...]:
        """What is installed, in this order."""
        return (DAGSTER, CUBE) if self.cube else (DAGSTER,)

    def findings(self) -> Iterator[Finding]:
        """Charts that can be installed."""
        if not self.enabled:
            return
        if self.chart is None:
            allowed = "{path: <folder>}, or {repository: <URL>, version: <version>}"
            yield Finding(("chart",), "floe-runtime's charts are nowhere", allowed, "say where they are")
        elif (path := self.chart.path) and not is_token(path):
            for problem, fix in _folder_problems(Path(path), self.charts):
                yield Finding(("chart", "path"), problem, "a folder that holds each chart, as Helm installs it", fix)


def _folder_problems(folder: Path, charts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What is wrong, and what mends it."""
    if not folder.is_dir():
        yield f"there is no folder {folder}", f"in a checkout of floe-runtime it is {CHARTS_FOLDER}"
        return
    for name in charts:
        yield from _chart_problems(folder / name, name)


def _chart_problems(chart: Path, name: str) -> Iterator[tuple[str, str]]:
    file = chart / "Chart.yaml"
    if not file.is_file():
        yield f"there is no chart {name} in it: {file} is missing", "name the folder above the charts'"
        return
    try:
        about = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
        dependencies = [each["name"] for each in about.get("dependencies", ())]
    except (YAMLError, UnicodeDecodeError, AttributeError, TypeError, KeyError):
        yield f"{file} says of no chart what it is", "take the chart as it is in floe-runtime"
        return
    for dependency in dependencies:
        yield from _dependency_problems(chart, dependency)


def _dependency_problems(chart: Path, name: str) -> Iterator[tuple[str, str]]:
    """A chart is whole with what it depends on, and Helm inside of Terraform has no --skip-schema-validation."""
    folder = chart / "charts" / name
    packed = sorted(folder.parent.glob(f"{name}-[0-9]*.tgz"))
    if not folder.is_dir() and not packed:
        yield f"{chart.name} lacks {name}, which it depends on", f"helm dependency build {chart}"
        return
    schemas = _schemas(folder) if folder.is_dir() else _packed_schemas(packed[-1])
    if any(map(_GONE.search, schemas)):
        unpack = "" if folder.is_dir() else f"tar -xzf {packed[-1]} -C {folder.parent} && rm {packed[-1]} && "
        problem = f"{name}'s {_SCHEMA} takes definitions from an address that is gone"
        yield problem, f"{unpack}find {folder} -name {_SCHEMA} -delete"


def _schemas(folder: Path) -> Iterator[bytes]:
    return (file.read_bytes() for file in folder.rglob(_SCHEMA))


def _packed_schemas(archive: Path) -> Iterator[bytes]:
    with tarfile.open(archive) as members:
        for member in members:
            if member.name.endswith(f"/{_SCHEMA}") and (file := members.extractfile(member)):
                yield file.read()
