"""A Helm release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import ITerraformDependable, Token
from cdktf_cdktf_provider_helm.release import Release as HelmRelease
from constructs import Construct

from floe_infra.kubernetes.charts import Chart
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.kubernetes.values import encode, merge

TIMEOUT = 900
"""Seconds for which Helm waits until everything is ready: nodes may have to be started, images to be pulled."""


class Release(Construct):
    """A chart with its values, rolled back when it does not become ready.

    Args:
        name: the release's.
        source: where charts come from.
        values: ours; `user_values` are laid over them.
        after: what must be ready before.
        timeout: seconds, or a token of them.
        wait: for readiness; a release that cannot become ready by itself is neither waited for nor rolled back.

    Attributes:
        release: the resource.
        values: what Helm gets, as data.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        chart: Chart,
        name: str,
        namespace: str,
        source: ChartsConfig,
        values: Mapping[str, Any],
        user_values: Mapping[str, Any] | None = None,
        after: Sequence[ITerraformDependable] = (),
        timeout: int | str = TIMEOUT,
        wait: bool = True,
    ) -> None:
        super().__init__(scope, id)
        self.values = merge(values, user_values or {})
        place = source.locate(chart.name, chart.repository)
        self.release = HelmRelease(
            self,
            "release",
            name=name,
            namespace=namespace,
            repository=place.repository,
            chart=place.chart,
            version=chart.version if place.repository else None,
            values=[encode(self.values)],
            atomic=wait,
            cleanup_on_fail=True,
            wait=wait,
            timeout=Token.as_number(timeout) if isinstance(timeout, str) else timeout,
            max_history=10,
            depends_on=list(after),
        )
