"""Checkov has nothing to say against any example or module, but for what tests/checkov_gate.py lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from checkov_gate import CHECKOV, SUPPRESSIONS, Report, idle, scan, unexplained
from floe_infra.config import load
from floe_infra.synthesis import synthesize

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHECKOV.exists(), reason="no Checkov: `make setup` installs it"),
]

ROOT = Path(__file__).parents[1]
EXAMPLES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]
_UNSAFE = "as-nobody-should"


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every stack of every example in a folder of its own, every module, and a bucket that anybody may read."""
    folder = tmp_path_factory.mktemp("scanned")
    for example in EXAMPLES:
        for stack in synthesize(load(example), tmp_path_factory.mktemp("out") / "cdktf.out", hcl=True):
            (folder / example.stem / stack.name).mkdir(parents=True)
            shutil.copy(stack.file, folder / example.stem / stack.name)
    # `lakehouse` is the others put together, each of which is looked at; of what it passes on Checkov knows no default.
    others = shutil.ignore_patterns(".terraform*", "lakehouse")
    shutil.copytree(ROOT / "terraform-modules", folder / "terraform-modules", ignore=others)
    (folder / _UNSAFE).mkdir()
    (folder / _UNSAFE / "cdk.tf").write_text('resource "aws_s3_bucket" "public" {\n  acl = "public-read"\n}\n')
    return folder


@pytest.fixture(scope="module")
def report(scanned: Path) -> Report:
    return scan(scanned)


def test_checkov_looks(report):
    assert "CKV_AWS_20" in {each.check for each in report.failed if each.stack == _UNSAFE}
    assert report.passed > 100 * len(EXAMPLES)


def test_every_failed_check_has_been_decided_on(report):
    assert [str(each) for each in unexplained(report.failed) if each.stack != _UNSAFE] == []


def test_no_decision_outlives_its_cause(report):
    assert idle(report.failed) == []


def test_decisions_are_few_and_have_reasons():
    assert len(SUPPRESSIONS) <= 10
    assert all(len(suppression.reason.split()) > 15 for suppression in SUPPRESSIONS)


def test_users_can_tell_checkov_the_same():
    given = YAML(typ="safe").load(ROOT / "docs" / "checkov.yaml")
    assert given["skip-check"] == [suppression.check for suppression in SUPPRESSIONS]
