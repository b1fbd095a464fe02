"""What holds for everything in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from floe_infra.fields import Finding, Matches
from floe_infra.model import Model


@dataclass(frozen=True)
class ChartPlace:
    """Where Helm finds a chart: with a repository its name there, else a path."""

    repository: str | None
    chart: str


class ChartsConfig(Model):
    """Where Helm charts come from: each from its project, unless a mirror or a folder is named."""

    repository: (
        Annotated[
            str,
            Matches(
                r"(https?|oci)://[^\s]+",
                "the URL of a chart repository: https://… or oci://…",
                "for a folder use `path`",
            ),
        ]
        | None
    ) = None
    """A repository that holds all charts in their pinned versions, such as `oci://registry.example.com/charts`."""
    path: (
        Annotated[str, Matches(r"[^\s$%][^$%]*", "the path of a folder that holds a folder for each chart")] | None
    ) = None
    """A folder with the charts, unpacked. A relative path is taken from the folder that holds the output folder."""

    def findings(self) -> Iterator[Finding]:
        """One place for all."""
        if self.repository and self.path:
            yield Finding(("path",), "charts come from `repository` already", "one of repository and path")

    def locate(self, name: str, repository: str) -> ChartPlace:
        """Where a chart of this name is, whose project keeps it in `repository`."""
        if self.path:
            # Terraform runs in `<out>/stacks/<stack>`.
            return ChartPlace(None, f"{self.path if self.path.startswith('/') else f'../../../{self.path}'}/{name}")
        return ChartPlace(self.repository or repository, name)


class QuotaConfig(Model):
    """The most that one namespace may ask for, so that a mistake in it cannot take the whole cluster."""

    pods: Annotated[int, Field(ge=1, le=10000)] = 200
    """Pods."""
    cpu: Annotated[int, Field(ge=1, le=10000)] = 400
    """Processors that its pods request together."""
    memory_gib: Annotated[int, Field(ge=1, le=100000)] = 1600
    """Memory that its pods request together, in GiB."""


class KubernetesConfig(Model):
    """What holds for everything in the cluster."""

    charts: ChartsConfig = ChartsConfig()
    """Where Helm charts come from."""
    quota: QuotaConfig | None = QuotaConfig()
    """Of each namespace; none when null."""
