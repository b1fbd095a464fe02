"""Every example in both formats against the real provider's schema."""

from __future__ import annotations

import shutil

import pytest

from floe_infra.config import load
from floe_infra.runtime.terraform import Terraform
from floe_infra.synthesis import synthesize

from .conftest import ROOT, needs_aws_provider

pytestmark = [pytest.mark.slow, needs_aws_provider]

EXAMPLES = ["floe-infra.yaml", *sorted(f"examples/{path.name}" for path in (ROOT / "examples").glob("*.yaml"))]


@pytest.mark.parametrize("hcl", [False, True], ids=["json", "hcl"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_valid(example, hcl, tmp_path):
    for stack in synthesize(load(ROOT / example), tmp_path / "cdktf.out", hcl=hcl):
        directory = tmp_path / stack.name  # alone, without the backend that only a cloud could initialise
        directory.mkdir()
        shutil.copy(stack.file, directory)
        override = directory / "override.tf.json"
        override.write_text('{"terraform": {"backend": {"local": {}}}}')
        terraform = Terraform(directory)
        terraform.init()
        warnings = {warning.summary for warning in terraform.validate()}
        assert warnings <= ({"Quoted references are deprecated"} if hcl else set())  # CDKTF's writer quotes them
