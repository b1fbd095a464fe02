"""Values that are made while Terraform applies, and that neither its plan nor its state holds.

CDKTF has no class for ephemeral resources, nor functions of what they make: both are written out here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cdktf import TerraformStack
from constructs import Construct

from floe_infra.needs import Password
from floe_infra.terraform import literal

_VERSIONS = ">= 3.7.0, < 4.0.0"
"""3.7 is the first whose passwords can be ephemeral."""

Expressions = Mapping[str, str]
"""What Terraform evaluates, without the braces around it, by key."""


def expressions(content: Mapping[str, str | Password], make: Callable[[str, Password], str]) -> dict[str, str]:
    """What is known, as Terraform writes it, and what `make` (of key and password) says of what is made."""
    return {
        key: make(key, value) if isinstance(value, Password) else literal(json.dumps(value))
        for key, value in content.items()
    }


def encode(values: Expressions) -> str:
    """A JSON object of them."""
    entries = ", ".join(f"{json.dumps(key)} = {value}" for key, value in values.items())
    return f"${{jsonencode({{{entries}}})}}"


def resource(scope: Construct, type: str, name: str, arguments: Mapping[str, Any]) -> str:
    """An ephemeral resource in the scope's stack; returns its address.

    Args:
        name: unique below `scope`.
    """
    path = [*scope.node.path.split("/")[1:], name]
    id = "_".join(path).replace("-", "_").replace(".", "_")
    TerraformStack.of(scope).add_override(f"ephemeral.{type}.{id}", dict(arguments))
    return f"ephemeral.{type}.{id}"


def random(scope: Construct, name: str, content: Mapping[str, str | Password]) -> dict[str, str]:
    """Expressions for the content, with passwords made by Terraform's own `random` provider, for clouds that make none
    (https://registry.terraform.io/providers/hashicorp/random/latest/docs/ephemeral-resources/password).

    Whatever uses the same expression gets the same value within one apply; the next apply makes another.

    Args:
        name: unique below `scope`.
    """

    def make(key: str, password: Password) -> str:
        provider = {"source": "hashicorp/random", "version": _VERSIONS}
        TerraformStack.of(scope).add_override("terraform.required_providers.random", provider)
        arguments = {"length": password.length, "special": False, "min_lower": 1, "min_upper": 1, "min_numeric": 1}
        return f"{resource(scope, 'random_password', f'{name}_{key}', arguments)}.result"

    return expressions(content, make)
