"""Names that modules ask for, since names of what they make begin with them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from floe_infra.fields import Matches

Name = Annotated[
    str,
    Matches(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "lower-case letters, digits and single hyphens, beginning with a letter"),
    Field(max_length=30),
]
"""IAM allows 64 characters for a role, of which what a role is for takes up to 34."""
