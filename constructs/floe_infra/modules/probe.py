"""Makes a module's construct once, with the alternatives chosen, and takes apart what comes out."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from floe_infra.hcl.shape import Shape, shapes
from floe_infra.hcl.template import parts, unescaped
from floe_infra.kubernetes.values import MAKE_CHECKSUM
from floe_infra.modules.definition import ENTRIES, MEMBER, Module, ModuleContext, Tokens
from floe_infra.modules.json_text import Checksum, Json, decoded, mapped
from floe_infra.modules.symbols import CHECKSUM, Symbols
from floe_infra.runtime import fast_import

if TYPE_CHECKING:
    from cdktf import TerraformStack

LOCAL = "local"
"""The section of local values."""
REFERENCE = "at__"
"""Begins the names of resources for as long as it is not known what they are called in the module."""
_PROTECTED_OTHERWISE = {"aws_s3_bucket", "aws_db_instance", "aws_kms_key", "aws_secretsmanager_secret"}
"""What the service itself protects, as a variable says; `prevent_destroy` could not follow one."""

Key = tuple[str, str, str]
"""Section, type, and path with underscores."""


@dataclass
class Element:
    """A resource, data source or output of the module."""

    section: str
    type: str
    path: tuple[str, ...]
    """The construct's, without what a member or a number is called."""
    body: dict[str, Any]
    shape: Shape
    each: bool = False
    count: Any = None
    when: str = ""
    """The condition under which it is there; empty: always."""
    number: int | None = field(default=None, compare=False)
    files: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What lies beside the module's own files for it."""

    @property
    def key(self) -> Key:
        return self.section, self.type, "__".join(self.path)

    @property
    def reference(self) -> str:
        """How expressions name it, before it has its name."""
        prefix = "" if self.section == "resource" else f"{self.section}."
        return f"{prefix}{self.type}.{REFERENCE}{self.key[2]}"


def probe(module: Module, chosen: Mapping[str, Any]) -> list[Element]:
    """The elements that the construct makes with these alternatives."""
    fast_import.enable()
    from cdktf import App, TerraformOutput, TerraformStack

    with tempfile.TemporaryDirectory() as out:
        app = App(outdir=out)
        stack = TerraformStack(app, "module")
        tokens = _tokens(stack, module, chosen)
        place: dict[str, Any] = {"region": "", "account_id": ""}
        if "aws" in module.providers:
            place = _add_aws(stack)
        if "helm" in module.providers:
            _add_cluster(stack)
        context = ModuleContext(
            name="",
            environment="prod",
            **place,
            begins=tokens.text(module.prefix),
            protects=chosen.get("deletion_protection", True),
        )
        hooked = MAKE_CHECKSUM.set(tokens.checksum if isinstance(tokens, Symbols) else None)
        try:
            outputs = module.build(stack, chosen, tokens, context)
        finally:
            MAKE_CHECKSUM.reset(hooked)
        for name, output in outputs.items():
            value = "${null}" if output.value is None else output.value
            after = list(output.after) or None
            TerraformOutput(stack, name, value=value, description=output.description, depends_on=after)
        app.synth()
        stacks = Path(out) / "stacks/module"
        document = json.loads((stacks / "cdk.tf.json").read_text(encoding="utf-8"))
        known = shapes(stack)
        made = list(_elements(tokens, document, known, module))
        for element in made:
            if element.type == "helm_release":
                _release(element, stacks)
    return [*_locals(tokens), *made]


def _add_aws(stack: TerraformStack) -> dict[str, Any]:
    from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
    from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
    from cdktf_cdktf_provider_aws.data_aws_region import DataAwsRegion
    from cdktf_cdktf_provider_aws.provider import AwsProvider

    AwsProvider(stack, "aws")
    return {
        "region": DataAwsRegion(stack, "region").id,
        "account_id": DataAwsCallerIdentity(stack, "account").account_id,
        "partition": DataAwsPartition(stack, "partition").partition,
    }


def _add_cluster(stack: TerraformStack) -> None:
    from cdktf_cdktf_provider_helm.provider import HelmProvider
    from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

    HelmProvider(stack, "helm")
    KubernetesProvider(stack, "kubernetes")


def _locals(tokens: Tokens) -> list[Element]:
    named = tokens.named if isinstance(tokens, Symbols) else {}
    return [Element(LOCAL, "", (name,), {"value": f"${{{expression}}}"}, {}) for name, expression in named.items()]


def _tokens(stack: TerraformStack, module: Module, chosen: Mapping[str, Any]) -> Tokens:
    return Symbols(stack, _Decided(module, chosen)) if "helm" in module.providers else Tokens(stack)


class _Decided(Mapping[str, bool]):
    """Conditions of choices; which of these are looked at, can be told by who reads `chosen`."""

    def __init__(self, module: Module, chosen: Mapping[str, Any]) -> None:
        self._choices = {each.condition: each for each in module.choices if isinstance(each.condition, str)}
        self._chosen = chosen

    def __getitem__(self, condition: str) -> bool:
        choice = self._choices[condition]
        return bool(self._chosen[choice.name] == choice.on)

    def __contains__(self, condition: object) -> bool:
        return condition in self._choices

    def __iter__(self) -> Iterator[str]:
        return iter(self._choices)

    def __len__(self) -> int:
        return len(self._choices)


def _elements(
    tokens: Tokens, document: dict[str, Any], known: Mapping[tuple[str, ...], Shape], module: Module
) -> Iterator[Element]:
    for release in document.get("resource", {}).get("helm_release", {}).values():
        release["values"] = [
            mapped(decoded(values), lambda text: _checksum(text, document["locals"])) for values in release["values"]
        ]
    document = tokens.replaced(document)
    made = [
        (Element(section, type, _place(body), _plain(body, type), shape), f"{type}.{name}")
        for (section, type, name), shape in ((key, shape) for key, shape in known.items() if len(key) == 3)
        if (body := document.get(section, {}).get(type, {}).get(name)) is not None
    ]
    # CDKTF has no constructs for these: they say no more of their place than what they are called.
    made[:0] = [
        (Element("ephemeral", type, (name.removeprefix("module_"),), body, {}), f"{type}.{name}")
        for type, named in document.get("ephemeral", {}).items()
        for name, body in named.items()
    ]
    for element, _ in made:
        path, element.each, element.number = _without_members(element.path, module)
        element.path = path or (element.type.rpartition("_")[2],)
    names = {
        name: f"{element.type}.{REFERENCE}{element.key[2]}{'' if element.number is None else f'[{element.number}]'}"
        for element, name in made
    }
    pattern = re.compile(rf"\b({'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})\b(?!-)")
    for name, body in document.get("output", {}).items():
        made.append((Element("output", "", (name,), dict(body), {}), name))
    for element, _ in made:
        element.body = _referring(element.body, pattern, names)
        yield element


def _checksum(text: str, locals: Mapping[str, str]) -> Any:
    """What a checksum's place is taken by, as `Symbols.checksum` has it."""
    found = re.fullmatch(rf"\$\{{local\.({CHECKSUM}[0-9]+)\}}", text)
    if found is None:
        return text
    content = decoded(locals[found[1]]).value
    [first, *others] = content["parts"]
    value = [first, *others] if others else first
    return Checksum(value, is_text=not others and isinstance(first, (str, Json)), known=content["known"])


def _place(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The construct's path, below the stack and the module's own construct."""
    path = body["//"]["metadata"]["path"].split("/")[1:]
    return tuple(path[1:] if path[0] == "module" else path)


def _without_members(path: tuple[str, ...], module: Module) -> tuple[tuple[str, ...], bool, int | None]:
    number = None
    parts: list[str] = []
    for part in path:
        prefix, _, digits = part.rpartition("_")
        if module.numbered and prefix == module.numbered.prefix and digits.isdigit():
            number = int(digits)
            part = prefix
        if part != MEMBER:
            parts.append(part)
    of_member = MEMBER in path or bool(module.each and set(module.each.constructs) & set(path))
    return tuple(parts), of_member, number


def _plain(body: Mapping[str, Any], type: str) -> dict[str, Any]:
    plain = {key: value for key, value in body.items() if key != "//"}
    if type in _PROTECTED_OTHERWISE and "lifecycle" in plain:
        lifecycle = {key: value for key, value in plain.pop("lifecycle").items() if key != "prevent_destroy"}
        return {**plain, "lifecycle": lifecycle} if lifecycle else plain
    return plain


def _referring(value: Any, pattern: re.Pattern[str], names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda found: names[found[1]], value)
    if isinstance(value, Json):
        return value.of(_referring(value.value, pattern, names))
    if isinstance(value, Mapping):
        return {
            key: _unindexed(_referring(each, pattern, names))
            if key == "depends_on"
            else _referring(each, pattern, names)
            for key, each in value.items()
        }
    return [_referring(each, pattern, names) for each in value] if isinstance(value, list) else value


def _unindexed(references: list[str]) -> list[str]:
    """All of a resource's instances, each resource once."""
    return list(dict.fromkeys(reference.partition("[")[0] for reference in references))


def _release(element: Element, stacks: Path) -> None:
    """A release as a module has it: charts from where its user keeps them, values of the user's behind ours, and what
    is a file anyway as a file."""
    body = element.body
    files: dict[str, str] = {}
    if "repository" in body:
        body["repository"] = f'${{coalesce(var.chart_repository, "{body["repository"]}")}}'
    else:
        files |= {
            f"manifests/{path.relative_to(chart)}": path.read_text(encoding="utf-8")
            for chart in [stacks / body["chart"]]
            for path in sorted(chart.rglob("*"))
            if path.is_file()
        }
        body["chart"] = "${path.module}/manifests"
    values: list[Any] = []
    for each in body["values"]:
        given, moved = _to_files(each.value)
        files |= moved
        values.append(Json({key: value for key, value in given.items() if not key.startswith(ENTRIES)}))
        values += [f"${{jsonencode({key.removeprefix(ENTRIES)})}}" for key in given if key.startswith(ENTRIES)]
    body["values"] = values
    element.files = files


def _to_files(values: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """What ConfigMaps hold of several lines becomes files: the values without it, and the files by their path."""
    expressions: dict[str, str] = {}
    moved: dict[str, str] = {}
    for manifest in values.get("manifests", []):
        for name, content in manifest["data"].items() if manifest["kind"] == "ConfigMap" else ():
            if (
                isinstance(content, str)
                and content.count("\n") > 3
                and all(each.kind == "text" for each in parts(content))
            ):
                moved[f"files/{name}"] = unescaped(content)
                expressions[content] = f'${{file("${{path.module}}/files/{name}")}}'
    return mapped(values, lambda text: expressions.get(text, text)), moved
