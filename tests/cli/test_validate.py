from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from floe_infra.cli.main import _run
from floe_infra.config import load

ROOT = Path(__file__).parents[2]
BAD = "name: Acme\nenvironment: prod\ncloud: {region: eu-west-1, account_id: 012345678901}\nstorage: {layer: [a]}\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["floe-infra", "validate", *map(str, arguments)])
        code = _run()
        return code, *capsys.readouterr()

    return run


def test_summary(validate: Run):
    code, out, err = validate("-c", ROOT / "floe-infra.yaml")
    assert (code, err) == (0, "")
    assert "floe-prod on aws, eu-west-1, account 111122223333" in out
    assert "layers bronze, silver, gold" in out
    assert "allow_data_loss" not in out


def test_summary_says_what_may_be_lost(validate: Run):
    assert "allow_data_loss" in validate("-c", ROOT / "examples/local.yaml")[1]


@pytest.mark.parametrize("file", ["floe-infra.yaml", *(f"examples/{n}.yaml" for n in ("aws-dev", "local", "minimal"))])
def test_effective_file_is_the_same_platform(validate: Run, tmp_path: Path, file: str):
    code, out, _ = validate("-c", ROOT / file, "--effective")
    (tmp_path / "effective.yaml").write_text(out)
    assert code == 0
    assert load(tmp_path / "effective.yaml") == load(ROOT / file)
    assert list(YAML(typ="safe").load(out))[:4] == ["name", "environment", "allow_data_loss", "cloud"]


def test_what_a_kind_does_not_say_by_itself(validate: Run, tmp_path: Path):
    file = tmp_path / "floe-infra.yaml"
    file.write_text((ROOT / "examples/local-cluster.yaml").read_text().replace("kind: rustfs ", "kind: minio "))
    code, out, _ = validate()
    assert code == 0
    storage, warning = out[out.index("  storage ") :].splitlines()[:2]
    assert "minio" in storage
    assert warning.strip().startswith("MinIO's project is archived")
    [told] = json.loads(validate("--json")[1])["warnings"]
    assert told["key"] == "storage"
    assert warning.strip() == told["message"]


def test_problems_are_said_with_places(validate: Run, tmp_path: Path):
    (tmp_path / "floe-infra.yaml").write_text(BAD)
    code, out, err = validate()
    assert (code, out) == (2, "")
    assert [line for line in err.splitlines() if not line.startswith(" ")] == [
        'floe-infra.yaml:1:7: name: "Acme" is not valid here',
        "floe-infra.yaml:3:40: cloud.account_id: 12345678901 is not text",
        "floe-infra.yaml:4:11: storage.layer: unknown key",
    ]


def test_problems_as_json_have_all_their_parts(validate: Run, tmp_path: Path):
    (tmp_path / "floe-infra.yaml").write_text(BAD)
    code, out, err = validate("--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["problems"][1] == {
        "file": "floe-infra.yaml",
        "line": 3,
        "column": 40,
        "key": "cloud.account_id",
        "message": "12345678901 is not text",
        "allowed": "the 12 digits of an AWS account, in quotes",
        "fix": 'write "012345678901", in quotes',
    }


@pytest.mark.parametrize("arguments", [["--nonsense"], ["-c"], ["surplus"]])
def test_bad_usage_is_bad_input(validate: Run, arguments: list[str]):
    assert validate(*arguments)[0] == 2
