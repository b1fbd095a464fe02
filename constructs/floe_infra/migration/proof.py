"""What a change of the file changes in the synthesized stacks, and why what holds data stays.

Terraform's own plan says it too, but only with the platform at hand, and only for the next phase. What is said here
follows from the files alone: a resource whose whole configuration, with all that this refers to, is the same before and
after is one for which no provider finds anything to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from floe_infra.config.platform import PlatformConfig
from floe_infra.database.config import IN_CLUSTER_NAME
from floe_infra.refs import HANDOFF
from floe_infra.runtime.plan import STATEFUL_TYPES
from floe_infra.synthesis import synthesize

SECRETS = frozenset({"aws_secretsmanager_secret", "google_secret_manager_secret"})
"""What may go with whoever used it. `deploy` does not remove them from a platform that keeps its data, all the same."""
LEAVING = f"{IN_CLUSTER_NAME}/server/release"
"""The construct path of the old PostgreSQL server: the one thing with data that a migration removes, in the end."""
_REFERENCE = re.compile(r"\b((?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z0-9_-]+)")
_OTHER_STACK = re.compile(r"\bdata\.terraform_remote_state\.(\w+)\.outputs\.([\w-]+)")
_EXPRESSION = re.compile(r"(?<!\$)\$\{([^}]*)\}")
_LOCATION = re.compile(r"\b(?:s3a?|gs)://[^\s\"',)\\]*")
_PLACES = {"storage": ("type", "endpoint", "bucket"), "catalogs": ("type", "uri", "warehouse"), "layers": ()}
"""What of platform.yaml says where a table is; of a layer, everything."""
_NAMESPACE = "kubernetes_namespace_v1"
_CARRIERS = {"//", "depends_on"}
"""What of a block is no argument: metadata, and the order."""

Action = Literal["add", "change", "remove"]


@dataclass(frozen=True)
class Resource:
    """A resource of a synthesized stack.

    Attributes:
        stack: the last word of the stack's name.
        address: in that stack, as Terraform writes it.
        path: of its construct, below the stack.
    """

    stack: str
    address: str
    path: str
    block: Mapping[str, Any] = field(repr=False)

    @property
    def type(self) -> str:
        return self.address.partition(".")[0]

    @cached_property
    def arguments(self) -> dict[str, Any]:
        return {key: value for key, value in self.block.items() if key not in _CARRIERS}

    @cached_property
    def disks(self) -> list[Any]:
        """What a Helm release claims: a claim is lost with its release, unless it says otherwise."""
        if self.type != "helm_release":
            return []
        objects = [each for text in self.block.get("values", ()) for each in _objects(text)]
        return [
            each
            for each in objects
            if each.get("kind") == "PersistentVolumeClaim" or each.get("spec", {}).get("volumeClaimTemplates")
        ]

    @property
    def holds_data(self) -> bool:
        protected = (self.block.get("lifecycle") or {}).get("prevent_destroy")
        return self.type in STATEFUL_TYPES or bool(protected) or bool(self.disks)

    @property
    def keeps_disks(self) -> bool:
        """Whether its disks outlive it."""
        return all("helm.sh/resource-policy" in each["metadata"].get("annotations", {}) for each in self.disks)


@dataclass(frozen=True)
class Difference:
    """What happens to a resource between two files."""

    action: Action
    resource: Resource


class Synthesized:
    """A platform's stacks as they are synthesized.

    Attributes:
        config: what they are made of.
    """

    def __init__(self, config: PlatformConfig, out: Path) -> None:
        self.config = config
        stacks = synthesize(config, out)
        self._documents = {
            stack.name.rpartition("-")[2]: json.loads(stack.file.read_text(encoding="utf-8")) for stack in stacks
        }

    @cached_property
    def resources(self) -> dict[tuple[str, str], Resource]:
        """By stack and address."""
        return {
            (stack, f"{type}.{name}"): Resource(
                stack, f"{type}.{name}", block["//"]["metadata"]["path"].partition("/")[2], block
            )
            for stack, document in self._documents.items()
            for type, blocks in document.get("resource", {}).items()
            for name, block in blocks.items()
        }

    @cached_property
    def locations(self) -> dict[str, Any]:
        """Where the tables are: as floe-runtime is told, and as the catalog is. Terraform's expressions are those of
        the stack that makes what they name."""
        platform = YAML(typ="safe", pure=True).load(self.handed_over("platform.yaml") or "{}")
        told = {
            f"{section}.{name}": {key: value for key, value in entry.items() if key in keys or not keys}
            for section, keys in _PLACES.items()
            for name, entry in platform.get(section, {}).items()
        }
        catalog = [
            self._resolved(json.dumps(each.arguments))
            for each in self.resources.values()
            if each.path.startswith("catalog/")
        ]
        found = sorted({location for text in catalog for location in _LOCATION.findall(text)})
        return {**{key: json.loads(self._resolved(json.dumps(value))) for key, value in told.items()}, "": found}

    def handed_over(self, name: str) -> str:
        """A file that floe-runtime is given, with Terraform's expressions where only Terraform knows; empty where there
        is none."""
        *_, last = self._documents.values()
        return str(last.get("output", {}).get(HANDOFF, {}).get("value", {}).get(name, ""))

    def _resolved(self, text: str) -> str:
        """With what a stack reads from another one's state as that one says it."""

        def expression(match: re.Match[str]) -> str:
            value = self._documents[match[1]]["output"][match[2]]["value"]
            whole = isinstance(value, str) and _EXPRESSION.fullmatch(value)
            return str(whole[1]) if whole else f"{match[1]}({json.dumps(json.dumps(value))[1:-1]})"

        return _OTHER_STACK.sub(expression, text)

    def meaning(self, resource: Resource) -> str:
        """The resource's whole configuration with everything that it refers to, as text that is the same if, and only
        if, all of that is."""
        met: dict[str, Any] = {}
        self._collect(resource.stack, resource.address, met)
        return json.dumps(met, sort_keys=True)

    def _collect(self, stack: str, address: str, met: dict[str, Any]) -> None:
        name = f"{stack}: {address}"
        if name in met:
            return
        block = self._block(stack, address) or {}
        met[name] = {key: value for key, value in block.items() if key not in _CARRIERS}
        self._follow(stack, json.dumps(met[name]), met)

    def _follow(self, stack: str, text: str, met: dict[str, Any]) -> None:
        for other, output in _OTHER_STACK.findall(text):
            value = self._documents[other]["output"][output]["value"]
            met[f"{other}: output.{output}"] = value
            self._follow(other, json.dumps(value), met)
        for address in _REFERENCE.findall(text):
            if self._block(stack, address) is not None:
                self._collect(stack, address, met)

    def _block(self, stack: str, address: str) -> Mapping[str, Any] | None:
        kind, address = ("data", address[5:]) if address.startswith("data.") else ("resource", address)
        type, _, name = address.partition(".")
        found: Mapping[str, Any] | None = self._documents[stack].get(kind, {}).get(type, {}).get(name)
        return found

    @property
    def surroundings(self) -> dict[str, Any]:
        """Where each stack's state is, and in which account and place its resources are."""
        return {
            stack: {
                "backend": document.get("terraform", {}).get("backend"),
                "provider": {
                    name: [{key: value for key, value in each.items() if key != "//"} for each in blocks]
                    for name, blocks in document.get("provider", {}).items()
                    if name in ("aws", "google")
                },
            }
            for stack, document in self._documents.items()
        }


def differences(before: Synthesized, after: Synthesized) -> list[Difference]:
    """Every resource that is added, changed or removed, by stack and path."""
    made = list(_differences(before.resources, after.resources))
    return sorted(made, key=lambda each: (each.resource.stack, each.resource.path))


def _differences(
    before: Mapping[tuple[str, str], Resource], after: Mapping[tuple[str, str], Resource]
) -> Iterator[Difference]:
    for key, resource in before.items():
        if key not in after:
            yield Difference("remove", resource)
    for key, resource in after.items():
        if key not in before:
            yield Difference("add", resource)
        elif before[key].arguments != resource.arguments:
            yield Difference("change", resource)


def losses(before: Synthesized, after: Synthesized, *, leaving: Collection[str] = ()) -> list[str]:
    """Why it cannot be said that nothing with data in it is lost, and every table stays where it is; empty if it can.

    Args:
        leaving: construct paths of what is to go.
    """
    return [
        *_other_surroundings(before, after),
        *_lost(before, after, leaving),
        *_other_locations(before.locations, after.locations),
    ]


def _other_surroundings(before: Synthesized, after: Synthesized) -> Iterator[str]:
    for stack, there in before.surroundings.items():
        if after.surroundings.get(stack) != there:
            yield f"{stack}: its state, or the account or region that it is in, would be another one"


def _lost(before: Synthesized, after: Synthesized, leaving: Collection[str]) -> Iterator[str]:
    yield from _lost_with_their_namespace(before, after)
    for key, resource in before.resources.items():
        if not resource.holds_data or resource.path in leaving:
            continue
        name, later = f"{resource.stack}: {resource.path} ({resource.address})", after.resources.get(key)
        if later is None:
            if resource.type not in SECRETS:
                yield f"{name} would be destroyed"
        elif resource.type == "helm_release":
            # Helm changes what it has released in place, as long as it is the same release.
            if any(resource.block.get(each) != later.block.get(each) for each in ("name", "namespace")):
                yield f"{name} would be replaced: its name or namespace is another one"
            elif resource.disks and _claims(resource) != _claims(later):
                yield f"{name} would have other disks"
        elif before.meaning(resource) != after.meaning(later):
            changed = [
                each
                for each in sorted({*resource.arguments, *later.arguments})
                if resource.arguments.get(each) != later.arguments.get(each)
            ]
            yield f"{name} would change, and may have to be replaced: {', '.join(changed) or 'what it refers to'}"


def _lost_with_their_namespace(before: Synthesized, after: Synthesized) -> Iterator[str]:
    """Claims that their release would leave behind."""
    there = {each.block["metadata"]["name"] for each in after.resources.values() if each.type == _NAMESPACE}
    for resource in before.resources.values():
        namespace = resource.block.get("namespace")
        if resource.disks and resource.keeps_disks and namespace not in there:
            yield f"{resource.stack}: {resource.path}: its disk would go with the namespace {namespace}"


def _claims(resource: Resource) -> list[Any]:
    return [
        [each["metadata"]["name"], each["spec"].get("volumeClaimTemplates", each["spec"])] for each in resource.disks
    ]


def _other_locations(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            where = f"platform.yaml: {key}" if key else "what the catalog is told"
            yield f"{where}: {before.get(key)} would be {after.get(key)}, and tables are not moved"


def _objects(text: str) -> list[Any]:
    """Kubernetes' objects in the values of one of our own releases; the values of charts have none."""
    try:
        values = json.loads(_EXPRESSION.sub("", text))
    except ValueError:
        # What cannot be read is as a whole what it may not change.
        claims = "PersistentVolumeClaim" in text or "volumeClaimTemplates" in text
        return [{"kind": "PersistentVolumeClaim", "metadata": {"name": ""}, "spec": text}] if claims else []
    return list(values.get("manifests", ())) if isinstance(values, Mapping) else []
