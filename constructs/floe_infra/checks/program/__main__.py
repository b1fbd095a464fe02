"""`python -m floe_checks CHECKS.json [--json] [--timeout SECONDS] [--only SECTION]...`, in a pod like Dagster's.

Prints a line for each check. Exit status: 0 when all is well, 1 when something is not.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .run import read, run, succeeded


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run with the command's arguments and environment; returns its exit status."""
    parser = argparse.ArgumentParser(prog="floe_checks")
    parser.add_argument("checks", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--timeout", type=float, default=15)
    parser.add_argument("--only", action="append", default=[])
    told = parser.parse_args(arguments)
    checks = read(told.checks.read_text(encoding="utf-8"))
    results = []
    for result in run(checks, environment, in_cluster=True, timeout=told.timeout, only=told.only):
        results.append(result)
        if not told.json:
            print(result.line, flush=True)
    if told.json:
        print(json.dumps([dataclasses.asdict(result) for result in results], indent=2))
    return 0 if succeeded(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
