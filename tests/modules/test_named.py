from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from floe_infra.modules import GenerationError
from floe_infra.modules.named import Named
from floe_infra.modules.symbols import Symbols


@dataclass(frozen=True)
class Inner:
    width: Any

    @property
    def area(self) -> Any:
        return self.width * self.width

    @property
    def boxes(self) -> Any:
        return self.area // 4


@dataclass(frozen=True)
class Outer:
    inner: Inner
    version: str

    @property
    def first(self) -> Inner:
        return self.inner

    @property
    def number(self) -> int:
        return int(self.version)


@pytest.fixture
def symbols(tmp_path) -> Symbols:
    from cdktf import App, TerraformStack

    return Symbols(TerraformStack(App(outdir=str(tmp_path)), "module"))


def test_each_step_is_a_local_value(symbols):
    outer = Outer(Inner(symbols.number("var.width")), symbols.text("var.version"))
    named = Named(outer, symbols, {"inner.area": "area", "inner.boxes": "boxes"})
    assert named.first.boxes.expression == "local.boxes"
    assert symbols.named == {"area": "var.width * var.width", "boxes": "floor(local.area / 4)"}


def test_what_is_known_has_no_name(symbols):
    assert Named(Outer(Inner(6), "1"), symbols, {"inner.boxes": "boxes"}).inner.boxes == 9
    assert not symbols.named


def test_what_cannot_be_computed_is_given(symbols):
    outer = Outer(Inner(6), symbols.text("var.version"))
    assert Named(outer, symbols, {}, number=lambda: 7).number == 7


def test_a_name_stands_for_one_thing(symbols):
    symbols.called("width", symbols.number("var.width"))
    with pytest.raises(GenerationError, match=r"width is var\.width, and var\.height"):
        symbols.called("width", symbols.number("var.height"))
