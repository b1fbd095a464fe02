"""The committed modules: as generated, formatted, valid, tested by their own tests, and deployed by their examples."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from floe_infra.cli.main import app
from floe_infra.modules import NAMES, load
from floe_infra.modules.composition import Composition
from floe_infra.modules.files import files
from floe_infra.runtime.terraform import Terraform, find_program

from . import stand_ins
from .conftest import HAS_AWS, MODULES
from .plans import provider
from .terraform import passes_its_own_tests

COMPOSED = [name for name in NAMES if isinstance(load(name), Composition)]
"""These have tests of their own."""
IN_CLUSTER = [name for name in NAMES if "helm" in load(name).providers and name not in COMPOSED]
IN_CLOUD = [name for name in NAMES if name not in IN_CLUSTER and name not in COMPOSED]
needs_aws = pytest.mark.skipif(not HAS_AWS, reason="no AWS provider")

SEED = """
module "s3_bucket" {
  source      = "./terraform-modules/s3"
  bucket_name = "my-iceberg-warehouse"
}

module "vpc" {
  source = "./terraform-modules/vpc"
}

module "rds" {
  source         = "./terraform-modules/rds"
  instance_class = "db.t3.medium"
  database_name  = "dagster"
  vpc_id         = module.vpc.vpc_id
  subnet_ids     = module.vpc.private_subnet_ids
}

module "eks" {
  source       = "./terraform-modules/eks"
  cluster_name = "floe-runtime"
  vpc_id       = module.vpc.vpc_id
  subnet_ids   = module.vpc.private_subnet_ids
  node_groups = {
    workers = {
      instance_types = ["m5.xlarge"]
      min_size       = 2
      max_size       = 10
    }
  }
}
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_is_what_is_generated(name):
    directory = MODULES / name
    made = files(load(name))
    assert {path: (directory / path).read_text() for path in made} == made


def test_every_module_is_committed():
    assert sorted(path.name for path in MODULES.iterdir()) == sorted(NAMES)


def test_formatted():
    subprocess.run([find_program(), "fmt", "-check", "-recursive", MODULES], check=True, capture_output=True)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(MODULES, tmp_path / "terraform-modules", ignore=shutil.ignore_patterns(".terraform*"))
    return tmp_path


@pytest.mark.slow
@needs_aws
@pytest.mark.parametrize("name", IN_CLOUD)
def test_the_modules_own_tests(name, copied):
    passes_its_own_tests(copied / "terraform-modules" / name)


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_CLUSTER)
def test_the_modules_own_tests_without_providers(name, tmp_path):
    stand_ins.copied(name, tmp_path / name)
    passes_its_own_tests(tmp_path / name)


@pytest.mark.slow
@needs_aws
def test_the_seeds_snippets(copied):
    (copied / "main.tf").write_text(SEED)
    terraform = Terraform(copied)
    terraform.init()
    assert not terraform.validate()


def snippet(name: str) -> str:
    """A module's use, as its README shows it."""
    [hcl] = re.findall(r"^```hcl\n(.*?)^```$", (MODULES / name / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return str(hcl)


@pytest.mark.slow
@needs_aws
def test_the_readmes_snippets_are_planned(copied, aws):
    (copied / "main.tf").write_text("\n".join(map(snippet, IN_CLOUD)))
    (copied / "override.tf.json").write_text(json.dumps({"provider": {"aws": provider(aws)}}))
    terraform = Terraform(copied, environment=aws.environment)
    terraform.init()
    terraform.plan(copied / "plan")


@pytest.mark.slow
@needs_aws
def test_a_provider_of_the_teams_own(copied):
    (copied / "main.tf").write_text(
        """
provider "aws" {
  alias  = "frankfurt"
  region = "eu-central-1"
}

module "s3" {
  source    = "./terraform-modules/s3"
  providers = { aws = aws.frankfurt }

  bucket_name = "acme-lake"
}
"""
    )
    terraform = Terraform(copied)
    terraform.init()
    assert not terraform.validate()


@pytest.mark.slow
def test_the_readmes_snippets_are_planned_without_providers(tmp_path):
    for name in IN_CLUSTER:
        stand_ins.copied(name, tmp_path / "terraform-modules" / name)
    (tmp_path / "main.tf").write_text("\n".join(map(snippet, IN_CLUSTER)))
    terraform = Terraform(tmp_path)
    terraform.init()
    terraform.plan(tmp_path / "plan")


@pytest.mark.slow
@needs_aws
@pytest.mark.parametrize("name", IN_CLOUD)
def test_the_complete_example_is_deployed(name, copied, aws):
    example = copied / "terraform-modules" / name / "examples" / "complete"
    (example / "override.tf.json").write_text(json.dumps({"provider": {"aws": provider(aws)}}))
    terraform = Terraform(example, environment=aws.environment)
    terraform.init()
    aws.reset()
    terraform.apply()
    assert all(terraform.output().values())


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_CLUSTER)
def test_the_complete_example_is_planned_without_providers(name, tmp_path):
    for each in IN_CLUSTER:
        stand_ins.copied(each, tmp_path / each)
    terraform = Terraform(stand_ins.example(name, tmp_path / name))
    terraform.init()
    terraform.apply()
    assert all(terraform.output().values())


def modules(*arguments: Any) -> int:
    return CliRunner().invoke(app, ["modules", *map(str, arguments)]).exit_code


def test_check(tmp_path):
    assert modules("glue-catalog", "-o", tmp_path, "--check") == 1
    assert not list(tmp_path.iterdir())
    assert modules("glue-catalog", "-o", tmp_path) == 0
    assert modules("glue-catalog", "-o", tmp_path, "--check") == 0
    main = tmp_path / "glue-catalog" / "main.tf"
    assert main.read_text() == (MODULES / "glue-catalog" / "main.tf").read_text()
    main.write_text("# changed by hand\n")
    left = tmp_path / "glue-catalog" / "old.tf"
    left.write_text("# of a former version\n")
    assert modules("glue-catalog", "-o", tmp_path, "--check") == 1
    assert modules("glue-catalog", "-o", tmp_path) == 0
    assert not left.exists()
    assert modules("glue-catalog", "-o", tmp_path, "--check") == 0


def test_no_such_module(tmp_path):
    assert modules("s4", "-o", tmp_path) == 2
