"""The command `floe-infra`, one file for each of its commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

from floe_infra.glance import bindings
from floe_infra.runtime import fast_import

_SYNTHESIZING = {"synth", "plan", "deploy", "destroy", "migrate", "modules"}


def run() -> NoReturn:
    """The console script. Node starts first, for commands that need it: everything else is imported meanwhile."""
    command, *arguments = sys.argv[1:] or [""]
    if command in _SYNTHESIZING and "--help" not in arguments:
        fast_import.enable(*bindings(_config_file(arguments)))
    from floe_infra.cli import main

    main.run()


def _config_file(arguments: Sequence[str]) -> str:
    for option, value in pairwise(arguments):
        if option in ("-c", "--config"):
            return value
    return os.environ.get("FLOE_INFRA_CONFIG", "floe-infra.yaml")
