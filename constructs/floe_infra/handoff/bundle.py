"""Everything that is handed over, as files by their names."""

from __future__ import annotations

from floe_infra.checks import CHECKS, spec
from floe_infra.handoff.client_files import client_files
from floe_infra.handoff.cube_values import cube_values
from floe_infra.handoff.dagster_values import dagster_values
from floe_infra.handoff.document import to_yaml
from floe_infra.handoff.next_steps import CUBE_VALUES, DAGSTER_VALUES, next_steps
from floe_infra.handoff.parts import FLOE_RUNTIME, Parts
from floe_infra.handoff.platform_yaml import platform_yaml
from floe_infra.terraform import literal


def bundle(parts: Parts) -> dict[str, str]:
    """Their text, with tokens where only Terraform knows, and all else escaped as Terraform reads it."""
    about = f"Written by `floe-infra handoff` for floe-runtime at commit {FLOE_RUNTIME}. Do not edit."
    platform = to_yaml(platform_yaml(parts), about)
    files = {"platform.yaml": platform}
    if parts.runtime:
        environment = parts.config.environment
        files[DAGSTER_VALUES.format(environment)] = to_yaml(dagster_values(parts, platform), about)
        files[CUBE_VALUES.format(environment)] = to_yaml(cube_values(parts), about)
    files |= client_files(parts)
    files[CHECKS] = spec.document(parts)
    files["NEXT_STEPS.md"] = next_steps(parts)
    return {name: literal(text) for name, text in files.items()}
