"""Which arguments are blocks, as CDKTF's bindings say.

Terraform JSON does not tell `tags = { … }` from `versioning_configuration { … }`, and HCL takes no one for the other.
The bindings know: they were generated from the providers' schemas, and each construct says it of its own arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdktf import TerraformStack

Shape = dict[str, "Shape"]
"""The blocks inside a block, by name."""
Shapes = dict[tuple[str, ...], Shape]
"""By section, type, and name: `("resource", "aws_s3_bucket", "logs")`; of a provider by section and type."""

_CONDITION: Shape = {"precondition": {}, "postcondition": {}}
META: Shape = {"lifecycle": _CONDITION, "provisioner": {"connection": {}}, "connection": {}}
"""What any resource may hold, whatever its provider."""
_OF_OBJECTS = {"helm"}
"""Providers of Terraform's newer protocol, whose nested arguments are attributes; only `timeouts` is a block."""


def shapes(stack: TerraformStack) -> Shapes:
    """What the elements of a stack say of themselves."""
    from cdktf import TerraformElement, TerraformStack

    found: Shapes = {}
    for node in stack.node.find_all():
        if not isinstance(node, TerraformElement) or isinstance(node, TerraformStack):
            continue
        said = node.to_hcl_terraform()
        for section in ("resource", "data"):
            for type, named in said.get(section, {}).items():
                for name, arguments in named.items():
                    found[section, type, name] = _shape(arguments, type.partition("_")[0])
        for type, configurations in said.get("provider", {}).items():
            for arguments in configurations:
                merged = found.setdefault(("provider", type), {})
                merged |= _shape(arguments, type)
    return found


def _shape(arguments: Mapping[str, Any], provider: str) -> Shape:
    """Keys of what describes an argument come in Python's or in JavaScript's spelling."""
    shape: Shape = {}
    for name, argument in arguments.items():
        if not isinstance(argument, Mapping) or not (argument.get("isBlock") or argument.get("is_block")):
            continue
        if provider in _OF_OBJECTS and name != "timeouts":
            continue
        inside: Shape = {}
        value = argument["value"]
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                inside |= _shape(each, provider)
        shape[name] = inside
    return shape
