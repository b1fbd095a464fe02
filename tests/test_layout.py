"""What the folders promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_source_root_is_no_package():
    """`constructs/__init__.py` would shadow PyPI's `constructs`."""
    assert not (ROOT / "constructs" / "__init__.py").exists()


@pytest.mark.parametrize(
    "app", [ROOT / "apps/platform.py", *sorted((ROOT / "examples").glob("*.py"))], ids=lambda path: path.stem
)
def test_apps_run(app, tmp_path):
    (tmp_path / "floe-infra.yaml").write_bytes((ROOT / "examples/local.yaml").read_bytes())
    subprocess.run([sys.executable, ROOT / app], cwd=tmp_path, check=True, capture_output=True)
    assert list(tmp_path.glob("cdktf.out/stacks/*/cdk.tf.json"))


def test_public_names_exist():
    import floe_infra

    for name in floe_infra.__all__:
        assert getattr(floe_infra, name) is not None
