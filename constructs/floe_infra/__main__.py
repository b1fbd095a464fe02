"""`python -m floe_infra` is `floe-infra`."""

from floe_infra.cli import run

run()
