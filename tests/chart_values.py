"""Whether charts read the values that releases give them: Helm ignores a misspelt key without a word.

What a chart reads is taken from its own `values.yaml` (commented examples included) and `values.schema.json`, of the
revisions in the project's shared folder. Where a chart is not there, nothing is checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema.validators import Draft7Validator, validator_for
from ruamel.yaml import YAML

CHARTS = Path(__file__).parents[2] / "shared" / "charts"

Values = dict[str, Any]
Path_ = tuple[str, ...]
"""To a value. The elements of a list are all held to the same, so they have no step of their own."""

Problems = Iterator[tuple[Path_, str]]


def value_problems(stack: dict[str, Any]) -> list[str]:
    """What is wrong with the values of every `helm_release` of a `cdk.tf.json`, each with address and path."""
    return [
        f"helm_release.{name}: {problem}"
        for name, block in stack.get("resource", {}).get("helm_release", {}).items()
        for problem in _release_problems(block)
    ]


def _release_problems(block: dict[str, Any]) -> list[str]:
    elsewhere = sorted(argument for argument in block if argument.startswith("set"))
    if elsewhere:
        return [f"{', '.join(elsewhere)}: give values in `values` only, which are checked"]
    return chart_problems(chart_of(block), emitted_values(block))


def chart_of(block: dict[str, Any]) -> str:
    """`trino` of a repository, of `oci://…/trino` and of a folder `…/trino`."""
    return str(block["chart"]).rstrip("/").rpartition("/")[2]


def emitted_values(block: dict[str, Any], *, text: str | None = "token", number: int = 1) -> Values:
    """A release's values as Helm gets them, with `text` and `number` for what Terraform puts in when it applies; with
    text None, the interpolation itself stays."""
    values: Values = {}
    for document in block.get("values", []):
        values = merged(values, json.loads(_without_templates(document, text, str(number))), keep_nulls=True)
    return values


def _without_templates(document: str, text: str | None, number: str) -> str:
    """Undo `$${` and `%%{`. An interpolation is replaced before JSON is read, for it may hold quotes of its own."""
    result: list[str] = []
    position, in_string = 0, False
    while position < len(document):
        if document.startswith(_ESCAPES, position):
            result.append(document[position + 1 : position + 3])
            position += 3
        elif document.startswith("${", position):
            start, position = position, _end_of_interpolation(document, position)
            if text is None:
                kept = json.dumps(document[start:position], ensure_ascii=False)
                result.append(kept[1:-1] if in_string else kept)
            else:
                result.append(text if in_string else number)
        elif in_string and document[position] == "\\":
            result.append(document[position : position + 2])
            position += 2
        else:
            in_string ^= document[position] == '"'
            result.append(document[position])
            position += 1
    return "".join(result)


_ESCAPES = ("$${", "%%{")


def _end_of_interpolation(document: str, start: int) -> int:
    position, depth = start + 2, 1
    while depth:
        if document[position] == '"':
            position = _end_of_string(document, position)
        else:
            depth += {"{": 1, "}": -1}.get(document[position], 0)
            position += 1
    return position


def _end_of_string(document: str, start: int) -> int:
    position = start + 1
    while document[position] != '"':
        if document.startswith("${", position):
            position = _end_of_interpolation(document, position)
        elif document.startswith(_ESCAPES, position):
            position += 3
        else:
            position += 2 if document[position] == "\\" else 1
    return position + 1


def merged(base: Values, over: Values, *, keep_nulls: bool = False) -> Values:
    """As Helm merges: maps key by key, everything else replaced, null removes."""
    result = dict(base)
    for key, value in over.items():
        if value is None and not keep_nulls:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value, keep_nulls=keep_nulls)
        else:
            result[key] = value
    return result


def chart_problems(name: str, values: Values) -> list[str]:
    """What a chart would not read, or not as it is meant."""
    chart = read_chart(name)
    if chart is None:
        return []
    problems = [*_Check(chart).map(values, chart.defaults, ()), *_schema_problems(chart, values)]
    return [f"{'.'.join(path) or 'values'}: {problem}" for path, problem in problems]


@dataclass(frozen=True)
class Chart:
    """What a chart reads; of its subcharts too, each under its name.

    `commented` are the keys that comments name, below the path of each map.
    """

    name: str
    defaults: Values
    commented: dict[Path_, set[str]]
    schemas: list[tuple[Path_, dict[str, Any]]]


@cache
def read_chart(name: str) -> Chart | None:
    folder = CHARTS / name
    if not (folder / "values.yaml").is_file():
        return None
    text = (folder / "values.yaml").read_text(encoding="utf-8")
    schema = folder / "values.schema.json"
    chart = Chart(
        name,
        {"global": {}} | (read_yaml(text) or {}),
        commented_keys(text),
        [((), _local(json.loads(schema.read_bytes())))] if schema.is_file() else [],
    )
    for dependency in read_yaml((folder / "Chart.yaml").read_text(encoding="utf-8")).get("dependencies", []):
        subchart = read_chart(dependency["name"])
        if subchart is not None:
            key = dependency.get("alias", dependency["name"])
            chart.defaults[key] = merged(subchart.defaults, chart.defaults.get(key, {}), keep_nulls=True)
            for path, keys in subchart.commented.items():
                chart.commented.setdefault((key, *path), set()).update(keys)
            chart.schemas.extend(((key, *path), schema) for path, schema in subchart.schemas)
    return chart


def read_yaml(text: str) -> Any:
    return YAML(typ="safe").load(text)


_LIVE_KEY = re.compile(r"^( *(?:- +)*)([\w./-]+):(?: |$)")
_COMMENTED_KEY = re.compile(r"^( *)#+ ?( *(?:- +)*)([\w./-]+):(?: |$)")


def commented_keys(text: str) -> dict[Path_, set[str]]:
    """Keys in comments, told apart by their indentation. A word of prose that looks like a key does no harm."""
    found: dict[Path_, set[str]] = {}
    live: list[tuple[int, str]] = []
    comments: list[tuple[int, str]] = []
    block_text: int | None = None  # indentation of the key whose text this is
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if block_text is not None and (not line.strip() or indent > block_text):
            continue
        block_text = None
        if key := _LIVE_KEY.match(line):
            live = [*_left_of(len(key[1]), live), (len(key[1]), key[2])]
            comments = []
            block_text = indent if re.search(r": [|>][-+\d]*$", line) else None
        elif key := _COMMENTED_KEY.match(line):
            column = len(key[1] + key[2])
            comments = _left_of(column, comments)
            above = [*_left_of(comments[0][0] if comments else column, live), *comments]
            found.setdefault(tuple(name for _, name in above), set()).add(key[3])
            comments.append((column, key[3]))
    return found


def _left_of(column: int, keys: list[tuple[int, str]]) -> list[tuple[int, str]]:
    return [key for key in keys if key[0] < column]


def _local(schema: Any) -> Any:
    """Without what lies elsewhere on the internet: Dagster's schema refers to Kubernetes' there."""
    if isinstance(schema, dict):
        remote = str(schema.get("$ref", "")).startswith("http")
        return {} if remote else {key: _local(value) for key, value in schema.items()}
    return [_local(each) for each in schema] if isinstance(schema, list) else schema


def _schema_problems(chart: Chart, values: Values) -> Problems:
    everything = merged(chart.defaults, values)
    for path, schema in chart.schemas:
        part = everything
        for key in path:
            part = part.get(key, {})
        for error in validator_for(schema, default=Draft7Validator)(schema).iter_errors(part):
            yield (*path, *map(str, error.absolute_path)), error.message[:200]


class _Check:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._accepted = READ_ALL_THE_SAME.get(chart.name, {})

    def map(self, given: Values, default: Values, path: Path_, fields: Collection[str] = ()) -> Problems:
        known = {*default, *self._chart.commented.get(path, ()), *fields}
        for key, value in given.items():
            where = (*path, key)
            if ".".join((*path, "*")) in self._accepted and (value is not None or key in default):
                continue
            if key in known or ".".join(where) in self._accepted:
                yield from self._value(value, default.get(key), where)
            else:
                close = get_close_matches(key, known, n=1)
                yield where, "the chart has no such value" + (f"; {close[0]} is one" if close else "")

    def _value(self, given: Any, default: Any, path: Path_) -> Problems:
        if given is not None and default is not None and not _fits(given, default):
            yield path, f"a {_kind(default)} is read, not {json.dumps(given)[:80]}"
        elif isinstance(given, dict):
            fields = _FIELDS.get(path[-1], ())
            if (default or fields) and not _FREE.search(path[-1]):
                yield from self.map(given, default or {}, path, fields)
        elif isinstance(given, list):
            yield from self._list(given, default or [], path)

    def _list(self, given: list[Any], default: list[Any], path: Path_) -> Problems:
        fields = _ELEMENT_FIELDS.get(path[-1], ())
        known = {key: value for each in default if isinstance(each, dict) for key, value in each.items()}
        for index, element in enumerate(given):
            where = (*path[:-1], f"{path[-1]}[{index}]")
            if default and not _fits(element, default[0]):
                yield where, f"a {_kind(default[0])} is read, not {json.dumps(element)[:80]}"
            elif isinstance(element, dict) and (known or fields):
                for at, problem in self.map(element, known, path, fields):
                    yield where + at[len(path) :], problem


def _kind(value: Any) -> str:
    if isinstance(value, dict | list):
        return "map" if isinstance(value, dict) else "list"
    return "boolean" if isinstance(value, bool) else "scalar"


def _fits(given: Any, default: Any) -> bool:
    """For a template the text `"false"` is true; but a boolean may stand where the default is text (Vault's `"-"`)."""
    return _kind(given) == _kind(default) or (_kind(given), _kind(default)) == ("boolean", "scalar")


_FREE = re.compile(r"(?i:annotations|labels|nodeSelector)$|^(?:requests|limits)$")
"""Maps with the user's own keys, whatever their defaults show."""

_SECURITY_CONTEXT = (
    "runAsUser", "runAsGroup", "runAsNonRoot", "fsGroup", "fsGroupChangePolicy", "supplementalGroups", "seccompProfile",
    "seLinuxOptions", "appArmorProfile", "sysctls", "allowPrivilegeEscalation", "capabilities", "privileged",
    "readOnlyRootFilesystem",
)  # fmt: skip
_FIELDS: dict[str, Collection[str]] = {
    "securityContext": _SECURITY_CONTEXT,
    "podSecurityContext": _SECURITY_CONTEXT,
    "containerSecurityContext": _SECURITY_CONTEXT,
    "resources": ("requests", "limits", "claims"),
    "affinity": ("nodeAffinity", "podAffinity", "podAntiAffinity"),
}
"""Objects that charts pass on to Kubernetes as they are: what Kubernetes knows there, beside what a chart names."""

_ENV = ("name", "value", "valueFrom")
_MOUNT = ("name", "mountPath", "subPath", "subPathExpr", "readOnly", "mountPropagation")
_ELEMENT_FIELDS: dict[str, Collection[str]] = {
    "tolerations": ("key", "operator", "value", "effect", "tolerationSeconds"),
    "topologySpreadConstraints": (
        "maxSkew", "topologyKey", "whenUnsatisfiable", "labelSelector", "minDomains", "matchLabelKeys",
        "nodeAffinityPolicy", "nodeTaintsPolicy",
    ),
    **dict.fromkeys(("env", "extraEnv", "extraEnvs", "extraEnvVars"), _ENV),
    **dict.fromkeys(("volumeMounts", "extraVolumeMounts", "additionalVolumeMounts"), _MOUNT),
    "envFrom": ("prefix", "secretRef", "configMapRef"),
}  # fmt: skip
"""The same for the elements of lists."""

_OVERRIDES = dict.fromkeys(("nameOverride", "fullnameOverride"), "_helpers.tpl: .Values.fullnameOverride")
READ_ALL_THE_SAME: dict[str, dict[str, str]] = {
    "cube": {"config.sqlPasswordFromSecret": "_env_config.tpl: with .Values.config.sqlPasswordFromSecret"},
    "jaeger": {
        "jaeger.podLabels": "jaeger-deploy.yaml: with .Values.jaeger.podLabels",
        "jaeger.service.type": "jaeger-service.yaml: .Values.jaeger.service.type",
        "jaeger.strategy": "jaeger-deploy.yaml: with .Values.jaeger.strategy",
        "jaeger.topologySpreadConstraints": "jaeger-deploy.yaml: with .Values.jaeger.topologySpreadConstraints",
    },
    "marquez": {**_OVERRIDES, "ingress.className": "ingress.yaml: .Values.ingress.className"},
    "nessie": _OVERRIDES,
    "opentelemetry-collector": {
        **dict.fromkeys(
            (
                *(f"config.{part}.*" for part in ("exporters", "extensions", "processors", "receivers")),
                "config.connectors",
                "config.service.pipelines.*",
            ),
            "_config.tpl: deepCopy .Values.config",
        ),
    },
    "polaris": {**_OVERRIDES, "advancedConfig.*": "configmap.yaml: list .Values.advancedConfig … mergeConfigTree"},
    "seaweedfs": _OVERRIDES,
    "trino": {"catalogs.*": "configmap-catalog.yaml: range $catalogName, $catalogProperties := .Values.catalogs"},
    "vault": _OVERRIDES,
}
"""By path, what values.yaml does not show, with the template's line that reads it. `*` is any key with a value: null,
which takes a default away, needs one."""
