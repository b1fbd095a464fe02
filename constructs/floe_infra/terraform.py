"""Small things that every construct says to Terraform."""

from __future__ import annotations

import re

from cdktf import TerraformResource, TerraformResourceLifecycle

from floe_infra.context import Context


def literal(text: str) -> str:
    """A user's text as Terraform must read it: `${` and `%{` begin a template there. Tokens stay what they are."""
    return re.sub(r"\$\{(?!TfToken\[)", "$${", text).replace("%{", "%%{")


def keep(resource: TerraformResource, context: Context, *, ignore_changes: list[str] | None = None) -> None:
    """Protect what holds data: Terraform then refuses every plan that would destroy or replace the resource.

    `prevent_destroy` must be a literal, so it is decided here and not by a variable.
    """
    if context.keeps_data or ignore_changes:
        resource.lifecycle = TerraformResourceLifecycle(
            prevent_destroy=True if context.keeps_data else None, ignore_changes=ignore_changes
        )
