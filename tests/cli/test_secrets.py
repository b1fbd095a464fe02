from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from encrypted import sealed_secret, sealing_key, write
from floe_infra.cli.main import _run

HEAD = "name: acme\nenvironment: dev\ncloud: {region: eu-west-1, account_id: '111122223333'}\n"
SMALL = "telemetry: {kind: none}\ntraces: {kind: none}\nlineage: {kind: none}\ncatalog: {kind: glue}\n"
SEALED = "database: {kind: none}\nsecrets: {kind: sealed_secrets}\n"
VENDOR = "compute: {kind: motherduck, database: lake, secret: vendors/motherduck}\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Exit code, standard output and standard error of a command for a file of these sections."""
    monkeypatch.chdir(tmp_path)

    def run(sections: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "floe-infra.yaml").write_text(HEAD + SMALL + sections)
        monkeypatch.setattr(sys, "argv", ["floe-infra", *arguments])
        code = _run()
        return code, *capsys.readouterr()

    return run


def provide() -> None:
    values = {"CUBEJS_API_SECRET": "a" * 40, "CUBEJS_SQL_PASSWORD": "s" * 40}
    write(
        Path("sealed-secrets/cube.yaml"), sealed_secret("floe", "floe-cube-secrets", values, sealing_key().public_key())
    )


def test_each_secret_is_listed_with_its_keys_and_their_values_names(run: Run):
    code, out, err = run(SEALED, "secrets")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["floe/floe-cube-secrets", "CUBEJS_API_SECRET", "cube.api_secret", "missing", "or", "unfit"] in rows
    assert ["CUBEJS_SQL_PASSWORD", "cube.sql_password"] in rows
    assert "--script" in err


def test_json_for_scripts(run: Run):
    provide()
    _, out, _ = run(SEALED, "secrets", "--json")
    assert json.loads(out) == [
        {
            "namespace": "floe",
            "name": "floe-cube-secrets",
            "keys": {"CUBEJS_API_SECRET": "cube.api_secret", "CUBEJS_SQL_PASSWORD": "cube.sql_password"},
            "file": "sealed-secrets/floe.floe-cube-secrets.yaml",
            "fit": True,
        }
    ]


def test_the_script_is_all_that_is_printed(run: Run):
    code, out, err = run(SEALED, "secrets", "--script")
    assert (code, err) == (0, "")
    assert out.startswith("#!/bin/sh\n")
    assert "make cube.api_secret 40\n" in out
    assert "> sealed-secrets/floe.floe-cube-secrets.yaml\n" in out


def test_without_files_it_says_what_the_secret_manager_has_to_hold(run: Run):
    assert run(VENDOR + "database: {kind: none}\n", "secrets")[1] == "vendors/motherduck: token\n"
    _, out, _ = run(VENDOR + "database: {kind: none}\n", "secrets", "--json")
    assert json.loads(out) == [{"name": "vendors/motherduck", "keys": ["token"]}]
    assert "has all values made" in run("database: {kind: none}\n", "secrets")[2]


def test_without_files_there_is_no_script(run: Run):
    code, _, err = run("database: {kind: none}\n", "secrets", "--script")
    assert code == 2
    assert "`secrets: external_secrets` has no files" in err


def test_validate_looks_at_the_files(run: Run):
    code, _, err = run(SEALED, "validate")
    assert code == 2
    assert "sealed-secrets/floe.floe-cube-secrets.yaml: the Secret floe/floe-cube-secrets has no file" in err
    provide()
    assert run(SEALED, "validate")[0] == 0


def test_validate_says_it_in_json_too(run: Run):
    code, out, _ = run(SEALED, "validate", "--json")
    found = json.loads(out)
    assert (code, found["valid"]) == (2, False)
    assert "kubeseal --cert sealed-secrets/certificate.pem" in found["problems"][-1]["fix"]


def test_nothing_is_synthesized_without_the_files(run: Run):
    code, _, err = run(SEALED, "synth")
    assert code == 2
    assert "has no file" in err
    assert not Path("cdktf.out/stacks").exists()
