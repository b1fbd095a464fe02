"""What is known of the tree is what Node says."""

from __future__ import annotations

from typing import Any

import jsii
import pytest
from cdktf import App, TerraformOutput, TerraformStack
from constructs import Construct


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Node is asked."""
    requests: list[str] = []
    process = jsii.kernel.provider._fast
    send = process.send

    def note(request: Any, response: Any) -> Any:
        requests.append(type(request).__name__)
        return send(request, response)

    monkeypatch.setattr(process, "send", note)
    return requests


def test_the_stack_of_a_construct_is_known(asked: list[str]) -> None:
    app = App()
    outer = TerraformStack(app, "outer")
    inner = TerraformStack(outer, "inner")
    deep = Construct(Construct(inner, "a"), "b")
    output = TerraformOutput(deep, "output", value="x")
    asked.clear()

    assert TerraformStack.of(output) is inner
    assert TerraformStack.of(deep) is inner
    assert TerraformStack.of(inner) is inner
    assert TerraformStack.of(outer) is outer
    assert asked == []


def test_without_a_stack_it_is_cdktfs_error() -> None:
    with pytest.raises(RuntimeError, match="No stack could be identified"):
        TerraformStack.of(Construct(App(), "alone"))


def test_a_node_and_its_names_are_asked_for_once(asked: list[str]) -> None:
    construct = Construct(TerraformStack(App(), "stack"), "a/b")
    asked.clear()

    first = (construct.node.id, construct.node.path)
    second = (construct.node.id, construct.node.path)

    assert first == second == ("a--b", "stack/a--b")
    assert asked == ["GetRequest"] * 3


def test_other_properties_are_asked_for_each_time(asked: list[str]) -> None:
    output = TerraformOutput(TerraformStack(App(), "stack"), "output", value="x")
    output.description = "before"
    assert output.description == "before"

    output.description = "after"
    assert output.description == "after"
    assert output.node.children == []
    Construct(output, "child")
    assert len(output.node.children) == 1
