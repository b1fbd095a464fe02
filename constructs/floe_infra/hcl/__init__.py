"""HCL as a person would write it, from the Terraform JSON that CDKTF writes.

CDKTF 0.21 writes HCL itself, but unformatted, with every reference in quotes, and wrong where a string holds both a
token and a quote, where conditions or attributes of the newer protocol are nested, and for whatever was overridden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_infra.hcl.body import text
from floe_infra.hcl.document import blocks
from floe_infra.hcl.expression import ExpressionError
from floe_infra.hcl.shape import Shape, Shapes, shapes

__all__ = ["ExpressionError", "Shape", "Shapes", "shapes", "to_hcl"]


def to_hcl(document: Mapping[str, Any], shapes: Shapes) -> str:
    """A `cdk.tf.json` as HCL of the same meaning, as `terraform fmt` leaves it.

    Args:
        document: the Terraform JSON.
        shapes: which arguments are blocks.

    Raises `ExpressionError` where `${…}` holds what is no expression.
    """
    return text(blocks(document, shapes))
