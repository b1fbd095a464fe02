from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from floe_infra.modules import NAMES, load
from floe_infra.modules.files import files
from floe_infra.runtime.terraform import Terraform

from .conftest import HAS_AWS
from .plans import provider


@pytest.mark.parametrize("name", NAMES)
def test_the_construct_that_is_named_is_there(name):
    module, _, construct = load(name).construct.partition(":")
    assert isinstance(getattr(import_module(module), construct), type)


@pytest.mark.slow
@pytest.mark.skipif(not HAS_AWS, reason="no AWS provider")
def test_a_former_address_is_moved_and_nothing_is_made_anew(tmp_path, aws):
    former, now = "aws_glue_catalog_database.former", "aws_glue_catalog_database.database"
    made = files(replace(load("glue-catalog"), moved={former: now}))
    assert f"moved {{\n  from = {former}\n  to   = {now}\n}}\n" in made["moved.tf"]
    before = {path: text.replace('"database"', '"former"').replace(now, former) for path, text in made.items()}
    write({**before, "moved.tf": ""}, tmp_path)
    (tmp_path / "terraform.tfvars.json").write_text(json.dumps({"layers": {"gold": "s3://acme-lake"}}))
    (tmp_path / "provider.tf.json").write_text(json.dumps({"provider": {"aws": provider(aws)}}))
    terraform = Terraform(tmp_path, environment=aws.environment)
    terraform.init()
    terraform.apply()
    write(made, tmp_path)
    terraform.plan(tmp_path / "plan")
    plan = terraform.show_plan(tmp_path / "plan")
    assert plan.changes
    assert not plan.of("create", "update", "delete", "replace")


def write(made: dict[str, str], directory: Path) -> None:
    for path in ("main.tf", "variables.tf", "outputs.tf", "versions.tf", "moved.tf"):
        (directory / path).write_text(made[path])


@pytest.mark.parametrize(("name", "bindings"), [("glue-catalog", {"aws"}), ("nessie", {"helm", "kubernetes"})])
def test_bindings_that_a_module_has_no_use_for_are_not_loaded(name, bindings):
    code = (
        "import sys\n"
        "from floe_infra.runtime import fast_import\n"
        "fast_import.enable()\n"
        "from floe_infra.modules import load\n"
        "from floe_infra.modules.files import files\n"
        f"files(load({name!r}))\n"
        "print(*(name for name in sys.modules if name.startswith('cdktf_cdktf_provider_') and '.' not in name))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert {package.removeprefix("cdktf_cdktf_provider_") for package in said.split()} == bindings
