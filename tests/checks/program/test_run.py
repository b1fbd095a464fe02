"""Checks from their document to their results."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from checks.documents import document
from checks.servers import always, answering, free_port
from floe_infra.checks.program.catalog import Catalog, CatalogLogin, Namespaces
from floe_infra.checks.program.credentials import Entry, Secret
from floe_infra.checks.program.here import CheckError, Here, OnlyInClusterError
from floe_infra.checks.program.lineage import Lineage
from floe_infra.checks.program.postgresql import Login, PostgreSql
from floe_infra.checks.program.run import KINDS, Check, Result, read, run, sections, succeeded
from floe_infra.checks.program.storage import Bucket

SECRET = Secret((Entry("password", "PW", "postgresql-password"),), "postgresql", "aws", "acme/database", "eu-west-1")
CATALOG = Catalog("http://polaris:8181/api/catalog", "lake", SECRET, "PRINCIPAL_ROLE:x")


@dataclass
class Fake:
    """Does as it is told."""

    outcome: str | Exception = "fine"
    seconds: float = 0

    def run(self, here: Here) -> str:
        time.sleep(self.seconds)
        here.secret("hunter2")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def results(*outcomes: str | Exception, **more: object) -> list[Result]:
    checks = [Check(f"part {number}", Fake(outcome)) for number, outcome in enumerate(outcomes)]
    return list(run(checks, {}, timeout=5, **more))


@pytest.mark.parametrize(
    "what",
    [
        Bucket("s3://lake", "gold/", "eu-west-1", path_style=True, lender=CATALOG, namespace="gold"),
        CatalogLogin(CATALOG),
        Namespaces(Catalog("http://nessie:19120/iceberg", "warehouse"), ("bronze", "gold")),
        PostgreSql("db", 5432, "require", Login("postgres", SECRET), Login("dagster", SECRET, "dagster")),
    ],
    ids=lambda what: type(what).__name__,
)
def test_a_document_says_all_that_a_check_is(what):
    assert read(document([Check("a check", what)])) == [Check("a check", what)]


def test_every_kind_can_be_written_and_read():
    assert set(KINDS) == {
        "BigQuery", "Bucket", "CatalogLogin", "Glue", "Lineage", "Namespaces", "Otlp", "PostgreSql", "Trino",
    }  # fmt: skip


def test_what_comes_of_each():
    passed, failed, skipped, odd, late = results(
        "found by\n hunter2",
        CheckError("says hunter2", "log in"),
        OnlyInClusterError(),
        KeyError("token"),
        TimeoutError(),
    )
    assert (passed.state, passed.detail) == ("passed", "found by ***")
    assert (failed.state, failed.detail, failed.fix) == ("failed", "says ***", "log in")
    assert (skipped.state, skipped.fix) == ("skipped", "")
    assert (odd.state, odd.detail) == ("failed", "not understood: KeyError: 'token'")
    assert (late.detail, late.fix) == ("not done within 5 s", "try with a longer --timeout")


def test_lines_for_people():
    assert Result("storage gold", "passed", 0.0314, "fine").line == "✓ storage gold             31 ms  fine"
    assert Result("database", "failed", 2, "db: refused", "see").line.endswith("2000 ms  db: refused\n  → see")


def test_all_at_once_and_in_order():
    checks = [Check(f"part {number}", Fake(seconds=0.3 - number / 10)) for number in range(4)]
    start = time.monotonic()
    found = list(run(checks, {}, timeout=5))
    assert time.monotonic() - start < 0.5
    assert [result.name for result in found] == ["part 0", "part 1", "part 2", "part 3"]
    assert 0.3 <= found[0].seconds < 0.5


def test_what_one_has_asked_the_others_know():
    asked = []

    @dataclass
    class Asking:
        def run(self, here: Here) -> str:
            return str(here.memory.get("aws", lambda: asked.append("once") or time.sleep(0.05) or "answer"))

    found = run([Check(f"part {number}", Asking()) for number in range(8)], {}, timeout=5)
    assert {result.detail for result in found} == {"answer"}
    assert asked == ["once"]


def test_only_some():
    checks = [Check("storage gold", Fake()), Check("storage silver", Fake()), Check("database", Fake())]
    assert sections(checks) == ["storage", "database"]
    assert [result.name for result in run(checks, {}, timeout=5, only=["storage"])] == [
        "storage gold",
        "storage silver",
    ]


def test_when_all_is_well():
    assert succeeded(results("fine", "fine"))
    assert succeeded(results("fine", OnlyInClusterError()))
    assert not succeeded(results("fine", CheckError("no")))
    assert not succeeded(results(OnlyInClusterError()))
    assert not succeeded([])


def test_real_ones():
    """One of a service that answers, and one of a service that does not."""
    with answering(always(201, b"")) as server:
        gone = f"http://127.0.0.1:{free_port()}/api/v1/lineage"
        checks = [Check("lineage", Lineage(server.url, "acme")), Check("lineage other", Lineage(gone, "acme"))]
        first, second = run(checks, {}, timeout=5)
    assert first.state == "passed"
    assert (second.state, second.detail) == ("failed", f"{gone.removeprefix('http://').partition('/')[0]}: refused")
