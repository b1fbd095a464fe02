"""Node starts before everything else, where it will be needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_infra import cli
from floe_infra.runtime import fast_import


@pytest.fixture
def enabled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """What fast import was enabled with."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOE_INFRA_CONFIG", raising=False)
    monkeypatch.setattr(fast_import, "enable", lambda *ahead: calls.append(ahead))
    (tmp_path / "floe-infra.yaml").write_text("cloud:\n  provider: aws\n")
    (tmp_path / "local.yaml").write_text("cloud:\n  provider: local\n")
    return calls


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["floe-infra", *arguments])
    with pytest.raises(SystemExit):
        cli.run()


@pytest.mark.parametrize("command", ["synth", "plan", "deploy", "destroy"])
def test_for_commands_that_synthesize(
    monkeypatch: pytest.MonkeyPatch, enabled: list[tuple[str, ...]], command: str
) -> None:
    monkeypatch.setattr("floe_infra.cli.main.run", lambda: exit(0))

    _run(monkeypatch, command)

    assert enabled == [("aws",)]


@pytest.mark.parametrize("arguments", [(), ("--help",), ("validate",), ("synth", "--help"), ("unheard-of",)])
def test_not_for_others(
    monkeypatch: pytest.MonkeyPatch, enabled: list[tuple[str, ...]], arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("floe_infra.cli.main.run", lambda: exit(0))

    _run(monkeypatch, *arguments)

    assert enabled == []


@pytest.mark.parametrize("option", ["-c", "--config"])
def test_the_file_is_named_as_an_option(
    monkeypatch: pytest.MonkeyPatch, enabled: list[tuple[str, ...]], option: str
) -> None:
    monkeypatch.setattr("floe_infra.cli.main.run", lambda: exit(0))

    _run(monkeypatch, "synth", option, "local.yaml")

    assert enabled == [()]


def test_the_file_is_named_in_the_environment(monkeypatch: pytest.MonkeyPatch, enabled: list[tuple[str, ...]]) -> None:
    monkeypatch.setattr("floe_infra.cli.main.run", lambda: exit(0))
    monkeypatch.setenv("FLOE_INFRA_CONFIG", "local.yaml")

    _run(monkeypatch, "synth")

    assert enabled == [()]
