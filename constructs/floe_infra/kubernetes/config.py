"""What holds for everything in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from floe_infra.fields import URL_HOST, URL_PATH, Finding, KubernetesName, Matches, url_problem
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
                f"(https?|oci)://{URL_HOST}(/{URL_PATH})?",
                "the URL of a chart repository, without a login: https://… or oci://…",
                "for a folder use `path`; log in with `helm registry login`, or name a mirror that asks for none",
                refuse=url_problem,
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


NAMESPACE = "namespace/"
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


def _no_network(end: str) -> str | None:
    if not end[0].isdigit():
        return None
    try:
        IPv4Network(end)
    except ValueError as error:
        return f"is no network: {error}"
    return None


NetworkEnd = Annotated[
    str,
    Matches(
        rf"[a-z]+|{NAMESPACE}{_LABEL}|[0-9]+(\.[0-9]+){{3}}/[0-9]{{1,2}}",
        "a section of this file such as compute, namespace/<name>, or an IPv4 network such as 10.0.0.0/16",
        refuse=_no_network,
    ),
]


class EdgeConfig(Model):
    """A connection that the platform's wiring does not have: of a BI tool, an ingress controller, a bastion."""

    client: NetworkEnd
    """Who calls: a section's pods (`runtime`), all pods of a namespace (`namespace/superset`), or a network."""
    server: NetworkEnd
    """Who is called, likewise. One of the two is a section."""
    port: Annotated[int, Field(ge=1, le=65535)]
    """The pods' TCP port, which a Service may have under another number."""


class NetworkPoliciesConfig(Model):
    """Who may talk to whom: nobody in the platform's namespaces, but along its wiring."""

    enabled: bool = True
    """Make the policies. They hold where the cluster's network plugin heeds them."""
    allow_internet: bool = True
    """Let pods that use the cloud, or a server that the file names, do so at public addresses, by the port of that
    service alone. Without it they need endpoints of the cloud's services in the private network."""
    edges: list[EdgeConfig] = []
    """Connections to allow besides."""
    metrics_from: list[KubernetesName] = []
    """Namespaces whose pods read the services' metrics."""


class KubernetesConfig(Model):
    """What holds for everything in the cluster."""

    charts: ChartsConfig = ChartsConfig()
    """Where Helm charts come from."""
    quota: QuotaConfig | None = QuotaConfig()
    """Of each namespace; none when null."""
    network_policies: NetworkPoliciesConfig = NetworkPoliciesConfig()
    """Who may talk to whom."""
