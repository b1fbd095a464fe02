from __future__ import annotations

from pathlib import Path

import pytest

from encrypted import sealed_secret, sealing_key, write
from floe_infra.config.problems import Problem
from floe_infra.secrets.in_files.folder import Folder
from floe_infra.secrets.in_files.sealed_file import SealedFile
from floe_infra.secrets.in_files.wanted import Given, Wanted

KEY = sealing_key()
DATABASE = Given("database-polaris", "password", made=True, length=40)
WANTED = [
    Wanted("catalog", "polaris-db", {"password": DATABASE}, {"username": "polaris"}, {}),
    Wanted("database", "database-polaris", {"password": DATABASE}, {"username": "polaris"}, {}),
    Wanted("observability", "vendor", {"api-key": Given("vendor", "api-key")}, {}, {}),
]
PASSWORD = "p" * 40


@pytest.fixture
def files(tmp_path):
    """A folder with every file that is wanted."""
    put(tmp_path, "catalog", "polaris-db", password=PASSWORD)
    put(tmp_path, "database", "database-polaris", password=PASSWORD)
    put(tmp_path, "observability", "vendor", **{"api-key": "k"})
    return tmp_path


def put(folder: Path, namespace: str, name: str, *, scope: str = "strict", file: str = "", **values: str) -> Path:
    document = sealed_secret(namespace, name, values, KEY.public_key(), scope=scope)
    return write(folder / (file or f"{namespace}.{name}.yaml"), document)


def problems(folder: Path) -> list[Problem]:
    return Folder(folder, SealedFile).compare(WANTED, lambda wanted: f"make {wanted.name}")


def test_nothing_is_wrong_with_what_is_wanted(files):
    assert problems(files) == []
    assert [Folder(files, SealedFile).find(each).name for each in WANTED] == [
        "polaris-db",
        "database-polaris",
        "vendor",
    ]


def test_all_that_is_missing_is_named_at_once_with_what_makes_it(tmp_path):
    whole, *each = problems(tmp_path / "nowhere")
    assert whole.message == "3 of 3 Secrets have no file in here"
    assert "floe-infra secrets --script" in whole.fix
    assert [(Path(problem.file).name, problem.fix) for problem in each] == [
        ("catalog.polaris-db.yaml", "make polaris-db"),
        ("database.database-polaris.yaml", "make database-polaris"),
        ("observability.vendor.yaml", "make vendor"),
    ]
    assert each[0].allowed == "keys password (password of database-polaris, 40 letters and digits)"


def test_a_file_for_nothing_is_named_with_what_was_meant(files):
    (files / "catalog.polaris-db.yaml").unlink()
    put(files, "catalog", "polaris-bd", password=PASSWORD)
    found = {problem.message: problem for problem in problems(files)}
    lost = found["nothing of the platform reads the Secret catalog/polaris-bd"]
    assert lost.key == "metadata.name"
    assert lost.allowed.startswith("catalog/polaris-db")
    assert "seal it anew" in lost.fix
    assert "the Secret catalog/polaris-db has no file" in found


def test_two_files_for_one_secret(files):
    put(files, "catalog", "polaris-db", file="z.yaml", password=PASSWORD)
    [problem] = problems(files)
    assert Path(problem.file).name == "z.yaml"
    assert "catalog.polaris-db.yaml is" in problem.message


def test_keys_are_those_that_are_read(files):
    put(files, "catalog", "polaris-db", passwort=PASSWORD, username="polaris")
    messages = {problem.key: problem.message for problem in problems(files)}
    assert messages == {
        "spec.encryptedData": "the key password is missing: password of database-polaris, 40 letters and digits",
        "spec.encryptedData.passwort": "is a key that nobody reads",
        "spec.encryptedData.username": "is put in by floe-infra itself",
    }


def test_a_file_with_wrong_keys_is_not_used(files):
    put(files, "catalog", "polaris-db", passwort=PASSWORD)
    assert Folder(files, SealedFile).find(WANTED[0]) is None


@pytest.mark.parametrize(("value", "message"), [("", "is empty"), ("p" * 15, "holds 15 bytes, which can be guessed")])
def test_a_value_must_be_one(files, value, message):
    put(files, "catalog", "polaris-db", password=value)
    put(files, "database", "database-polaris", password=value)
    assert [problem.message for problem in problems(files)] == [message, message]


def test_what_somebody_else_has_made_may_be_short_and_not_empty(files):
    put(files, "observability", "vendor", **{"api-key": ""})
    [problem] = problems(files)
    assert (problem.key, problem.message) == ("spec.encryptedData.api-key", "is empty")


def test_the_same_value_has_the_same_size_everywhere(files):
    """A line break at the end, most often."""
    put(files, "database", "database-polaris", password=f"{PASSWORD}\n")
    [problem] = problems(files)
    assert Path(problem.file).name == "database.database-polaris.yaml"
    assert "holds 41 bytes, and" in problem.message
    assert "without a line break" in problem.fix


@pytest.mark.parametrize(
    "text",
    ["-----BEGIN RSA PRIVATE KEY-----\nMII", "# created\nAGE-SECRET-KEY-1QQQ", "a: |\n  -----BEGIN PRIVATE KEY-----"],
)
def test_the_key_is_not_kept_beside_what_it_opens(files, text):
    (files / "key.txt").write_text(text)
    [problem] = problems(files)
    assert "holds a private key" in problem.message
    assert problem.line == text.count("\n", 0, text.index("KEY-")) + 1
    assert "QQQ" not in str(problem)


def test_other_files_are_passed_over(files):
    (files / "certificate.pem").write_text("-----BEGIN CERTIFICATE-----")
    (files / "README.md").write_text("words")
    (files / ".sops.yaml").write_text("creation_rules: []")
    assert problems(files) == []


def test_what_is_no_yaml_has_its_place(files):
    (files / "x.yaml").write_text("a: b\n c: d\n")
    [problem] = problems(files)
    assert (Path(problem.file).name, problem.line) == ("x.yaml", 2)


def test_a_checksum_changes_with_its_file_alone(files):
    before = Folder(files, SealedFile).checksums
    put(files, "catalog", "polaris-db", password=PASSWORD)  # sealed anew, so with another session key
    after = Folder(files, SealedFile).checksums
    assert {place for place in before if before[place] != after[place]} == {("catalog", "polaris-db")}


def test_a_file_that_cannot_be_read_is_named(files, monkeypatch):
    (files / "x.yaml").write_text("a: b")
    whole = Path.open

    def broken(self, *arguments, **more):
        if self.name == "x.yaml":
            raise PermissionError(13, "Permission denied", str(self))
        return whole(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", broken)
    [problem] = problems(files)
    assert (Path(problem.file).name, problem.message) == ("x.yaml", "cannot be read: Permission denied")


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "sealed").write_text("")
    first = problems(tmp_path / "sealed")[0]
    assert "cannot be read" in first.message
