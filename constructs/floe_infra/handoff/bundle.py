"""Everything that is handed over, as files by their names."""

from __future__ import annotations

from floe_infra.checks import CHECKS, spec
from floe_infra.handoff.chart_values import ABOUT, ChartValues
from floe_infra.handoff.client_files import client_files
from floe_infra.handoff.document import to_yaml
from floe_infra.handoff.next_steps import next_steps, values_file
from floe_infra.handoff.parts import Parts
from floe_infra.terraform import literal


def bundle(parts: Parts, charts: ChartValues) -> dict[str, str]:
    """Their text, with tokens where only Terraform knows, and all else escaped as Terraform reads it."""
    files = {"platform.yaml": charts.platform}
    for chart, values in charts.values.items():
        files[values_file(chart, parts)] = to_yaml(values, ABOUT)
    files |= client_files(parts)
    files[CHECKS] = spec.document(parts)
    files["NEXT_STEPS.md"] = next_steps(parts)
    return {name: literal(text) for name, text in files.items()}
