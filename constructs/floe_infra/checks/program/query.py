"""Query engines: a question that only the engine and what lies behind it can answer."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from . import google
from .catalog import all_there
from .here import CheckError, Here
from .web import RefusedError, ask

BIGQUERY = "https://bigquery.googleapis.com"
_USER = "floe-infra-check"
_BUSY = (429, 502, 503, 504)
"""With which Trino's clients are to ask again after 50 to 100 ms
(https://trino.io/docs/current/develop/client-protocol.html)."""


@dataclass(frozen=True)
class Trino:
    """Trino lists the namespaces of the lakehouse's catalog, which it must ask the Iceberg catalog for."""

    url: str
    catalog: str
    namespaces: Sequence[str]

    def run(self, here: Here) -> str:
        quoted = '"' + self.catalog.replace('"', '""') + '"'
        found = [str(row[0]) for row in self.rows(here, f"SHOW SCHEMAS FROM {quoted}")]
        return f"{self.url}: {self.catalog} has {all_there([name.lower() for name in self.namespaces], found)}"

    def rows(self, here: Here, sql: str) -> list[list[Any]]:
        """All rows of the answer, page by page. A query that takes too long is called off."""
        rows: list[list[Any]] = []
        page = self._ask(here, "POST", f"{self.url}/v1/statement", sql.encode())
        try:
            while True:
                if error := page.get("error"):
                    name = error.get("errorName", "error")
                    raise CheckError(f"Trino says {name}: {error.get('message', '')}", _advice(name))
                rows += page.get("data") or []
                if not (following := page.get("nextUri")):
                    return rows
                page = self._ask(here, "GET", following)
        except (CheckError, TimeoutError):
            if following := page.get("nextUri"):
                self._call_off(here, following)
            raise

    def _ask(self, here: Here, method: str, url: str, content: bytes | None = None) -> dict[str, Any]:
        while True:
            try:
                fixes: dict[int | str, str] = {401: "Trino wants a login, which floe-runtime does not have"}
                return ask(here, method, url, headers={"X-Trino-User": _USER}, content=content, fixes=fixes).json
            except RefusedError as refused:
                if refused.status not in _BUSY or here.left < 1:
                    raise
                time.sleep(0.1)

    def _call_off(self, here: Here, url: str) -> None:
        late = Here(here.environment, in_cluster=here.in_cluster, timeout=2)
        with suppress(CheckError):
            ask(late, "DELETE", url, headers={"X-Trino-User": _USER}, expected=(200, 204))


def _advice(name: str) -> str:
    if name in ("ICEBERG_CATALOG_ERROR", "GENERIC_INTERNAL_ERROR", "HIVE_METASTORE_ERROR"):
        return "Trino is there, and what lies behind it is not: see the coordinator's log, and the catalog's checks"
    if name == "CATALOG_NOT_FOUND":
        return "the coordinator has started without this catalog: see its log"
    return "see the coordinator's log"


@dataclass(frozen=True)
class BigQuery:
    """BigQuery runs a query in the platform's project, and has its dataset.

    Attributes:
        endpoint: if it is not Google's own.
    """

    project: str
    location: str
    dataset: str
    endpoint: str = ""

    def run(self, here: Here) -> str:
        base = f"{self.endpoint or BIGQUERY}/bigquery/v2/projects/{self.project}"
        headers = {**google.bearer(here), "Content-Type": "application/json"}
        fixes: dict[int | str, str] = {
            401: "the token is no longer valid: log in anew",
            403: f"who asks may not: it wants BigQuery Job User in {self.project}, and a role in {self.dataset}",
            404: f"the dataset {self.dataset} is missing: deploy again",
        }
        query = {
            "query": "SELECT 1",
            "useLegacySql": False,
            "location": self.location,
            "timeoutMs": int(here.left * 1000),
            "labels": {"from": _USER},
        }
        answer = ask(
            here, "POST", f"{base}/queries", headers=headers, content=json.dumps(query).encode(), fixes=fixes
        ).json
        if not answer.get("jobComplete"):
            raise CheckError(f"{base}: the query is not done within {here.timeout:g} s", "see BigQuery's job history")
        ask(here, "GET", f"{base}/datasets/{self.dataset}", headers=headers, fixes=fixes)
        return f"{self.project}: a query in {self.location}; dataset {self.dataset} is there"
