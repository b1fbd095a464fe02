"""What plan, deploy and destroy share: a stack in Terraform's hands."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from floe_infra.cli.output import Progress, errors, refuse
from floe_infra.runtime.plan import PlanSummary
from floe_infra.runtime.terraform import Terraform, TerraformError
from floe_infra.synthesis import SynthesizedStack


def choose(stacks: Sequence[SynthesizedStack], names: Collection[str] | None) -> list[SynthesizedStack]:
    """The stacks with these names, or whose names end in these words; all of them when none is named."""
    known = {**{stack.name.rpartition("-")[2]: stack for stack in stacks}, **{stack.name: stack for stack in stacks}}
    for name in names or ():
        if name not in known:
            raise refuse(f"there is no stack {name!r}; there are {', '.join(stack.name for stack in stacks)}")
    wanted = {known[name].name for name in names} if names else known.keys()
    return [stack for stack in stacks if stack.name in wanted]


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


def holds_nothing(stack: SynthesizedStack, *, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a stack was never deployed, or is destroyed already. Asked before it is planned: without what it depends
    on, it could not be."""
    with Progress() as progress:
        terraform = Terraform(stack.directory, environment=environment, on_event=progress)
        terraform.init()
        return terraform.holds_nothing()
