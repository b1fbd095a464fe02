"""jsii's messages, written and read without the generic converter that takes longer than the kernel.

Every request to create, to read and to invoke goes through here, and nothing but strings, numbers, lists, mappings
and objects of jsii is in most of them. Whatever else there is, jsii's own converter gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any

import attr
from jsii import _kernel, _reference_map
from jsii._kernel.providers import process
from jsii._kernel.types import (
    CreateRequest,
    CreateResponse,
    GetRequest,
    GetResponse,
    InvokeRequest,
    InvokeResponse,
    LoadRequest,
    ObjRef,
    Override,
    SetRequest,
    SetResponse,
    StaticGetRequest,
    StaticInvokeRequest,
)
from jsii._reference_map import InterfaceDynamicProxy
from jsii._runtime import JSIIMeta

_APIS = {
    CreateRequest: "create",
    GetRequest: "get",
    InvokeRequest: "invoke",
    LoadRequest: "load",
    SetRequest: "set",
    StaticGetRequest: "sget",
    StaticInvokeRequest: "sinvoke",
}
_FIELDS = {kind: tuple(field.name for field in attr.fields(kind)) for kind in (*_APIS, Override)}
_stock_sent = _kernel._make_reference_for_native
_SCALARS = {str, int, float, bool, type(None)}

_READ: dict[Any, Callable[[Any], Any]] = {
    process._HelloResponse: lambda data: process._HelloResponse(data["hello"]),
    CreateResponse: lambda data: CreateResponse(data.ref),
    GetResponse: lambda data: GetResponse(data.get("value")),
    InvokeResponse: lambda data: InvokeResponse(data.get("result")),
    SetResponse: lambda data: SetResponse(),  # noqa: ARG005
}


def install() -> None:
    """Let jsii's kernel turn arguments into what it sends in the short way, where there is one."""
    _kernel._make_reference_for_native = _sent  # type: ignore[assignment]


def _sent(kernel: Any, value: Any) -> Any:
    kind: Any = type(value)
    if kind in _SCALARS:
        return value
    if kind is list:
        return [_sent(kernel, element) for element in value]
    if kind is dict:
        return {"$jsii.map": {key: _sent(kernel, element) for key, element in value.items()}}
    if _is_struct(kind):
        given = value._values
        data = {name: _sent(kernel, given.get(key)) for key, name in kind.__jsii_name_mapping__.items()}
        return {"$jsii.struct": {"fqn": kind.__jsii_type__, "data": data}}
    return _stock_sent(kernel, value)


class Converter:
    """What jsii's process wants of a converter."""

    @cached_property
    def _stock(self) -> Any:
        holder = SimpleNamespace()
        process._NodeProcess.__init__(holder)  # type: ignore[arg-type, no-untyped-call]
        return holder._serializer

    def unstructure(self, request: Any) -> Any:
        """A request as JSON has it, but for the objects in it."""
        try:
            return {**_fields(request), "api": _APIS[type(request)]}
        except (KeyError, _UnusualError):
            return self._stock.unstructure(request)

    def structure(self, data: Any, kind: Any) -> Any:
        """A reply, or what it answers, as an instance of its class."""
        if kind is process._ProcessResponse and "ok" in data:
            return process._OkayResponse(data["ok"])
        if kind in _READ:
            return _READ[kind](data)
        return self._stock.structure(data, kind)


class _UnusualError(Exception):
    """A value that jsii's converter has a way of its own with."""


def _fields(value: Any) -> dict[str, Any]:
    return {name: _written(getattr(value, name)) for name in _FIELDS[type(value)]}


def _written(value: Any) -> Any:
    kind: Any = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {key: _written(element) for key, element in value.items()}
    if kind is list:
        return [_written(element) for element in value]
    if kind is ObjRef or kind is CreateResponse:
        return process._unstructure_ref(value)  # type: ignore[no-untyped-call]
    if kind is Override:
        return _fields(value)
    if _is_reference(kind):
        return value
    raise _UnusualError


@cache
def _is_struct(kind: Any) -> bool:
    """Whether a class is a generated one of keyword arguments, whose instances hold those given in `_values`."""
    return _reference_map._data_types.get(getattr(kind, "__jsii_type__", "")) is kind


@cache
def _is_reference(kind: Any) -> bool:
    """Whether instances are nothing but objects of jsii, for which it writes a reference."""
    if attr.has(kind) or is_dataclass(kind) or issubclass(kind, Iterable):
        return False
    return isinstance(kind, JSIIMeta) or kind is InterfaceDynamicProxy
