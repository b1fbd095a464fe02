"""A cluster's modules without its providers, which cannot be had everywhere.

Terraform's own `terraform_data` stands in for each resource, with the arguments as its `input`: every expression is
then evaluated by Terraform, every variable checked, and what Helm would be given is in the plan. What it cannot tell is
whether the providers know the arguments.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from floe_infra.hcl.template import escaped, unescaped
from floe_infra.kubernetes.values import merge
from floe_infra.modules.json_text import mapped
from floe_infra.runtime.terraform import Terraform

from .terraform import shown

MODULES = Path(__file__).parents[2] / "terraform-modules"
_TYPES = r"helm_release|kubernetes_\w+"
_RESOURCE = re.compile(rf'^resource "({_TYPES})" "(\w+)" \{{\n(.*?)^\}}\n', re.MULTILINE | re.DOTALL)
_META = re.compile(
    r"^  (?:count|for_each|depends_on) = (?:.*[^\[({]\n|.*[\[({]\n(?:   .*\n|\n)*  [\])}].*\n)", re.MULTILINE
)
_BLOCK = re.compile(r"^( +)(\w+) \{$(.*?)^\1\}$", re.MULTILINE | re.DOTALL)
_CHECKSUM = re.compile("checksum/|floe-infra/configuration$")
_MOCK = re.compile(r'^mock_provider "\w+" \{\}\n', re.MULTILINE)


def stand_in(text: str) -> str:
    """A file of a module's, or a test's, with stand-ins."""
    text = _RESOURCE.sub(lambda found: _resource(found[1], found[2], found[3]), _MOCK.sub("", text))
    return re.sub(rf"\b({_TYPES})\.(\w+)(\[[^]]*\])?(\.)?", _reference, text)


def _resource(type: str, name: str, body: str) -> str:
    meta = "".join(_META.findall(body))
    arguments = _blocks(_META.sub("", body))
    return f'resource "terraform_data" "{type}_{name}" {{\n{meta}  input = {{\n{arguments}  }}\n}}\n'


def _blocks(body: str) -> str:
    return _BLOCK.sub(lambda found: f"{found[1]}{found[2]} = [{{{_blocks(found[3])}{found[1]}}}]", body)


def _reference(found: re.Match[str]) -> str:
    return f"terraform_data.{found[1]}_{found[2]}{found[3] or ''}{'.input.' if found[4] else ''}"


def copied(module: str, directory: Path) -> None:
    """The module with stand-ins, its tests too."""
    shutil.copytree(
        MODULES / module, directory, ignore=shutil.ignore_patterns(".terraform*", "examples", "versions.tf")
    )
    for path in [*directory.glob("*.tf"), *directory.glob("tests/*.hcl")]:
        path.write_text(stand_in(path.read_text()))


def example(module: str, directory: Path) -> Path:
    """The module's example beside its copy, without what it says of providers."""
    example = directory / "examples" / "complete"
    example.mkdir(parents=True)
    text = (MODULES / module / "examples/complete/main.tf").read_text()
    (example / "main.tf").write_text(re.sub(r'^provider "\w+" \{\n.*?^\}\n', "", text, flags=re.MULTILINE | re.DOTALL))
    return example


@dataclass(frozen=True)
class Case:
    """A module with some variables, and the construct with the same configuration."""

    module: str
    variables: Mapping[str, Any]
    build: Callable[[Any], Any]


@dataclass(frozen=True)
class Planned:
    """The resources of a case by type and name: their arguments."""

    by_module: dict[str, Any] = field(default_factory=dict)
    by_construct: dict[str, Any] = field(default_factory=dict)


def planned(cases: Mapping[str, Case], directory: Path) -> dict[str, Planned]:
    """What Terraform would give to Helm in every case, all in one plan."""
    for name in {case.module for case in cases.values()}:
        copied(name, directory / name)
    modules = {id: {"source": f"./{case.module}", **mapped(case.variables, escaped)} for id, case in cases.items()}
    (directory / "main.tf.json").write_text(json.dumps({"module": modules}))
    terraform = Terraform(directory)
    terraform.init()
    terraform.plan(directory / "plan")
    plan = shown(directory, "plan")
    found = {id: Planned() for id in cases}
    for id in cases:
        made = [each for each in plan["resource_changes"] if each["module_address"] == f"module.{id}"]
        bodies = [(each["name"], each["change"]["after"]["input"]) for each in made]
        found[id].by_module.update(
            _keyed((("helm_release" if name.startswith("helm_release") else name), body) for name, body in bodies)
        )
    for id, case in cases.items():
        found[id].by_construct.update(_construct(case, directory / f"{id}.out"))
    return found


def _construct(case: Case, out: Path) -> dict[str, Any]:
    from cdktf import App, TerraformStack
    from cdktf_cdktf_provider_helm.provider import HelmProvider
    from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
    from constructs import Construct

    app = App(outdir=str(out))
    stack = TerraformStack(app, "it")
    HelmProvider(stack, "helm")
    KubernetesProvider(stack, "kubernetes")
    case.build(Construct(stack, "case"))
    app.synth()
    document = json.loads((out / "stacks/it/cdk.tf.json").read_text())
    return _keyed(
        (type, _evaluated(body)) for type, resources in document["resource"].items() for body in resources.values()
    )


def _keyed(bodies: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """By type and name; by the namespace too, where several have releases of one name."""
    made = [(_key(type, body), body) for type, body in bodies]
    times = Counter(key for key, _ in made)
    return {key if times[key] == 1 else f"{key} in {body['namespace']}": _plain(body) for key, body in made}


def _evaluated(body: Mapping[str, Any]) -> dict[str, Any]:
    """As Terraform takes it: what is escaped in a release's values is so for Terraform."""
    values = [unescaped(each) for each in body.get("values", [])]
    return {**body, **({"values": values} if values else {})}


def _key(type: str, body: Mapping[str, Any]) -> str:
    name = body["name"] if "name" in body else body["metadata"][0]["name"] if isinstance(body["metadata"], list) else ""
    return f"{type if type == 'helm_release' else 'kubernetes'} {name or body['metadata']['name']}"


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a module has in another place; Helm's values as one document."""
    plain = {key: value for key, value in body.items() if key not in ("//", "depends_on", "lifecycle") and value != []}
    if "values" in plain:
        whole: dict[str, Any] = {}
        for each in plain["values"]:
            whole = merge(whole, _without_checksums(json.loads(each)))
        plain["values"] = whole
    if "repository" not in plain:
        plain.pop("chart", None)
    return _unlisted(plain)


def _unlisted(value: Any) -> Any:
    """Blocks of which there is one, as one; arguments that are null as left out."""
    if isinstance(value, dict):
        return {
            key: each if key == "values" else _unlisted(each[0] if isinstance(each, list) and len(each) == 1 else each)
            for key, each in value.items()
            if each is not None
        }
    return value


def _without_checksums(value: Any) -> Any:
    """Checksums are of the text; and text that is JSON is compared as what it says."""
    if isinstance(value, dict):
        return {key: _without_checksums(each) for key, each in value.items() if not _CHECKSUM.match(key)}
    if isinstance(value, list):
        return [_without_checksums(each) for each in value]
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
