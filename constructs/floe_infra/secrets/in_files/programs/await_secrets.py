"""Wait until an operator has made Secrets of the encrypted objects that are named, or has said why it cannot.

Runs in a pod, from a ConfigMap that holds this file alone (`python await_secrets.py RESOURCE NAMESPACE NAME...`, with
`<group>/<version>/<plural>` as the resource): hence one file and the standard library only. It reads the objects and
their status, never a Secret. Whatever comes after it finds the new values, and not those of before. When time is up it
ends with the operator's own words and status 1.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PATIENCE = 540.0
"""Seconds; whoever has forgotten the operator's key can still bring it."""
_INTERVAL = 2.0
_TIMEOUT = 20.0
"""Seconds for one request."""

Ask = Callable[[str], Mapping[str, Any]]
"""The object at a path of the API server's."""


def unready(found: Mapping[str, Any]) -> str | None:
    """What is still missing, in the operator's words; None when the Secret is as the object says."""
    status = found.get("status") or {}
    if found.get("kind") == "SopsSecret":
        message = status.get("message")
        return None if message == "Healthy" else message or "not looked at yet"
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
        return "not looked at yet"
    for condition in status.get("conditions", []):
        if condition.get("type") == "Synced" and condition.get("status") == "True":
            return None
        if condition.get("message"):
            return str(condition["message"])
    return "not unsealed yet"


def wait(ask: Ask, paths: Mapping[str, str], *, patience: float, interval: float = _INTERVAL) -> dict[str, str]:
    """What is still missing when all is well or time is up, by name.

    Args:
        paths: by name.
    """
    end = time.monotonic() + patience
    said: dict[str, str] = {}
    while True:
        missing = dict(_missing(ask, paths))
        for name, words in missing.items():
            if said.get(name) != words:
                print(f"{name}: {words}", flush=True)
        said = missing
        if not missing or time.monotonic() > end:
            return missing
        time.sleep(interval)


def _missing(ask: Ask, paths: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, path in paths.items():
        try:
            words = unready(ask(path))
        except HTTPError as error:
            words = f"the API server answers {error.code}"
        except (URLError, OSError) as error:
            words = f"the API server does not answer: {error}"
        if words:
            yield name, words


def _api_server() -> Ask:
    context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    url = os.environ.get("API_SERVER", "https://kubernetes.default.svc")

    def ask(path: str) -> Mapping[str, Any]:
        token = (_ACCOUNT / "token").read_text(encoding="utf-8")  # anew, as it expires
        request = Request(f"{url}{path}", headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
        with opener.open(request, timeout=_TIMEOUT) as response:
            answer: Mapping[str, Any] = json.load(response)
        return answer

    return ask


def main(resource: str, namespace: str, *names: str) -> int:
    """Returns the exit status."""
    group, version, plural = resource.split("/")
    paths = {name: f"/apis/{group}/{version}/namespaces/{namespace}/{plural}/{name}" for name in names}
    missing = wait(_api_server(), paths, patience=_PATIENCE)
    for name, words in missing.items():
        print(f"{namespace}/{name}: {words}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
