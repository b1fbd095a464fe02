from __future__ import annotations

from urllib.error import HTTPError, URLError

import pytest

from floe_infra.secrets.in_files.programs import await_secrets
from floe_infra.secrets.in_files.programs.await_secrets import unready, wait


def sealed(*, observed: int = 2, **condition: str) -> dict:
    status = {"observedGeneration": observed, "conditions": [condition] if condition else []}
    return {"kind": "SealedSecret", "metadata": {"generation": 2}, "status": status}


def test_a_sealed_secret_is_ready_when_its_newest_content_is_unsealed():
    assert unready(sealed(type="Synced", status="True")) is None
    assert unready(sealed(observed=1, type="Synced", status="True")) == "not looked at yet"
    assert unready(sealed()) == "not unsealed yet"
    assert unready({"kind": "SealedSecret", "metadata": {"generation": 1}}) == "not looked at yet"


def test_the_controllers_own_words_are_passed_on():
    assert unready(sealed(type="Synced", status="False", message="no key could decrypt secret (password)")) == (
        "no key could decrypt secret (password)"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"message": "Healthy"}, None),
        ({"message": "Decryption error"}, "Decryption error"),
        ({}, "not looked at yet"),
        (None, "not looked at yet"),
    ],
)
def test_a_sops_secret_is_ready_when_it_is_healthy(status, words):
    found = {"kind": "SopsSecret", "metadata": {}, **({} if status is None else {"status": status})}
    assert unready(found) == words


def test_it_waits_until_all_are_ready(capsys):
    answers = iter([sealed(), URLError("refused"), sealed(type="Synced", status="True")])

    def ask(path: str) -> dict:
        assert path == "/one"
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert wait(ask, {"one": "/one"}, patience=60, interval=0) == {}
    assert capsys.readouterr().out.splitlines() == [
        "one: not unsealed yet",
        "one: the API server does not answer: <urlopen error refused>",
    ]


def test_when_time_is_up_it_says_what_is_missing(capsys):
    def ask(path: str) -> dict:
        if path == "/two":
            raise HTTPError(path, 404, "", None, None)
        return sealed(type="Synced", status="False", message="no key could decrypt secret")

    missing = wait(ask, {"one": "/one", "two": "/two"}, patience=0.01, interval=0.001)
    assert missing == {"one": "no key could decrypt secret", "two": "the API server answers 404"}
    assert len(capsys.readouterr().out.splitlines()) == 2, "the same words are said once"


def test_it_asks_for_the_objects_by_name(monkeypatch, capsys):
    asked = []

    def ask(path: str) -> dict:
        asked.append(path)
        return {"kind": "SopsSecret", "metadata": {}, "status": {"message": "Healthy"}}

    monkeypatch.setattr(await_secrets, "_api_server", lambda: ask)
    assert await_secrets.main("isindir.github.com/v1alpha3/sopssecrets", "catalog", "a", "b") == 0
    assert asked == [f"/apis/isindir.github.com/v1alpha3/namespaces/catalog/sopssecrets/{name}" for name in "ab"]
    monkeypatch.setattr(await_secrets, "_PATIENCE", 0.0)
    monkeypatch.setattr(await_secrets, "_api_server", lambda: lambda _: {"kind": "SopsSecret"})
    assert await_secrets.main("isindir.github.com/v1alpha3/sopssecrets", "catalog", "a") == 1
    assert capsys.readouterr().err == "catalog/a: not looked at yet\n"
