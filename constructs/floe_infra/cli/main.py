"""The command line: which commands there are, and what their failures become.

Exit codes: 0 done; 1 Terraform (or something else on the machine) failed; 2 the input was not fit, nothing was done.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import NoReturn

import typer

from floe_infra.cli import (
    bootstrap_state,
    check,
    demo,
    deploy,
    destroy,
    doctor,
    emulator,
    handoff,
    migrate,
    modules,
    network,
    plan,
    secrets,
    sizing,
    synth,
    validate,
)
from floe_infra.cli.output import errors, explain
from floe_infra.config.problems import ConfigError
from floe_infra.runtime.emulator import EmulatorMissingError
from floe_infra.runtime.providers import ProviderMirrorError
from floe_infra.runtime.terraform import TerraformError, TerraformInterruptedError, TerraformMissingError
from floe_infra.synthesis import OutputError

app = typer.Typer(
    name="floe-infra",
    help="Provision a lakehouse with Terraform, from one file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("validate")(validate.validate)
app.command("sizing")(sizing.sizing)
app.command("network")(network.network)
app.command("secrets")(secrets.secrets)
app.command("synth")(synth.synth)
app.command("plan")(plan.plan)
app.command("deploy")(deploy.deploy)
app.command("destroy")(destroy.destroy)
app.command("handoff")(handoff.handoff)
app.command("migrate")(migrate.migrate)
app.command("check")(check.check)
app.command("bootstrap-state")(bootstrap_state.bootstrap_state)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.command("emulator")(emulator.emulator)
app.command("modules")(modules.modules)


def run() -> NoReturn:
    """The console script. Text that the terminal's encoding lacks is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run())


def _run() -> int:
    try:
        app(standalone_mode=True)
    except ConfigError as error:
        errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 2
    except OutputError as error:
        errors.print(str(error), style="red", markup=False)
        return 2
    except TerraformInterruptedError as error:
        errors.print(f"{error}. Its state is written; the same command can be repeated.", markup=False)
        return 128 + error.signal_number
    except TerraformError as error:
        explain(error)
        return 1
    except (TerraformMissingError, EmulatorMissingError, ProviderMirrorError) as error:
        errors.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        errors.print(f"{error.filename}: {error.strerror}", style="red", markup=False)
        return 1
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    return 0
