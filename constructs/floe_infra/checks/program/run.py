"""The checks of a platform: read from their document, and run all at once."""

from __future__ import annotations

import dataclasses
import json
import time
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .catalog import CatalogLogin, Glue, Namespaces
from .here import CheckError, Here, Memory, OnlyInClusterError
from .lineage import Lineage
from .postgresql import PostgreSql
from .query import BigQuery, Trino
from .storage import Bucket
from .telemetry import Otlp

KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (BigQuery, Bucket, CatalogLogin, Glue, Lineage, Namespaces, Otlp, PostgreSql, Trino)
}
_AT_ONCE = 16


class Kind(Protocol):
    """What every kind of check offers."""

    def run(self, here: Here) -> str:
        """What was found, when all is well. Raises CheckError when it is not."""


@dataclass(frozen=True)
class Check:
    """A check by its name, which begins with the section of the platform's configuration."""

    name: str
    what: Kind

    @property
    def section(self) -> str:
        return self.name.partition(" ")[0]


@dataclass(frozen=True)
class Result:
    """What came of a check.

    Attributes:
        seconds: that it took.
        detail: what was found, or went wrong.
        fix: what to do.
    """

    name: str
    state: Literal["passed", "failed", "skipped"]
    seconds: float
    detail: str
    fix: str = ""

    @property
    def line(self) -> str:
        """For people."""
        sign = {"passed": "✓", "failed": "✗", "skipped": "–"}[self.state]
        fix = f"\n  → {self.fix}" if self.fix else ""
        return f"{sign} {self.name:<20} {self.seconds * 1000:6.0f} ms  {self.detail}{fix}"


def read(text: str) -> list[Check]:
    """The checks in a document: under `checks`, each its name, its kind, and what that is told; see `spec`."""
    return [Check(each["name"], _read(KINDS[each["kind"]], each["what"])) for each in json.loads(text)["checks"]]


def sections(checks: Sequence[Check]) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(check.section for check in checks))


def run(
    checks: Sequence[Check],
    environment: Mapping[str, str],
    *,
    in_cluster: bool = False,
    timeout: float,
    only: Collection[str] = (),
) -> Iterator[Result]:
    """The results in the checks' order, each as soon as it and those before it are there.

    Args:
        environment: variables, secrets among them.
        in_cluster: whether this is a pod like Dagster's.
        timeout: seconds for each check.
        only: sections; all of them when none is named.
    """
    wanted = [check for check in checks if not only or check.section in only]

    memory = Memory()

    def one(check: Check) -> Result:
        return _run(check, Here(environment, in_cluster=in_cluster, timeout=timeout, memory=memory))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(one, wanted)


def succeeded(results: Sequence[Result]) -> bool:
    """Whether something was checked, and nothing failed."""
    states = {result.state for result in results}
    return "passed" in states and "failed" not in states


def _run(check: Check, here: Here) -> Result:
    start = time.monotonic()

    def result(state: Literal["passed", "failed", "skipped"], detail: str, fix: str = "") -> Result:
        return Result(check.name, state, time.monotonic() - start, here.printable(detail), here.printable(fix))

    try:
        return result("passed", check.what.run(here))
    except OnlyInClusterError:
        return result("skipped", "only the cluster's pods reach it")
    except CheckError as error:
        return result("failed", error.reason, error.fix)
    except TimeoutError:
        return result("failed", f"not done within {here.timeout:g} s", "try with a longer --timeout")
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        # What a server said was of another form than its protocol has it.
        return result("failed", f"not understood: {type(error).__name__}: {error}", "see what answers there")


def _read(kind: Any, value: Any) -> Any:
    """A value of this kind, from JSON."""
    inside: Callable[[Any], tuple[Any, ...]] = typing.get_args
    if isinstance(value, dict):
        known = next(each for each in (kind, *inside(kind)) if dataclasses.is_dataclass(each))
        kinds = typing.get_type_hints(known)
        return typing.cast(Any, known)(**{name: _read(kinds[name], each) for name, each in value.items()})
    if isinstance(value, list):
        return tuple(_read(inside(kind)[0], each) for each in value)
    return value
