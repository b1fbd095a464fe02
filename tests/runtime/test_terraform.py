"""The runner against a scripted Terraform, for what goes wrong, and against the real one, for what it really says.

The real one needs no provider from anywhere: `terraform_data` is built in.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from floe_infra.runtime.events import Event
from floe_infra.runtime.terraform import (
    Terraform,
    TerraformError,
    TerraformInterruptedError,
    TerraformMissingError,
    find_program,
    program_version,
)

Scripted = Callable[..., Terraform]


def event(kind: str, message: str = "", **members: Any) -> str:
    return json.dumps({"type": kind, "@message": message, "@level": "info", **members})


def diagnostic(summary: str, severity: str = "error", **members: Any) -> str:
    return event("diagnostic", diagnostic={"severity": severity, "summary": summary, "detail": "", **members})


def program(path: Path, body: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport json, os, signal, sys, time\n{body}")
    path.chmod(0o755)
    return path


def stack(directory: Path, resource: dict[str, Any]) -> Path:
    """A stack as CDKTF synthesizes it: every resource with a note of its construct."""
    directory.mkdir(exist_ok=True)
    noted = {
        kind: {
            name: {"//": {"metadata": {"path": f"stack/{name}", "uniqueId": name}}, **block}
            for name, block in blocks.items()
        }
        for kind, blocks in resource.items()
    }
    backend = {"backend": {"local": {"path": "terraform.tfstate"}}}
    synthesized = {"terraform": backend, "resource": noted}
    (directory / "cdk.tf.json").write_text(json.dumps(synthesized))
    return directory


@pytest.fixture
def scripted(tmp_path: Path) -> Scripted:
    """`scripted("python code")` is a Terraform whose every command is that code."""

    def make(body: str, **options: Any) -> Terraform:
        directory = stack(tmp_path / "stack", {"aws_s3_bucket": {"bronze": {}}, "aws_kms_key": {"key": {}}})
        return Terraform(directory, program=program(tmp_path / "terraform", body), **options)

    return make


def printing(*lines: str, exit_code: int = 0) -> str:
    return "".join(f"print({line!r}, flush=True)\n" for line in lines) + f"sys.exit({exit_code})\n"


class TestFindingTheProgram:
    @pytest.fixture
    def path(self, tmp_path: Path) -> dict[str, str]:
        program(tmp_path / "terraform", "")
        program(tmp_path / "tofu", "")
        return {"PATH": str(tmp_path)}

    def test_terraform_before_opentofu(self, tmp_path: Path, path: dict[str, str]) -> None:
        assert find_program(path) == tmp_path / "terraform"
        (tmp_path / "terraform").unlink()
        assert find_program(path) == tmp_path / "tofu"

    def test_ours_before_cdktfs_variable_before_the_path(self, tmp_path: Path, path: dict[str, str]) -> None:
        path["TERRAFORM_BINARY_NAME"] = "tofu"
        assert find_program(path) == tmp_path / "tofu"
        path["FLOE_INFRA_TERRAFORM"] = str(tmp_path / "terraform")
        assert find_program(path) == tmp_path / "terraform"

    def test_nothing_there_says_what_to_install_and_which_variable_helps(self) -> None:
        with pytest.raises(TerraformMissingError, match=r"terraform nor tofu.*FLOE_INFRA_TERRAFORM"):
            find_program({"PATH": ""})

    def test_a_named_program_that_is_missing_is_not_replaced(self, path: dict[str, str]) -> None:
        with pytest.raises(TerraformMissingError, match="FLOE_INFRA_TERRAFORM is 'terraform-9'"):
            find_program({**path, "FLOE_INFRA_TERRAFORM": "terraform-9"})


class TestWhatItSays:
    def test_events_arrive_while_it_runs_with_their_construct(self, scripted: Scripted) -> None:
        events: list[Event] = []
        hook = {"resource": {"addr": "aws_s3_bucket.bronze[0]"}, "action": "create", "elapsed_seconds": 2}
        lines = [event("apply_complete", "done", hook=hook), "plain text", ""]
        scripted(printing(*lines), on_event=events.append).apply()
        assert events == [
            Event("apply_complete", "done", "aws_s3_bucket.bronze[0]", "stack/bronze", "create", 2),
            Event("text", "plain text"),
        ]

    @pytest.mark.parametrize(
        "place",
        [
            {"address": "aws_s3_bucket.bronze"},
            {"snippet": {"context": "resource.aws_s3_bucket.bronze"}},
            {"detail": "Resource aws_s3_bucket.bronze has lifecycle.prevent_destroy set, but …"},
        ],
    )
    def test_errors_name_the_construct(self, scripted: Scripted, place: dict[str, Any]) -> None:
        with pytest.raises(TerraformError, match="terraform apply failed: BucketAlreadyExists") as raised:
            scripted(printing(diagnostic("BucketAlreadyExists", **place), exit_code=1)).apply()
        (error,) = raised.value.errors
        assert (error.address, error.construct) == ("aws_s3_bucket.bronze", "stack/bronze")

    @pytest.mark.parametrize("context", ["provider.aws", "resource.aws_s3_bucket", 'resource "aws_vpc" "a"', None])
    def test_what_is_no_resource_has_no_address(self, scripted: Scripted, context: str | None) -> None:
        with pytest.raises(TerraformError) as raised:
            scripted(printing(diagnostic("x", snippet={"context": context}), exit_code=1)).apply()
        assert raised.value.errors[0].address is None

    def test_an_error_of_a_destroy_is_that_of_the_resource_that_failed(self, scripted: Scripted) -> None:
        failed = event("apply_errored", hook={"resource": {"addr": "aws_s3_bucket.bronze"}, "action": "delete"})
        with pytest.raises(TerraformError) as raised:
            scripted(printing(failed, diagnostic("BucketNotEmpty"), exit_code=1)).destroy()
        assert raised.value.errors[0].construct == "stack/bronze"
        with pytest.raises(TerraformError) as raised:
            scripted(printing(failed, diagnostic("this"), diagnostic("or that"), exit_code=1)).destroy()
        assert {found.construct for found in raised.value.errors} == {None}

    def test_errors_come_before_warnings(self, scripted: Scripted) -> None:
        lines = [diagnostic("old", "warning"), diagnostic("broken")]
        with pytest.raises(TerraformError) as raised:
            scripted(printing(*lines, exit_code=1)).apply()
        assert [found.summary for found in raised.value.diagnostics] == ["broken", "old"]

    def test_refused_losses_are_told_apart(self, scripted: Scripted) -> None:
        refused = diagnostic(
            "Instance cannot be destroyed", detail="Resource aws_kms_key.key has lifecycle.prevent_destroy set, but …"
        )
        with pytest.raises(TerraformError) as raised:
            scripted(printing(diagnostic("other"), refused, exit_code=1)).destroy()
        assert [found.construct for found in raised.value.protected] == ["stack/key"]

    def test_a_crash_says_its_last_lines(self, scripted: Scripted) -> None:
        with pytest.raises(TerraformError) as raised:
            scripted("print('panic: oh no', file=sys.stderr); sys.exit(11)").apply()
        (error,) = raised.value.errors
        assert (error.summary, error.detail) == ("terraform apply ended with exit code 11", "panic: oh no")

    def test_a_terraform_whose_init_speaks_no_json(self, scripted: Scripted) -> None:
        events: list[Event] = []
        refuse = "if '-json' in sys.argv: print('flag provided but not defined: -json', file=sys.stderr); sys.exit(1)\n"
        scripted(refuse + printing("Initialized!"), on_event=events.append).init()
        assert [found.message for found in events] == ["Initialized!"]


class TestItsEnvironment:
    def test_it_never_asks_nor_phones_home(self, scripted: Scripted, tmp_path: Path) -> None:
        seen = tmp_path / "seen.json"
        terraform = scripted(
            f"json.dump(dict(os.environ), open({str(seen)!r}, 'w'))", environment={"AWS_ENDPOINT_URL": "http://aws"}
        )
        terraform.apply()
        environ = json.loads(seen.read_text())
        expected = {"CHECKPOINT_DISABLE": "1", "TF_INPUT": "0", "TF_IN_AUTOMATION": "1"}
        assert {**expected, "AWS_ENDPOINT_URL": "http://aws"}.items() <= environ.items()

    def test_it_gets_the_providers_of_the_machine(
        self, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from floe_infra.runtime import providers

        root = tmp_path / "mirror"
        (root / "registry.example.com/hashicorp/aws/5.100.0" / providers._platform()).mkdir(parents=True)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "missing"))
        monkeypatch.setenv("FLOE_INFRA_PROVIDER_MIRROR", str(root))
        seen = tmp_path / "seen"
        warning = diagnostic("Incomplete lock file information for providers", "warning")
        events: list[Event] = []
        terraform = scripted(
            f"open({str(seen)!r}, 'w').write(os.environ['TF_CLI_CONFIG_FILE'])\n" + printing(warning),
            on_event=events.append,
        )
        terraform.init()
        assert str(root) in Path(seen.read_text()).read_text()
        assert events == []


STEP = """
def stop(number, _):
    received.append(number)
    print(json.dumps({"type": "log", "@message": "stopping"}), flush=True)
received = []
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print(json.dumps({"type": "apply_start", "@message": "started"}), flush=True)
until = time.monotonic() + 10
while len(received) < WANTED and time.monotonic() < until:
    time.sleep(0.01)
open("signals", "w").write(json.dumps([received, os.getsid(0) == os.getpid()]))
sys.exit(1)
"""


class TestInterruption:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_lets_it_finish_its_step(self, scripted: Scripted, number: signal.Signals) -> None:
        def interrupt(found: Event) -> None:
            if found.kind == "apply_start":
                os.kill(os.getpid(), number)

        terraform = scripted(STEP.replace("WANTED", "1"), on_event=interrupt)
        handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        with pytest.raises(TerraformInterruptedError, match=f"apply was interrupted by {number.name}") as raised:
            terraform.apply()
        assert raised.value.exit_code == 1
        assert json.loads((terraform.directory / "signals").read_text()) == [[number], True]
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers

    def test_a_second_signal_is_passed_on_too(self, scripted: Scripted) -> None:
        events: list[str] = []

        def interrupt(found: Event) -> None:
            events.append(found.message)
            if events in (["started"], ["started", "stopping"]):
                os.kill(os.getpid(), signal.SIGINT)

        terraform = scripted(STEP.replace("WANTED", "2"), on_event=interrupt)
        with pytest.raises(TerraformInterruptedError):
            terraform.apply()
        assert json.loads((terraform.directory / "signals").read_text())[0] == [signal.SIGINT] * 2

    def test_a_failing_callback_leaves_no_terraform_behind(self, scripted: Scripted) -> None:
        def fail(found: Event) -> None:
            raise BrokenPipeError

        terraform = scripted(STEP.replace("WANTED", "1"), on_event=fail)
        with pytest.raises(BrokenPipeError):
            terraform.apply()
        assert json.loads((terraform.directory / "signals").read_text())[0] == [signal.SIGINT]

    def test_it_also_runs_outside_of_the_main_thread(self, scripted: Scripted) -> None:
        events: list[Event] = []
        terraform = scripted(printing(event("log", "hello")), on_event=events.append)
        worker = threading.Thread(target=terraform.apply)
        worker.start()
        worker.join()
        assert [found.message for found in events] == ["hello"]


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("terraform") or shutil.which("tofu")), reason="needs Terraform or OpenTofu")
class TestTheRealOne:
    def test_a_whole_life(self, tmp_path: Path) -> None:
        events: list[Event] = []
        directory = stack(tmp_path / "stack", {"terraform_data": {"bronze": {"input": "a"}}})
        terraform = Terraform(directory, on_event=events.append)
        plan = tmp_path / "plan"

        terraform.init()
        assert terraform.validate() == ()
        assert terraform.plan(plan)
        (change,) = terraform.show_plan(plan).adds
        assert (change.address, change.construct) == ("terraform_data.bronze", "stack/bronze")
        terraform.apply(plan)
        assert "stack/bronze" in {found.construct for found in events if found.kind == "apply_complete"}

        assert not terraform.plan(plan)
        assert terraform.show_plan(plan).empty
        assert terraform.output() == {}
        terraform.destroy()
        assert json.loads((directory / "terraform.tfstate").read_text())["resources"] == []

    def test_validation_errors_name_the_construct(self, tmp_path: Path) -> None:
        terraform = Terraform(stack(tmp_path / "stack", {"terraform_data": {"bronze": {"nonsense": 1}}}))
        terraform.init()
        with pytest.raises(TerraformError) as raised:
            terraform.validate()
        (error,) = raised.value.errors
        assert "nonsense" in error.detail
        assert error.construct == "stack/bronze"

    def test_protected_resources_are_recognized_and_the_plan_explains_why(self, tmp_path: Path) -> None:
        kept = {"lifecycle": {"prevent_destroy": True}}
        directory = stack(tmp_path / "stack", {"terraform_data": {"key": {"triggers_replace": "a", **kept}}})
        terraform = Terraform(directory)
        terraform.init()
        terraform.apply()
        with pytest.raises(TerraformError) as raised:
            terraform.destroy()
        assert [found.construct for found in raised.value.protected] == ["stack/key"]

        stack(directory, {"terraform_data": {"key": {"triggers_replace": "b", **kept}}})
        with pytest.raises(TerraformError) as raised:
            terraform.plan(tmp_path / "plan")
        assert [found.construct for found in raised.value.protected] == ["stack/key"]
        (change,) = terraform.show_plan(tmp_path / "plan").replacements
        assert change.replaced_by == ("triggers_replace",)

    def test_an_interrupted_apply_keeps_its_state_and_may_be_repeated(self, tmp_path: Path) -> None:
        """The signal comes during the first resource: that is in the state, the second is not begun."""
        step = {"provisioner": [{"local-exec": {"command": "[ -e go ] || { touch go; sleep 10; }"}}]}
        second = {"depends_on": ["terraform_data.first"]}
        directory = stack(tmp_path / "stack", {"terraform_data": {"first": step, "second": second}})

        def interrupt(found: Event) -> None:
            if found.kind == "provision_start":
                threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

        def made() -> list[str]:
            state = json.loads((directory / "terraform.tfstate").read_text())
            return [resource["name"] for resource in state["resources"]]

        terraform = Terraform(directory, on_event=interrupt)
        terraform.init()
        with pytest.raises(TerraformInterruptedError):
            terraform.apply()
        assert made() == ["first"]
        Terraform(directory).apply()
        assert made() == ["first", "second"]

    def test_its_version(self) -> None:
        assert program_version(find_program()).partition(" ")[0] in ("Terraform", "OpenTofu")


def test_the_runner_loads_neither_cdktf_nor_moto() -> None:
    """`floe-infra deploy` of what is already synthesized must not wait for Node."""
    code = (
        "import sys, floe_infra.runtime.terraform, floe_infra.runtime.emulator\n"
        "print(sorted({'cdktf', 'jsii', 'moto', 'boto3', 'pydantic'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
