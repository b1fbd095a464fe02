"""Against a server that answers as Nessie does, with its prefix and its default locations."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from floe_infra.catalog.programs import make_namespaces

WAREHOUSE = "acme_prod"
PREFIX = "/iceberg/v1/main%7Cacme_prod/namespaces"


class Nessie(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.namespaces: dict[str, dict[str, str]] = {}
        self.changes: list[str] = []
        self.broken: dict[str, tuple[int, bytes]] = {}
        """By method, what to answer instead."""

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/iceberg"


class Handler(BaseHTTPRequestHandler):
    server: Nessie

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/iceberg/v1/config":
            assert parse_qs(url.query) == {"warehouse": [WAREHOUSE]}
            self._answer(200, {"defaults": {"prefix": "main%7Cacme_prod"}, "overrides": {}})
            return
        name = self._name(url.path)
        if name not in self.server.namespaces:
            self._refuse(404, "NoSuchNamespaceException", f"Namespace '{name}' does not exist")
            return
        location = f"s3://default/{name}/"
        self._answer(200, {"namespace": [name], "properties": {"location": location} | self.server.namespaces[name]})

    def do_POST(self) -> None:
        self.server.changes.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/properties"):
            name = self._name(self.path.removesuffix("/properties"))
            self.server.namespaces[name] |= body["updates"]
            self._answer(200, {"updated": [*body["updates"]], "removed": [], "missing": []})
            return
        assert self.path == PREFIX
        [name] = body["namespace"]
        self.server.namespaces[name] = body["properties"]
        self._answer(200, body)

    def _name(self, path: str) -> str:
        assert path.startswith(f"{PREFIX}/")
        return unquote(path.removeprefix(f"{PREFIX}/"))

    def _refuse(self, status: int, type: str, message: str) -> None:
        self._answer(status, {"error": {"message": message, "type": type, "code": status}})

    def _answer(self, status: int, body: Any) -> None:
        status, content = self.server.broken.get(self.command, (status, json.dumps(body).encode()))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def nessie() -> Iterator[Nessie]:
    with Nessie() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def run(nessie: Nessie, tmp_path: Path) -> Any:
    def with_namespaces(uri: str = nessie.uri, **namespaces: str) -> int:
        spec = tmp_path / "spec.json"
        spec.write_text(json.dumps({"uri": uri, "warehouse": WAREHOUSE, "namespaces": namespaces}))
        return make_namespaces.main([str(spec)])

    return with_namespaces


def test_namespaces_are_made_where_they_belong(nessie, run, capsys):
    assert run(bronze="s3://a/bronze/", gold="s3://b/gold/") == 0
    assert nessie.namespaces == {"bronze": {"location": "s3://a/bronze/"}, "gold": {"location": "s3://b/gold/"}}
    assert capsys.readouterr().out.splitlines() == [
        "namespace bronze: made at s3://a/bronze/",
        "namespace gold: made at s3://b/gold/",
    ]


def test_a_second_run_changes_nothing(nessie, run, capsys):
    run(bronze="s3://a/bronze/")
    before = len(nessie.changes)
    assert run(bronze="s3://a/bronze") == 0
    assert len(nessie.changes) == before
    assert capsys.readouterr().out.endswith("namespace bronze: as it was\n")


def test_a_namespace_that_somebody_made_gets_its_location_and_keeps_the_rest(nessie, run, capsys):
    nessie.namespaces["bronze"] = {"owner": "somebody"}
    assert run(bronze="s3://a/bronze/") == 0
    assert nessie.namespaces["bronze"] == {"owner": "somebody", "location": "s3://a/bronze/"}
    assert "moved from s3://default/bronze/ to s3://a/bronze/" in capsys.readouterr().out


def test_others_are_left_alone(nessie, run):
    nessie.namespaces["theirs"] = {"owner": "somebody"}
    run(bronze="s3://a/bronze/")
    assert nessie.namespaces["theirs"] == {"owner": "somebody"}


@pytest.mark.parametrize(
    ("method", "answer", "says"),
    [
        ("POST", (409, b'{"error": {"message": "changed meanwhile"}}'), f"POST .*{PREFIX}: 409: changed meanwhile"),
        ("GET", (503, b"<html>busy</html>"), "GET .*/v1/config.*: 503: <html>busy</html>"),
        ("GET", (404, b'{"error": "unknown warehouse"}'), "GET .*/v1/config.*: 404: {"),
        ("GET", (200, b"not JSON"), "GET .*/v1/config"),
        ("GET", (200, b"[]"), "GET .*/v1/config.*: the answer is no JSON object"),
    ],
)
def test_any_other_answer_fails_the_job_with_the_servers_words(nessie, run, capsys, method, answer, says):
    nessie.broken[method] = answer
    assert run(bronze="s3://a/bronze/") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert re.search(says, line)


def test_no_answer_at_all_fails_it_too(run, capsys):
    assert run(uri="http://127.0.0.1:1/iceberg", bronze="s3://a/bronze/") == 1
    assert "GET http://127.0.0.1:1/iceberg/v1/config" in capsys.readouterr().err
