"""What the command says and writes."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_infra.cli.main import _run

FILE = """\
name: acme   # ours
environment: dev
cloud: {region: eu-west-1, account_id: "111122223333"}
database:
  kind: in_cluster   # one pod
compute: {kind: duckdb}
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "floe-infra.yaml"
    made.write_text(FILE)
    return made


@pytest.fixture
def migrate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: Path) -> Run:
    """Exit code, standard output and standard error, in the file's directory."""
    monkeypatch.chdir(file.parent)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["floe-infra", "migrate", *arguments])
        code = _run()
        return code, *capsys.readouterr()

    return run


def test_a_database_a_phase_a_call(migrate, file):
    code, out, err = migrate("--to", "rds", "--set", "instance_class=db.t4g.medium", "--set", "multi_az=true")
    assert code == 0, err
    assert "database: from in_cluster to rds" in out
    assert "Phase 1 of 3: add the new server, 21 to add, 1 to change, 0 to remove" in out
    assert "+ foundation/database/instance (aws_db_instance), holds data" in out
    assert "- services/postgresql/server/release (helm_release), holds data; its disk stays" in out
    assert "every table stays where it is" in out
    assert "phase 1 of 3 is written" in err
    assert file.read_text().startswith(FILE[: FILE.index("compute")] + "\nmigration:   # floe-infra migrate")
    assert "    instance_class: db.t4g.medium\n    multi_az: true\n" in file.read_text()

    code, _, err = migrate("--to", "rds")
    assert code == 2
    assert "there is no terminal to ask for consent; say --yes" in err
    assert "kind: arriving" in file.read_text()

    code, out, _ = migrate("--to", "rds", "--yes")
    assert code == 0
    assert "Phase 2 of 3: switch to the new server" in out
    assert "kind: leaving" in file.read_text()

    assert migrate("--to", "rds", "--yes")[0] == 0
    assert file.read_text() == FILE.replace(
        "kind: in_cluster   # one pod", "kind: rds\n  instance_class: db.t4g.medium\n  multi_az: true"
    )
    code, out, _ = migrate("--to", "rds")
    assert (code, out) == (0, "database is rds already: nothing is left to do\n")


def test_an_engine_in_one_phase(migrate, file):
    code, out, _ = migrate("--to", "trino", "--dry-run")
    assert code == 0
    assert "One phase: an engine holds no tables" in out
    assert "+ services/compute/trino/release (helm_release)" in out
    assert file.read_text() == FILE

    assert migrate("--to", "trino")[0] == 0
    assert file.read_text() == FILE.replace("compute: {kind: duckdb}", "compute:\n  kind: trino")


def test_for_scripts(migrate, file):
    code, out, _ = migrate("--to", "rds", "--json", "--dry-run")
    assert code == 0
    said = json.loads(out)
    assert (said["section"], said["from"], said["to"], said["phases"]) == ("database", "in_cluster", "rds", 3)
    assert said["written"] is None
    assert [each["step"] for each in said["left"]] == ["add", "switch", "remove"]
    [instance] = [each for each in said["left"][0]["changes"] if each["construct"] == "database/instance"]
    assert (instance["action"], instance["holds_data"]) == ("add", True)
    assert said["left"][0]["by_hand"][0]["commands"] == ["floe-infra deploy"]
    assert said["left"][0]["file"] != FILE == file.read_text()

    migrate("--to", "rds")
    assert json.loads(migrate("--to", "rds", "--yes", "--json")[1])["written"] == 2


def test_a_kind_that_there_is_not(migrate, file):
    code, out, err = migrate("--to", "snowflake")
    assert (code, out) == (2, "")
    assert "floe-infra.yaml:6:17: compute.kind: cannot become snowflake: there is no such kind yet" in err
    assert "allowed: --to motherduck, trino, rds" in err
    assert "floe-infra.yaml: unchanged" in err
    assert file.read_text() == FILE


def test_what_cannot_be_shown_to_keep_the_data(migrate, file):
    code, _, err = migrate("--to", "rds", "--set", "namespace=pg")
    assert code == 2
    assert "services: postgresql/server/release: its disk would go with the namespace database" in err
    assert "Refused: it cannot be shown that all data is kept" in err
    assert file.read_text() == FILE


@pytest.mark.parametrize("broken", [FILE.replace("in_cluster", "in_clutser"), "name: [", ""])
def test_a_broken_file(migrate, file, broken):
    file.write_text(broken)
    code, _, err = migrate("--to", "rds")
    assert code == 2
    assert "floe-infra.yaml:" in err
    assert "Traceback" not in err
    assert file.read_text() == broken


def test_no_file(migrate, file):
    file.unlink()
    code, _, err = migrate("--to", "rds")
    assert code == 2
    assert "there is no such file" in err


@pytest.mark.parametrize(("setting", "words"), [("multi_az", "write --set KEY=VALUE"), ("a=[", "is not YAML")])
def test_a_setting_that_is_none(migrate, setting, words):
    code, _, err = migrate("--to", "rds", "--set", setting)
    assert code == 2
    assert words in err


def test_a_link_stays_one_and_rights_stay(migrate, file):
    place = file.parent / "platforms" / "dev.yaml"
    place.parent.mkdir()
    file.rename(place)
    file.symlink_to(place)
    place.chmod(0o640)
    place.write_bytes(b"\xef\xbb\xbf" + FILE.encode())
    assert migrate("--to", "trino")[0] == 0
    assert file.is_symlink()
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert place.read_bytes().startswith(b"\xef\xbb\xbfname: acme   # ours\n")
    assert os.listdir(place.parent) == ["dev.yaml"]


def test_who_changes_the_file_meanwhile_wins(migrate, file, monkeypatch):
    from floe_infra.cli import migrate as command

    prove = command._prove

    def slowly(*arguments):
        steps = prove(*arguments)
        file.write_text(FILE + "# mine\n")
        return steps

    monkeypatch.setattr(command, "_prove", slowly)
    code, _, err = migrate("--to", "trino")
    assert code == 2
    assert "has changed meanwhile; repeat" in err
    assert file.read_text() == FILE + "# mine\n"
