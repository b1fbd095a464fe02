"""The short way has to say what jsii's own long way says."""

from __future__ import annotations

import enum
import json
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import jsii
import pytest
from cdktf import App, TerraformResourceLifecycle, TerraformStack, Token
from cdktf_cdktf_provider_helm.provider import HelmProviderKubernetes
from cdktf_cdktf_provider_helm.release import ReleaseConfig, ReleaseSet
from jsii._kernel.providers import process
from jsii._kernel.types import (
    Callback,
    CreateRequest,
    CreateResponse,
    GetRequest,
    GetResponse,
    InvokeRequest,
    InvokeResponse,
    ObjRef,
    Override,
    SetRequest,
    SetResponse,
    StatsRequest,
)

from floe_infra.runtime.fast_import import messages


class Color(str, enum.Enum):
    RED = "red"


@pytest.fixture
def stock() -> Any:
    holder = SimpleNamespace()
    process._NodeProcess.__init__(holder)
    return holder._serializer


@pytest.fixture(scope="module")
def stack() -> TerraformStack:
    return TerraformStack(App(), "stack")


def _as_json(message: Any) -> Any:
    return json.loads(json.dumps(message, default=process.jdefault))


def test_requests(stock: Any, stack: TerraformStack) -> None:
    requests = [
        CreateRequest("a.B", [stack, "id", {"$jsii.struct": {"fqn": "a.C", "data": {"x": [1, 2.5, None, True]}}}]),
        CreateRequest("a.B", [], [Override(method="render", cookie="render")], ["a.IRender"]),
        GetRequest(stack.__jsii_ref__, "node"),
        SetRequest(ObjRef("a.B@1", ["a.I"]), "when", datetime(2026, 1, 1, tzinfo=timezone.utc)),
        SetRequest(ObjRef("a.B@1"), "color", Color.RED),
        InvokeRequest(ObjRef("a.B@1"), "call", [Token.as_any({"a": 1})]),
        StatsRequest(),
    ]

    for request in requests:
        assert _as_json(messages.Converter().unstructure(request)) == _as_json(stock.unstructure(request))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (ObjRef("a.B@1", ["a.I"]), CreateResponse),
        ({"value": ["a"]}, GetResponse),
        ({}, GetResponse),
        ({"result": {"a": ObjRef("a.B@1")}}, InvokeResponse),
        ({}, InvokeResponse),
        ({}, SetResponse),
        ({"hello": "@jsii/runtime@1"}, process._HelloResponse),
        ({"ok": {"value": 1}}, process._ProcessResponse),
        ({"error": "e", "stack": "s", "name": "n"}, process._ProcessResponse),
        (
            {"callback": {"cbid": "1", "cookie": "c", "get": {"objref": ObjRef("a.B@1"), "property": "p"}}},
            process._ProcessResponse,
        ),
        ({"cbid": "1", "cookie": "c"}, Callback),
    ],
)
def test_replies(stock: Any, data: Any, kind: Any) -> None:
    assert messages.Converter().structure(data, kind) == stock.structure(data, kind)


def test_arguments(stack: TerraformStack) -> None:
    arguments = [
        stack,
        None,
        ["a", {"b": 1.5}],
        TerraformResourceLifecycle(prevent_destroy=True),
        ReleaseConfig(name="a", chart="b", set=[ReleaseSet(name="c", value="d")], lifecycle={"ignore_changes": ["e"]}),
        HelmProviderKubernetes(exec={"api_version": "v1", "command": "c", "args": ["a"]}),
        Token.as_any({"a": ["b"]}),
    ]

    assert _as_json(messages._sent(jsii.kernel, arguments)) == _as_json(messages._stock_sent(jsii.kernel, arguments))


def test_functions_are_refused() -> None:
    with pytest.raises(Exception, match="did you mean to call this function"):
        messages._sent(jsii.kernel, [test_functions_are_refused])
