"""`floe-infra emulator`"""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from floe_infra.cli.output import results
from floe_infra.runtime.emulator import Emulator


def emulator(port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 4566) -> None:
    """Run the AWS emulator until Ctrl-C. Everything in it is gone then."""
    with Emulator(port=port) as aws:
        for name, value in aws.environment.items():
            results.print(f"export {name}={value}", markup=False)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return
