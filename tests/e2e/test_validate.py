"""Every example against the real provider's schema. That HCL says what JSON says is tested in `tests/hcl`."""

from __future__ import annotations

import shutil

import pytest

from floe_infra.config import load
from floe_infra.runtime.terraform import Terraform
from floe_infra.synthesis import synthesize

from .conftest import ROOT, can_get

pytestmark = pytest.mark.slow

EXAMPLES = ["floe-infra.yaml", *sorted(f"examples/{path.name}" for path in (ROOT / "examples").glob("*.yaml"))]
IN_HCL_TOO = ["floe-infra.yaml", "examples/gcp-prod.yaml", "examples/local.yaml"]

PROVIDERS = {"aws": ["aws"], "gcp": ["google", "random"], "local": []}
"""Of the foundation, by cloud."""
PARTS = ["foundation", "services"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("example", "hcl"), [*((example, False) for example in EXAMPLES), *((example, True) for example in IN_HCL_TOO)]
)
def test_example_is_valid(example, hcl, part, tmp_path):
    config = load(ROOT / example)
    providers = PROVIDERS[config.cloud.provider] if part == "foundation" else ["helm", "kubernetes"]
    if not can_get(*providers):
        pytest.skip(f"no mirror with {', '.join(providers)}; set FLOE_INFRA_TEST_ONLINE=1 to download them")
    for stack in choose(synthesize(config, tmp_path / "cdktf.out", hcl=hcl), part):
        directory = tmp_path / stack.name  # alone, without the backend that only a cloud could initialise
        directory.mkdir()
        shutil.copy(stack.file, directory)
        override = directory / "override.tf.json"
        override.write_text('{"terraform": {"backend": {"local": {}}}}')
        terraform = Terraform(directory)
        terraform.init()
        assert not terraform.validate()


def choose(stacks, part):
    return [stack for stack in stacks if stack.name.endswith(part)]
