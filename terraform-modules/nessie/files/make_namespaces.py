"""Make the namespaces of an Iceberg REST catalog that asks for no login, each at its location.

Runs in a pod, from a ConfigMap that holds this file alone (`python make_namespaces.py SPEC.json`): hence one file and
the standard library only. SPEC.json is an object: `uri` of the catalog, `warehouse`, and `namespaces`, by name their
locations. It looks first and changes what differs, so that it can be run again; what else there is, is left alone.
Exits with 1, and the server's own words, at any answer that it does not expect.
"""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

_TIMEOUT = 60
"""Seconds for one request."""


class RefusedError(Exception):
    """The catalog gave another answer than the expected one, or none."""


class Catalog:
    """The namespaces of one warehouse (Iceberg's REST specification,
    https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml)."""

    def __init__(self, uri: str, warehouse: str) -> None:
        self._opener = build_opener(ProxyHandler({}))
        self._base = f"{uri}/v1"
        config = self._ask("GET", f"/config?{urlencode({'warehouse': warehouse})}") or {}
        prefix = {**config.get("defaults", {}), **config.get("overrides", {})}.get("prefix", "")
        self._namespaces = f"/{prefix}/namespaces" if prefix else "/namespaces"

    def settle(self, name: str, location: str) -> str:
        """Make a namespace, or have its next tables go to the location; returns what was done."""
        path = f"{self._namespaces}/{quote(name, safe='')}"
        found = self._ask("GET", path, absent=HTTPStatus.NOT_FOUND)
        if found is None:
            self._ask("POST", self._namespaces, {"namespace": [name], "properties": {"location": location}})
            return f"made at {location}"
        held = found.get("properties", {}).get("location", "")
        if held.rstrip("/") == location.rstrip("/"):
            return "as it was"
        self._ask("POST", f"{path}/properties", {"removals": [], "updates": {"location": location}})
        return f"moved from {held} to {location}; tables that it has stay where they are"

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, absent: HTTPStatus | None = None
    ) -> dict[str, Any] | None:
        """The answer; None where the status says `absent`."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        request = Request(f"{self._base}{path}", data=content, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                answer = json.loads(response.read() or b"{}")
        except HTTPError as error:
            if error.code == absent:
                return None
            raise RefusedError(f"{method} {request.full_url}: {error.code}: {_text(error.read())}") from None
        except (OSError, ValueError) as error:
            raise RefusedError(f"{method} {request.full_url}: {error}") from None
        if not isinstance(answer, dict):
            raise RefusedError(f"{method} {request.full_url}: the answer is no JSON object")
        return answer


def _text(body: bytes) -> str:
    """The message of Iceberg's error model, or all of it."""
    text = body.decode("utf-8", errors="replace")
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return text[:2000]


def main(arguments: list[str]) -> int:
    """Run with the command's arguments; returns its exit status."""
    spec = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    try:
        catalog = Catalog(spec["uri"], spec["warehouse"])
        for name, location in spec["namespaces"].items():
            print(f"namespace {name}: {catalog.settle(name, location)}", flush=True)
    except RefusedError as error:
        print(f"make_namespaces: failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
