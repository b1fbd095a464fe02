from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from floe_infra.storage.programs import make_buckets
from floe_infra.storage.programs.make_buckets import Server, main

PROGRAM = Path(make_buckets.__file__)
NOW = datetime(2026, 8, 24, 9, 5, 7, tzinfo=timezone.utc)


def environment(endpoint: str) -> dict[str, str]:
    return {"S3_ENDPOINT": endpoint, "S3_REGION": "us-east-1", "S3_ACCESS_KEY": "floe", "S3_SECRET_KEY": "s"}


def run(endpoint: str, *buckets: str) -> tuple[int, list[str]]:
    said: list[str] = []
    return main(list(buckets), environment(endpoint), said.append), said


@pytest.mark.parametrize("method", ["HEAD", "PUT"])
def test_requests_are_signed_as_boto_signs_them(monkeypatch, method):
    auth = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    made = Server("http://rustfs-svc.storage:9000", "us-east-1", "floe", "secret/4+")
    signed = made.sign(method, "/lake", NOW)
    request = AWSRequest(
        method, f"{made.endpoint}/lake", headers={"x-amz-content-sha256": signed["x-amz-content-sha256"]}
    )
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: NOW.replace(tzinfo=None))
    auth.S3SigV4Auth(Credentials("floe", "secret/4+"), "s3", "us-east-1").add_auth(request)
    assert signed["authorization"] == request.headers["Authorization"]


@pytest.fixture
def emulator() -> Iterator[str]:
    pytest.importorskip("moto")
    from floe_infra.runtime.emulator import Emulator

    with Emulator() as running:
        yield running.endpoint


def test_buckets_are_made_once(emulator: str):
    assert run(emulator, "lake-bronze", "lake-gold") == (0, ["bucket lake-bronze: made", "bucket lake-gold: made"])
    again = ["bucket lake-gold: as it was", "bucket lake-silver: made"]
    assert run(emulator, "lake-gold", "lake-silver") == (0, again)


def test_it_runs_as_a_program(emulator: str):
    result = subprocess.run(
        [sys.executable, "-I", PROGRAM, "lake"], env=environment(emulator), capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (0, "bucket lake: made\n"), result.stderr


Answers = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def answers() -> Iterator[Answers]:
    """`endpoint, requests = answers(404, 503, 200)`: a server that gives these, one after the other."""
    servers = []

    def start(*statuses: int) -> tuple[str, list[str]]:
        requests: list[str] = []
        rest = iter(statuses)

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                requests.append(self.command)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b"" if self.command == "HEAD" else b"<Error><Message>words of its own</Message></Error>"
                self.send_response(next(rest))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_PUT = _answer  # noqa: N815

            def log_message(self, *_: Any) -> None: ...

        made = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        servers.append(made)
        return f"http://127.0.0.1:{made.server_port}", requests

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(make_buckets, "_INTERVAL", 0.01)


def test_a_server_that_is_starting_is_waited_for(answers: Answers):
    endpoint, requests = answers(503, 500, 404, 503, 200)
    assert run(endpoint, "lake") == (0, ["bucket lake: made"])
    assert requests == ["HEAD", "HEAD", "HEAD", "PUT", "PUT"]


def test_somebody_else_was_faster(answers: Answers):
    assert run(answers(404, 409, 200)[0], "lake") == (0, ["bucket lake: as it was"])


def test_a_strangers_bucket_is_no_success(answers: Answers):
    code, [said] = run(answers(404, 409, 403)[0], "lake")
    assert code == 1
    assert said.startswith("make_buckets: failed: HEAD http://127.0.0.1:")


def test_a_refusal_ends_it_with_the_servers_words(answers: Answers):
    endpoint, requests = answers(404, 403)
    code, [said] = run(endpoint, "lake", "another")
    assert code == 1
    assert said == (
        f"make_buckets: failed: PUT {endpoint}/lake: 403: <Error><Message>words of its own</Message></Error>"
    )
    assert requests == ["HEAD", "PUT"]


def test_a_server_that_never_comes(monkeypatch):
    monkeypatch.setattr(make_buckets, "_PATIENCE", 0.05)
    code, [said] = run("http://127.0.0.1:1", "lake")
    assert code == 1
    assert "no answer" in said
