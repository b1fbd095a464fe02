"""`from floe_infra import …`: all of it, and lazily."""

from __future__ import annotations

import subprocess
import sys

import pytest

import floe_infra


def test_every_public_name_has_a_home():
    assert {*floe_infra._HOME, "__version__"} == set(floe_infra.__all__)
    for name in floe_infra.__all__:
        assert getattr(floe_infra, name)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'S4Storage'"):
        floe_infra.S4Storage  # noqa: B018


def test_reading_a_file_loads_neither_cdktf_nor_jsii(tmp_path):
    program = "import sys, floe_infra; floe_infra.load; print({'cdktf', 'jsii', 'constructs'} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
