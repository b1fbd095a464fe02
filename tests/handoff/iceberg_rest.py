"""A catalog as Polaris shows itself: Iceberg REST with OAuth2, over one table that lies in an emulated S3.

Only what a client needs to log in, look around and read
(https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml).
"""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token"


@dataclass
class RestCatalog:
    """What it knows, and what it has seen.

    Attributes:
        table: `namespace.name`.
        lent: what a client that asks for credentials is lent; None where nothing is.
        client: `id:secret` of whom it lets in; None for everybody.
        scopes: those that were asked for.
        uri: where it answers.
    """

    warehouse: str
    table: str
    location: str
    metadata: Mapping[str, Any]
    lent: Mapping[str, str] | None = None
    client: str | None = None
    scopes: list[str] = field(default_factory=list)
    uri: str = ""

    def answer(self, path: str, query: Mapping[str, list[str]], headers: Any, body: str) -> Any:
        """What to say; None for what there is not. PermissionError for whom it does not let in."""
        namespace, name = self.table.split(".")
        if path == "/v1/oauth/tokens":
            return self._login(headers, body)
        if self.client and headers.get("Authorization") != f"Bearer {TOKEN}":
            raise PermissionError
        if path == "/v1/config" and query["warehouse"] == [self.warehouse]:
            return {"defaults": {}, "overrides": {"prefix": self.warehouse}}
        answers: dict[str, Any] = {
            "/namespaces": {"namespaces": [[namespace]]},
            f"/namespaces/{namespace}": {"namespace": [namespace], "properties": {}},
            f"/namespaces/{namespace}/tables": {"identifiers": [{"namespace": [namespace], "name": name}]},
            f"/namespaces/{namespace}/tables/{name}": self._loaded(headers),
        }
        return answers.get(path.removeprefix(f"/v1/{self.warehouse}"))

    def _login(self, headers: Any, body: str) -> Any:
        given = {key: values[0] for key, values in parse_qs(body).items()}
        basic = headers.get("Authorization", "").removeprefix("Basic ")
        client = b64decode(basic).decode() if basic else f"{given.get('client_id')}:{given.get('client_secret')}"
        if client != self.client or given["grant_type"] != "client_credentials":
            raise PermissionError
        self.scopes.append(given["scope"])
        return {"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}

    def _loaded(self, headers: Any) -> Any:
        asked = "vended-credentials" in headers.get("X-Iceberg-Access-Delegation", "")
        config = dict(self.lent) if self.lent and asked else {}
        return {"metadata-location": self.location, "metadata": self.metadata, "config": config}


@contextmanager
def serving(catalog: RestCatalog) -> Iterator[RestCatalog]:
    """It answers below its `uri` for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url, body = urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            try:
                said = catalog.answer(url.path.removeprefix("/api/catalog"), parse_qs(url.query), self.headers, body)
                status = 404 if said is None else 200
            except PermissionError:
                said, status = None, 401
            text = json.dumps(said or {"error": {"message": "no", "type": "no", "code": status}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        def do_POST(self) -> None:
            self.do_GET()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Not among the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    catalog.uri = f"http://127.0.0.1:{server.server_port}/api/catalog"
    try:
        yield catalog
    finally:
        server.shutdown()
        server.server_close()
