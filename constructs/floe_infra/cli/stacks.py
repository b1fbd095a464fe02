"""What plan, deploy and destroy share: a stack in Terraform's hands."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from floe_infra.cli.output import Progress, errors
from floe_infra.runtime.plan import PlanSummary
from floe_infra.runtime.terraform import Terraform, TerraformError
from floe_infra.synthesis import SynthesizedStack


@dataclass(frozen=True)
class Planned:
    """A stack and what Terraform would do to it."""

    stack: SynthesizedStack
    terraform: Terraform
    file: Path
    summary: PlanSummary
    error: TerraformError | None = None
    """Why the plan cannot be carried out, when `prevent_destroy` forbids it."""


@contextmanager
def planned(
    stack: SynthesizedStack, *, destroy: bool = False, environment: Mapping[str, str] | None = None
) -> Iterator[Planned]:
    """Initialise a stack and plan it. The plan's file, which may hold sensitive values, goes away at the end.

    Raises:
        TerraformError: Terraform failed for another reason than protected data.
    """
    with Progress() as progress, tempfile.TemporaryDirectory(prefix="floe-infra-") as folder:
        terraform = Terraform(stack.directory, environment=environment, on_event=progress)
        errors.print(f"{stack.name}: planning", style="dim", markup=False)
        terraform.init()
        file = Path(folder) / "plan"
        error = None
        try:
            terraform.plan(file, destroy=destroy)
        except TerraformError as failure:
            if not failure.protected or not file.exists():
                raise
            error = failure
        yield Planned(stack, terraform, file, terraform.show_plan(file), error)
