"""`floe-infra modules`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from floe_infra.cli.output import errors, results


def modules(
    names: Annotated[list[str] | None, typer.Argument(metavar="[MODULE]...", help="Only these.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the modules go.")] = Path(
        "terraform-modules"
    ),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when something would change.")] = False,
) -> None:
    """Write the constructs as Terraform modules."""
    from floe_infra.modules import NAMES, load
    from floe_infra.modules.files import files

    for name in names or []:
        if name not in NAMES:
            errors.print(f"there is no module {name}; there are {', '.join(NAMES)}", style="red", markup=False)
            raise typer.Exit(2)
    made = {out / name / path: text for name in names or NAMES for path, text in files(load(name)).items()}
    changed = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left = [path for name in names or NAMES for path in _files(out / name) if path not in made]
    for path in [*changed, *left]:
        results.print(f"{'remove' if path in left else 'write'} {path}", markup=False, soft_wrap=True)
        if check:
            continue
        if path in left:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
    if check and (changed or left):
        errors.print(f"{out} is not what the constructs say: run floe-infra modules", style="red", markup=False)
        raise typer.Exit(1)


def _files(directory: Path) -> list[Path]:
    """What is in a module, without what Terraform itself leaves there."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file() and ".terraform" not in path.parts and path.name != ".terraform.lock.hcl"
        if path.suffix in (".tf", ".hcl", ".md") or path.relative_to(directory).parts[0] in ("files", "manifests")
    )
