"""floe-runtime's charts in the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.handoff.config import CUBE, DAGSTER
from floe_infra.kubernetes.charts import Chart
from floe_infra.kubernetes.release import Release
from floe_infra.kubernetes.site import Site
from floe_infra.orchestration.config import FloeChartsConfig, OrchestrationConfig


class Orchestration(Construct):
    """Dagster, and Cube after it, as releases of the names that their charts expect.

    Args:
        values: by chart, what is handed over.
        after: their Secrets, and everything that platform.yaml names.

    Attributes:
        dagster: the release of floe-dagster.
        cube: that of floe-cube; None where it is left out.
        ready: what comes after both.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: OrchestrationConfig,
        site: Site,
        namespace: str,
        values: Mapping[str, Mapping[str, Any]],
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        assert config.chart
        self._place: FloeChartsConfig = config.chart
        self._timeout, self._values = config.timeout_seconds, values
        before = [*site.before(namespace), *after]
        self.dagster = self._install(DAGSTER, namespace, before)
        self.cube = self._install(CUBE, namespace, [*before, self.dagster.release]) if config.cube else None
        self.ready: list[ITerraformDependable] = [(self.cube or self.dagster).release]

    def _install(self, chart: str, namespace: str, after: Sequence[ITerraformDependable]) -> Release:
        repository = self._place.repository or ""
        return Release(
            self,
            chart,
            chart=Chart(chart, repository, self._place.version_of(chart)),
            name=chart,
            namespace=namespace,
            source=self._place.source,
            values=self._values[chart],
            after=after,
            timeout=self._timeout,
        )
