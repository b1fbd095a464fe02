"""Queries, to servers that speak Trino's and BigQuery's protocols."""

from __future__ import annotations

import pytest

from checks.servers import Answer, Request, always, answering
from floe_infra.checks.program.here import CheckError, Here
from floe_infra.checks.program.query import BigQuery, Trino

NAMESPACES = ["bronze", "Gold"]


class Coordinator:
    """https://trino.io/docs/current/develop/client-protocol.html"""

    def __init__(self, *pages: dict, busy: int = 0) -> None:
        self.pages, self.busy, self.called_off = pages, busy, []

    def __call__(self, request: Request) -> Answer:
        assert request.headers["x-trino-user"] == "floe-infra-check"
        if self.busy:
            self.busy -= 1
            return 503, b"busy"
        if request.method == "DELETE":
            self.called_off.append(request.path)
            return 204, b""
        number = 0 if request.path == "/v1/statement" else int(request.path.rpartition("/")[2])
        base = f"http://{request.headers['host']}/v1/statement/executing"
        following = {"nextUri": f"{base}/{number + 1}"} if number + 1 < len(self.pages) else {}
        return 200, {"id": "1", "stats": {"state": "RUNNING"}, **following, **self.pages[number]}


def failure(coordinator: Coordinator, timeout: float = 5) -> CheckError | TimeoutError:
    with answering(coordinator) as server, pytest.raises((CheckError, TimeoutError)) as failed:
        Trino(server.url, "iceberg", NAMESPACES).run(Here({}, timeout=timeout))
    return failed.value


def test_rows_come_in_pages():
    pages = [{}, {}, {"data": [["bronze"], ["information_schema"]]}, {"data": [["gold"]]}, {}]
    with answering(Coordinator(*pages, busy=2)) as server:
        said = Trino(server.url, 'ice"berg', NAMESPACES).run(Here({}))
    assert said == f'{server.url}: ice"berg has bronze, gold'
    assert server.requests[0].content == b'SHOW SCHEMAS FROM "ice""berg"'


def test_the_catalog_behind_it_does_not_answer():
    error = {"errorName": "ICEBERG_CATALOG_ERROR", "message": "Failed to list namespaces: Not authorized"}
    failed = failure(Coordinator({}, {"error": error}))
    assert failed.reason == "Trino says ICEBERG_CATALOG_ERROR: Failed to list namespaces: Not authorized"
    assert "what lies behind it is not" in failed.fix


def test_a_catalog_that_trino_does_not_have():
    error = {"errorName": "CATALOG_NOT_FOUND", "message": "line 1:1: Catalog 'iceberg' not found"}
    assert "started without this catalog" in failure(Coordinator({"error": error})).fix


def test_a_missing_namespace():
    failed = failure(Coordinator({"data": [["bronze"]]}))
    assert failed.reason == "gold missing; there are bronze"


def test_a_query_that_takes_too_long_is_called_off():
    coordinator = Coordinator(*[{}] * 1_000_000)
    failure(coordinator, timeout=0.3)
    assert len(coordinator.called_off) == 1


def test_trino_that_is_always_busy():
    assert "503 Service Unavailable: busy" in failure(Coordinator({}, busy=1000), timeout=1.2).reason


def test_trino_that_wants_a_login():
    with answering(always(401, b"")) as server, pytest.raises(CheckError, match="401") as failed:
        Trino(server.url, "iceberg", []).run(Here({}))
    assert "wants a login" in failed.value.fix


# BigQuery

TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29"}


def bigquery(complete: bool = True) -> Answer:
    def answer(request: Request) -> Answer:
        assert request.headers["authorization"] == "Bearer ya29"
        if request.path == "/bigquery/v2/projects/acme/queries":
            assert request.json["location"] == "europe-west4"
            assert request.json["query"] == "SELECT 1"
            return 200, {"jobComplete": complete, "rows": [{"f": [{"v": "1"}]}]}
        if request.path == "/bigquery/v2/projects/acme/datasets/marts":
            return 200, {"id": "acme:marts"}
        return 404, {"error": {"code": 404, "message": "Not found: Dataset acme:gone", "status": "NOT_FOUND"}}

    return answer


def test_bigquery_runs_a_query_and_has_the_dataset():
    with answering(bigquery()) as server:
        said = BigQuery("acme", "europe-west4", "marts", server.url).run(Here(TOKEN))
    assert said == "acme: a query in europe-west4; dataset marts is there"


def test_bigquery_without_the_dataset():
    with answering(bigquery()) as server, pytest.raises(CheckError, match="Not found: Dataset acme:gone") as failed:
        BigQuery("acme", "europe-west4", "gone", server.url).run(Here(TOKEN))
    assert failed.value.fix == "the dataset gone is missing: deploy again"


def test_bigquery_is_slow():
    with answering(bigquery(complete=False)) as server, pytest.raises(CheckError, match="not done within 3 s"):
        BigQuery("acme", "europe-west4", "marts", server.url).run(Here(TOKEN, timeout=3))


def test_bigquery_says_no():
    said = {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "lacks bigquery.jobs.create"}}
    with answering(always(403, said)) as server, pytest.raises(CheckError, match=r"bigquery\.jobs\.create") as failed:
        BigQuery("acme", "europe-west4", "marts", server.url).run(Here(TOKEN))
    assert "BigQuery Job User in acme" in failed.value.fix
