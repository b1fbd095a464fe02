"""How long synthesizing takes: floe-infra and stock CDKTF beside an empty CDKTF app.

Prints Markdown. All cases of a table take turns, each run in a process of its own, so that a busy moment of the
machine hits all of them; the median counts. Memory is the peak of all processes together, from one more run,
because looking at it takes time. For the peers, name the Pythons of environments that hold them:

    python -m venv /tmp/cdktn && /tmp/cdktn/bin/pip install cdktn cdktn-provider-aws
    python -m venv /tmp/awscdk && /tmp/awscdk/bin/pip install aws-cdk-lib
    python bench/synth.py --cdktn /tmp/cdktn/bin/python --aws-cdk /tmp/awscdk/bin/python
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]

FAST = "import floe_infra.fast\n"

EMPTY = """
from cdktf import App, TerraformStack
app = App(outdir="out")
TerraformStack(app, "stack")
app.synth()
"""

ONE_BUCKET = """
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
app = App(outdir="out")
stack = TerraformStack(app, "stack")
AwsProvider(stack, "aws", region="eu-west-1")
S3Bucket(stack, "bucket", bucket="acme")
app.synth()
"""

ONE_BUCKET_AWS_CDK = """
from aws_cdk import App, Stack
from aws_cdk.aws_s3 import CfnBucket
app = App(outdir="out")
CfnBucket(Stack(app, "stack"), "bucket", bucket_name="acme")
app.synth()
"""

PRODUCTION = f"""
import sys
from floe_infra.glance import bindings
from floe_infra.runtime import fast_import
file = {str(ROOT / "floe-infra.yaml")!r}
fast_import.enable(*bindings(file))
from cdktf import App
from floe_infra.config import load
from floe_infra.platform import FloePlatform
config = load(file)
app = App(outdir="out")
for number in range(int(sys.argv[1])):
    FloePlatform(app, f"platform-{{number}}", config.model_copy(update={{"name": f"acme{{number}}"}}))
app.synth()
"""

COMMAND = f"""
import sys
from floe_infra.cli import run
sys.argv = ["floe-infra", "synth", "-c", {str(ROOT / "floe-infra.yaml")!r}, "-o", "out"]
run()
"""

MIXED = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import mixed_app
mixed_app.main("out", int(sys.argv[1]))
"""


@dataclass
class Case:
    """A program, and what running it took."""

    label: str
    code: str
    fast: bool = False
    environments: int = 1
    python: str = sys.executable
    seconds: list[float] = field(default_factory=list)
    python_mib: int = 0
    node_mib: int = 0
    resources: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def mib(self) -> int:
        return self.python_mib + self.node_mib


def main() -> None:
    options = arguments()
    print(f"{machine()}. Median of {options.repeat}.\n")
    floor = Case("empty CDKTF app (the floor)", EMPTY)
    cases = [floor, *compared(), *peers(options)]
    measure(cases, options.repeat)
    print(comparison(cases, floor), end="\n\n")
    for name, code in {
        "Production example": PRODUCTION,
        "200 resources of AWS, Kubernetes, Helm": FAST + MIXED,
    }.items():
        growing = [Case(name, code, fast=True, environments=count) for count in (1, 10, 50)]
        measure(growing, options.repeat)
        print(growth(growing), end="\n\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5, help="runs per case")
    parser.add_argument("--cdktn", metavar="PYTHON", help="a Python with cdktn and cdktn-provider-aws")
    parser.add_argument("--aws-cdk", metavar="PYTHON", help="a Python with aws-cdk-lib")
    return parser.parse_args()


def compared() -> list[Case]:
    return [
        Case("empty app, ours", FAST + EMPTY, fast=True),
        Case("production example, stock imports", PRODUCTION),
        Case("production example, ours", PRODUCTION, fast=True),
        Case("the same by `floe-infra synth`", COMMAND, fast=True),
        Case("200 resources of AWS, Kubernetes, Helm, stock imports", FAST + MIXED),
        Case("200 resources of AWS, Kubernetes, Helm, ours", FAST + MIXED, fast=True),
        Case("one bucket, stock imports", FAST + ONE_BUCKET),
        Case("one bucket, ours", FAST + ONE_BUCKET, fast=True),
    ]


def peers(options: argparse.Namespace) -> list[Case]:
    found = []
    if options.cdktn:
        code = ONE_BUCKET.replace("cdktf_cdktf_provider", "cdktn_provider").replace("from cdktf", "from cdktn")
        found.append(Case("one bucket, CDK Terrain (`cdktn`)", code, python=options.cdktn))
    if options.aws_cdk:
        found.append(Case("one bucket, `aws-cdk-lib`", ONE_BUCKET_AWS_CDK, python=options.aws_cdk))
    return found


def measure(cases: list[Case], repeat: int) -> None:
    for case in cases:
        watch(case)  # also warms up: bytecode, jsii's package cache, its index
        watch(case)
    for _ in range(repeat):
        for case in cases:
            with tempfile.TemporaryDirectory() as directory:
                begin = time.perf_counter()
                start(case, directory).wait()
                case.seconds.append(time.perf_counter() - begin)


def start(case: Case, directory: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {
        "FLOE_INFRA_FAST_IMPORT": "1" if case.fast else "0",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
    }
    command = [case.python, "-c", case.code, str(case.environments)]
    return subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL)


def watch(case: Case) -> None:
    """Run it and note its memory and its resources."""
    case.python_mib = case.node_mib = 0
    with tempfile.TemporaryDirectory() as directory:
        process = start(case, directory)
        while process.poll() is None:
            first, *others = [resident_mib(pid) for pid in tree(process.pid)]
            if first + sum(others) > case.mib:
                case.python_mib, case.node_mib = first, sum(others)
            time.sleep(0.01)
        if process.returncode:
            sys.exit(f"{case.label} failed.")
        case.resources = count_resources(Path(directory))


def tree(pid: int) -> list[int]:
    """A process and those below it. Linux only."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(below for child in children for below in tree(int(child)))]


def resident_mib(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        found = None
    return int(found[1]) // 1024 if found else 0


def count_resources(directory: Path) -> int:
    stacks = [json.loads(path.read_text()) for path in directory.glob("out/stacks/*/cdk.tf.json")]
    return sum(len(blocks) for stack in stacks for blocks in stack.get("resource", {}).values())


def comparison(cases: list[Case], floor: Case) -> str:
    rows = [
        f"| {case.label} | {case.median / floor.median:.2f}× | {case.median:.2f} s "
        f"| {case.mib} | {case.python_mib} + {case.node_mib} | {case.resources or '–'} |"
        for case in cases
    ]
    header = "| | time | seconds | MiB | Python + Node | resources |\n|---|--:|--:|--:|--:|--:|"
    return "\n".join([header, *rows])


def growth(cases: list[Case]) -> str:
    one = cases[0]
    rows = [
        f"| {case.environments} | {case.resources} | {per_resource(one, case)} | {case.median:.2f} s | {case.mib} |"
        for case in cases
    ]
    header = f"| {one.label}: environments | resources | per further resource | seconds | MiB |"
    return "\n".join([header, "|--:|--:|--:|--:|--:|", *rows])


def per_resource(one: Case, case: Case) -> str:
    if case is one:
        return "–"
    return f"{1000 * (case.median - one.median) / (case.resources - one.resources):.2f} ms"


def machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = ", ".join(f"{name} {version(name)}" for name in ("cdktf", "jsii", "cdktf-cdktf-provider-aws"))
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores; "
        f"Python {platform.python_version()}, Node {node}, {packages}"
    )


if __name__ == "__main__":
    main()
