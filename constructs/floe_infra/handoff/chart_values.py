"""What floe-runtime's charts are given: the same values in the files that are handed over, and in what is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from floe_infra.handoff.config import CUBE, DAGSTER
from floe_infra.handoff.cube_values import cube_values
from floe_infra.handoff.dagster_values import dagster_values
from floe_infra.handoff.document import to_yaml
from floe_infra.handoff.parts import FLOE_RUNTIME, Parts
from floe_infra.handoff.platform_yaml import platform_yaml
from floe_infra.kubernetes.values import merge

ABOUT = f"Written by `floe-infra handoff` for floe-runtime at commit {FLOE_RUNTIME}. Do not edit."


@dataclass(frozen=True)
class ChartValues:
    """What both charts are told.

    Attributes:
        platform: the text of platform.yaml, which is among Dagster's values.
        values: by chart, with the user's laid over them; none where nothing of floe-runtime's is to be installed.
    """

    platform: str
    values: dict[str, dict[str, Any]]


def chart_values(parts: Parts) -> ChartValues:
    """Of these parts."""
    platform, runtime = to_yaml(platform_yaml(parts), ABOUT), parts.runtime
    if runtime is None:
        return ChartValues(platform, {})
    return ChartValues(
        platform,
        {
            DAGSTER: merge(dagster_values(parts, platform), runtime.dagster_values),
            CUBE: merge(cube_values(parts), runtime.cube_values),
        },
    )
