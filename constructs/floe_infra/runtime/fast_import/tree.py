"""What is known of the tree of constructs, and never changes: nobody need ask the kernel for it twice, or at all."""

from __future__ import annotations

from typing import Any

from jsii import _reference_map
from jsii._kernel.types import CreateRequest, GetRequest, GetResponse, ObjRef, StaticInvokeRequest

_PACKAGES = ("cdktf.", "constructs.Construct", "@cdktf/provider-")
"""Whose constructs are made with the scope as the first argument."""

_STACK = "cdktf.TerraformStack"
_NODE = "constructs.Node@"


class Tree:
    """References are by their names in the kernel."""

    def __init__(self) -> None:
        self._scopes: dict[str, ObjRef] = {}
        self._answers: dict[tuple[str, str], GetResponse] = {}

    def add(self, request: CreateRequest, construct: ObjRef) -> None:
        """Note an object that was made."""
        scope = getattr(request.args[0], "__jsii_ref__", None) if request.args else None
        if scope and request.fqn.startswith(_PACKAGES):
            self._scopes[construct.ref] = scope

    def stack(self, request: StaticInvokeRequest) -> ObjRef | None:
        """What `TerraformStack.of` returns, if that is what is asked, and known."""
        if (request.fqn, request.method) != (_STACK, "of") or not request.args:
            return None
        here = getattr(request.args[0], "__jsii_ref__", None)
        while here and not _is_stack(here):
            here = self._scopes.get(here.ref)
        return here

    def answer(self, request: GetRequest) -> GetResponse | None:
        """A construct's node, or a node's name or path, if it was asked for before."""
        return self._answers.get((request.objref.ref, request.property))

    def keep(self, request: GetRequest, answer: Any) -> None:
        """Note an answer, if it is one of these."""
        if isinstance(answer, GetResponse) and _is_constant(request, answer.value):
            self._answers[request.objref.ref, request.property] = answer


def _is_stack(reference: ObjRef) -> bool:
    return isinstance(_reference_map._refs._refs.get(reference.ref), _reference_map._types[_STACK])


def _is_constant(request: GetRequest, value: Any) -> bool:
    if request.property == "node":
        return isinstance(value, ObjRef) and value.ref.startswith(_NODE)
    return request.property in ("id", "path") and request.objref.ref.startswith(_NODE)
