"""Runs Terraform or OpenTofu on a synthesized stack.

Every command speaks Terraform's machine-readable UI; what happens goes to a callback while it happens, and what went
wrong comes back as an exception with diagnostics. Nothing is ever asked at the terminal.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import IO, Any

from floe_infra.runtime.events import ConstructPaths, Diagnostic, Event, parse_diagnostic, parse_event
from floe_infra.runtime.plan import PlanSummary
from floe_infra.runtime.providers import cli_configuration

PROGRAM_VARIABLES = ("FLOE_INFRA_TERRAFORM", "TERRAFORM_BINARY_NAME")
"""Ours, then CDKTF's own."""
PROGRAMS = ("terraform", "tofu")

_ALWAYS = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NO_JSON = "flag provided but not defined: -json"
_OWN_MIRROR_WARNING = "Incomplete lock file information for providers"

OnEvent = Callable[[Event], None]


class TerraformMissingError(Exception):
    """No Terraform and no OpenTofu on this machine, or not the one that was asked for."""


class TerraformError(Exception):
    """Terraform failed. What it said is in `diagnostics`; errors first."""

    def __init__(self, command: str, exit_code: int, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.command = command
        self.exit_code = exit_code
        self.diagnostics = tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.severity != "error"))
        summaries = "; ".join(diagnostic.summary for diagnostic in self.errors) or f"exit code {exit_code}"
        super().__init__(f"terraform {command} failed: {summaries}")

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error")

    @property
    def protected(self) -> tuple[Diagnostic, ...]:
        """The resources that Terraform refused to destroy or replace because they hold data."""
        return tuple(diagnostic for diagnostic in self.errors if diagnostic.protects_data)

    @property
    def other_stack_missing(self) -> bool:
        """Whether it reads the state of a stack that was never deployed."""
        return any(diagnostic.summary == "Unable to find remote state" for diagnostic in self.errors)


class TerraformInterruptedError(Exception):
    """A signal asked Terraform to stop. It finished its step and wrote its state; the same command may be repeated."""

    def __init__(self, command: str, signal_number: int, exit_code: int) -> None:
        self.command = command
        self.signal_number = signal_number
        self.exit_code = exit_code
        super().__init__(f"terraform {command} was interrupted by {signal.Signals(signal_number).name}")


def find_program(environ: Mapping[str, str] | None = None) -> Path:
    """The Terraform or OpenTofu to use. Raises `TerraformMissingError`, which says where it was looked for."""
    environ = os.environ if environ is None else environ
    search = environ.get("PATH")
    for variable in PROGRAM_VARIABLES:
        if named := environ.get(variable):
            if found := shutil.which(named, path=search):
                return Path(found)
            raise TerraformMissingError(f"{variable} is {named!r}, but there is no such program.")
    for program in PROGRAMS:
        if found := shutil.which(program, path=search):
            return Path(found)
    raise TerraformMissingError(
        f"Neither {' nor '.join(PROGRAMS)} is on PATH. Install Terraform or OpenTofu, "
        f"or name the program in {PROGRAM_VARIABLES[0]}."
    )


def program_version(program: Path) -> str:
    """Product and version, as in `Terraform v1.11.4`."""
    answer = subprocess.run(
        [str(program), "version"], env={**os.environ, **_ALWAYS}, capture_output=True, text=True, check=True
    )
    return answer.stdout.partition("\n")[0].strip()


@dataclass(frozen=True)
class _Finished:
    exit_code: int
    lines: tuple[str, ...]
    """The last lines that were neither events nor part of an answer: what a crash leaves behind."""
    answer: str
    diagnostics: tuple[Diagnostic, ...]


class Terraform:
    """One stack's directory, and the commands on it.

    The commands raise `TerraformError` when Terraform fails, and `TerraformInterruptedError` after SIGINT or SIGTERM.
    Both signals go to Terraform, which then finishes the step under way; a second one makes it stop at once. Signals
    are looked after only in the main thread, since Python allows it nowhere else.
    """

    def __init__(
        self,
        directory: Path,
        *,
        program: Path | None = None,
        environment: Mapping[str, str] | None = None,
        on_event: OnEvent = lambda _: None,
    ) -> None:
        """`environment` is added to that of this process (for an emulator: its endpoint and credentials)."""
        self.directory = directory
        self.constructs = ConstructPaths(directory)
        self._on_event = on_event
        self._environment = {**os.environ, **(environment or {})}
        self._program = program or find_program(self._environment)
        self._environment.update(_ALWAYS)
        configuration = cli_configuration(directory / ".terraform", self._environment)
        if configuration:
            self._environment["TF_CLI_CONFIG_FILE"] = str(configuration.absolute())
        self._own_configuration = configuration is not None

    def init(self, *, upgrade: bool = False, reconfigure: bool = False, migrate: bool = False) -> None:
        """Install the providers and prepare the backend; `migrate` moves the state into a new one."""
        choices = {"-upgrade": upgrade, "-reconfigure": reconfigure, "-force-copy": migrate}
        options = [option for option, wanted in choices.items() if wanted]
        finished = self._run("init", "-json", *options, check=False)
        if finished.exit_code and any(_NO_JSON in line for line in finished.lines):  # before 1.9
            finished = self._run("init", "-no-color", *options, check=False)
        self._check("init", finished)

    def validate(self) -> tuple[Diagnostic, ...]:
        """Check the configuration against the providers' schemas. Returns the warnings, raises on errors."""
        finished = self._run("validate", "-json", stream=False, check=False)
        try:
            answer = json.loads(finished.answer)
        except ValueError:
            raise self._error("validate", finished) from None
        diagnostics = tuple(parse_diagnostic(record, self.constructs) for record in answer["diagnostics"])
        if not answer["valid"]:
            raise TerraformError("validate", finished.exit_code, diagnostics)
        return diagnostics

    def plan(self, out: Path, *, destroy: bool = False) -> bool:
        """Write a plan to `out`, and say whether it would change anything.

        When `prevent_destroy` makes it fail, the plan is written all the same, for `show_plan` to explain.
        """
        options = ["-destroy"] if destroy else []
        finished = self._run("plan", "-json", "-detailed-exitcode", f"-out={out.absolute()}", *options, check=False)
        if finished.exit_code not in (0, 2):
            raise self._error("plan", finished)
        return finished.exit_code == 2

    def show_plan(self, plan: Path) -> PlanSummary:
        """What a plan file would do."""
        finished = self._run("show", "-json", str(plan.absolute()), stream=False)
        return PlanSummary.from_json(json.loads(finished.answer), self.constructs)

    def apply(self, plan: Path | None = None) -> None:
        """Carry out a plan, or whatever a plan made now would say."""
        self._run("apply", "-json", *(["-auto-approve"] if plan is None else [str(plan.absolute())]))

    def destroy(self) -> None:
        """Take down everything in the state."""
        self._run("destroy", "-json", "-auto-approve")

    def holds_nothing(self) -> bool:
        """Whether the state has no resource."""
        return not json.loads(self._run("show", "-json", stream=False).answer).get("values", {}).get("root_module")

    def output(self) -> dict[str, Any]:
        """The values of the stack's outputs. Sensitive ones are among them; do not print them."""
        answer = json.loads(self._run("output", "-json", stream=False).answer)
        return {name: output["value"] for name, output in answer.items()}

    def _run(self, command: str, *options: str, stream: bool = True, check: bool = True) -> _Finished:
        """Run one command to its end, with events to the callback (`stream`) or the answer in the result."""
        with _Signals() as signals:
            process = self._start(command, *options)
            with _ending(process):
                signals.forward_to(process)
                finished = self._read(process, stream)
        if signals.received:
            raise TerraformInterruptedError(command, signals.received[0], finished.exit_code)
        if check:
            self._check(command, finished)
        return finished

    def _start(self, command: str, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._program, command, *options],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a terminal's Ctrl-C must reach Terraform once, and its providers not at all
        )

    def _read(self, process: subprocess.Popen[str], stream: bool) -> _Finished:
        assert process.stdout is not None
        assert process.stderr is not None
        lines: deque[str] = deque(maxlen=200)
        collector = threading.Thread(target=_collect, args=(process.stderr, lines), daemon=True)
        collector.start()
        events: list[Event] = []
        answer = ""
        if stream:
            for event in self._events(process.stdout):
                events.append(event)
                self._on_event(event)
        else:
            answer = process.stdout.read()
        exit_code = process.wait()
        collector.join()
        lines.extend(event.message for event in events if event.kind == "text")
        return _Finished(exit_code, tuple(lines), answer, _diagnostics(events))

    def _events(self, stdout: IO[str]) -> Iterator[Event]:
        for line in stdout:
            if not line.strip():
                continue
            event = parse_event(line.rstrip("\n"), self.constructs)
            if event.diagnostic and self._own_configuration and event.diagnostic.summary == _OWN_MIRROR_WARNING:
                continue  # says that the lock file is for this platform only, which our own mirror brings about
            yield event

    def _check(self, command: str, finished: _Finished) -> None:
        if finished.exit_code:
            raise self._error(command, finished)

    def _error(self, command: str, finished: _Finished) -> TerraformError:
        """Without a diagnostic (a crash, a wrong option), the last lines are all there is to say."""
        diagnostics = finished.diagnostics
        if not any(diagnostic.severity == "error" for diagnostic in diagnostics):
            detail = "\n".join(finished.lines).strip()
            summary = f"terraform {command} ended with exit code {finished.exit_code}"
            diagnostics += (Diagnostic("error", summary, detail),)
        return TerraformError(command, finished.exit_code, diagnostics)


class _Signals:
    """Takes SIGINT and SIGTERM for as long as Terraform runs, and passes every one on."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self._process: subprocess.Popen[str] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def forward_to(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        if self.received:  # while it was starting
            process.send_signal(self.received[0])

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received.append(number)
        if self._process:
            self._process.send_signal(number)


@contextmanager
def _ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Never leave a Terraform behind: when reading fails (the callback raised), ask it to stop, and wait."""
    try:
        yield
    except BaseException:
        process.send_signal(signal.SIGINT)
        if process.stdout:
            process.stdout.read()  # a full pipe would keep it from ending
        process.wait()
        raise


def _diagnostics(events: Iterable[Event]) -> tuple[Diagnostic, ...]:
    """The diagnostics, each with its address if that can be known.

    An error of a destroy points to no configuration, and so to no address; but the resource itself was reported as
    failed just before. With one of each, they belong together.
    """
    events = list(events)
    diagnostics = [event.diagnostic for event in events if event.diagnostic]
    named = {diagnostic.address for diagnostic in diagnostics}
    failed = [event for event in events if event.kind == "apply_errored" and event.address not in named]
    nameless = [d for d in diagnostics if d.severity == "error" and d.address is None]
    if len(failed) == len(nameless) == 1:
        place = diagnostics.index(nameless[0])
        diagnostics[place] = replace(nameless[0], address=failed[0].address, construct=failed[0].construct)
    return tuple(diagnostics)


def _collect(stream: IO[str], lines: deque[str]) -> None:
    lines.extend(line.rstrip("\n") for line in stream)
