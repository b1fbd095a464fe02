"""What the kernel is going to answer, where that is certain.

A new object gets the next number; setters and some methods return nothing. And what CDKTF hands out as a string in
place of a value that only Terraform knows is a token. Which one nobody here can know, but any name will do that the
kernel knows for the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jsii import _reference_map
from jsii._kernel.types import GetRequest, InvokeRequest, StaticInvokeRequest

_PACKAGES = ("cdktf.", "constructs.", "@cdktf/provider-")
_RETURN_NOTHING = {"addDependency", "addOverride", "overrideLogicalId", "setContext"}
_REMOTE_STATE = "cdktf.DataTerraformRemoteState"


def is_nothing(request: InvokeRequest) -> bool:
    """Whether a method returns nothing."""
    return request.method in _RETURN_NOTHING and request.objref.ref.startswith(_PACKAGES)


def is_token(request: GetRequest | InvokeRequest | StaticInvokeRequest) -> bool:
    """Whether a property or a method returns a string that is a token and nothing else, a new one each time."""
    if isinstance(request, StaticInvokeRequest):
        return request.fqn == "cdktf.Fn" and request.method in _strings(request.fqn, "cdktf")
    kind = request.objref.ref.rpartition("@")[0]
    if isinstance(request, InvokeRequest):
        return request.method == "getString" and kind.startswith(_REMOTE_STATE)
    return request.property in _strings(kind, "cdktf_cdktf_provider_")


@cache
def _strings(fqn: str, package: str) -> frozenset[str]:
    """A class's public members that return a string, never None, and that are generated in this package: attributes
    of resources and Terraform's functions, all of which return tokens."""
    bases = getattr(_reference_map._types.get(fqn), "__mro__", ())
    found = set()
    for base in bases:
        if base.__module__.startswith(package):
            found |= {_name(member) for name, member in vars(base).items() if name[0] != "_" and _is_string(member)}
    return frozenset(found)


def _is_string(member: Any) -> bool:
    return getattr(_function(member), "__annotations__", {}).get("return") is str


def _name(member: Any) -> str:
    return str(getattr(_function(member), "__jsii_name__", ""))


def _function(member: Any) -> Any:
    return getattr(member, "fget", member)
