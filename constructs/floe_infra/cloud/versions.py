"""The versions of Terraform's providers that stacks and modules take. To know them no bindings have to be imported."""

from __future__ import annotations

AWS = ">= 5.100.0, < 7.0.0"
"""The bindings come from 6.x, the tests run 5.100.0, so only arguments that both know are used: a stack then
composes with a team's own provider version."""
GOOGLE = ">= 6.50.0, < 8.0.0"
"""The bindings come from 6.50; only arguments that 7.x still knows are used, for the same reason
(https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/version_7_upgrade)."""
HELM = ">= 3.0.0, < 4.0.0"
"""In 2.x `kubernetes` was a block."""
KUBERNETES = ">= 2.38.0, < 4.0.0"
