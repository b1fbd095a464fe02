from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from floe_infra.runtime.fast_import.later import imported_later

NAME = "imported_later_or_not"


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / f"{NAME}.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(NAME, None)


def test_waits_until_something_is_asked() -> None:
    with imported_later(NAME):
        found = import_module(NAME)
    assert NAME not in sys.modules

    assert found.answer == 42
    assert sys.modules[NAME].answer == 42


def test_something_may_be_asked_at_once() -> None:
    with imported_later(NAME):
        assert import_module(NAME).answer == 42
        assert import_module(NAME) is sys.modules[NAME]

    assert sys.modules[NAME].answer == 42


def test_what_is_there_stays() -> None:
    there = import_module(NAME)

    with imported_later(NAME):
        assert import_module(NAME) is there
    assert sys.modules[NAME] is there


def test_what_is_missing_is_an_import_error() -> None:
    with imported_later("no_such_module"):
        found = import_module("no_such_module")

    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = found.answer


def test_what_the_module_lacks_is_an_attribute_error() -> None:
    with imported_later(NAME):
        found = import_module(NAME)

    with pytest.raises(AttributeError, match="question"):
        _ = found.question
