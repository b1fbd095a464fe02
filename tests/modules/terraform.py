"""Terraform, as several tests of modules run it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from floe_infra.runtime.terraform import Terraform, find_program


def shown(directory: Path, *plan: str) -> dict[str, Any]:
    """A plan's file, or the state, as data."""
    show = [find_program(), "show", "-json", *plan]
    found: dict[str, Any] = json.loads(subprocess.run(show, cwd=directory, check=True, capture_output=True).stdout)
    return found


def passes_its_own_tests(directory: Path) -> None:
    """The module there is valid, and its tests find nothing."""
    terraform = Terraform(directory)
    terraform.init()
    assert not terraform.validate()
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(terraform.directory / ".terraform/floe-infra.tfrc")}
    test = [find_program(), "test", "-no-color"]
    answer = subprocess.run(test, cwd=terraform.directory, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout
