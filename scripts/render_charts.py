"""Render every Helm release of synthesized stacks with exactly the values that they give, and look at the objects.

    python scripts/render_charts.py CHARTS [CDKTF_OUT ...]

CHARTS holds chart sources, each in a folder with the chart's name and its dependencies in `charts/`. CDKTF_OUT
(`cdktf.out` if none is given) are directories that `floe-infra synth` or `cdktf synth` wrote. What Terraform knows only
when it applies is replaced by a stand-in. Nothing is installed, and no cluster is asked.

Objects are validated against Kubernetes' schemas, custom ones against those that the charts bring. Pods are held to a
few rules, one of them that exactly one network policy is for each. Prints a table in Markdown, then the problems; exits
with 1 when there are any.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

try:
    import helm_python
    import jsonschema
    import kubernetes_validate
    import yaml
    from helm_python import _native
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed: pip install helm-python-sdk==0.2.2 kubernetes-validate")

from chart_values import chart_of, emitted_values
from pods import pod_problems, template_of

KUBERNETES = "1.33"

Object = dict[str, Any]
Schemas = dict[tuple[str, str], Object]
"""Of custom objects, by `apiVersion` and kind."""
Policies = dict[tuple[str, str], list[Object]]
"""The `spec` of each network policy, by stack and namespace."""


@dataclass(frozen=True)
class Release:
    """What a release installs; `broken` says why nothing is known of it."""

    where: str
    namespace: tuple[str, str]
    """With the stack that it is in."""
    chart: str
    version: str
    pinned: str
    objects: list[Object]
    definitions: list[Object]
    broken: str | None = None


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("charts", metavar="CHARTS", type=Path)
    arguments.add_argument("outs", metavar="CDKTF_OUT", type=Path, nargs="*", default=[Path("cdktf.out")])
    given = arguments.parse_args()
    files = [file for out in given.outs for file in sorted(out.glob("stacks/*/cdk.tf.json"))]
    releases = [release for file in files for release in _releases(file, given.charts)]
    if not releases:
        print(f"no Helm release below {', '.join(map(str, given.outs))}", file=sys.stderr)
        return 1
    schemas = _custom_schemas(each for release in releases for each in (*release.objects, *release.definitions))
    policies: Policies = {}
    for release in releases:
        selecting = [each["spec"] for each in release.objects if each["kind"] == "NetworkPolicy"]
        policies.setdefault(release.namespace, []).extend(selecting)
    checked = [
        (release, [*_problems(release, schemas), *_policy_problems(release, policies[release.namespace])])
        for release in releases
    ]
    print(_table(checked))
    for release, problems in checked:
        for problem in problems:
            print(f"{release.where}: {problem}")
    return 1 if any(problems for _, problems in checked) else 0


def _releases(file: Path, charts: Path) -> Iterator[Release]:
    stack = json.loads(file.read_text(encoding="utf-8"))
    for id, block in stack.get("resource", {}).get("helm_release", {}).items():
        local = file.parent / block["chart"]
        source = local if local.is_dir() else charts / chart_of(block)
        namespace = (str(file.parent), _known(block.get("namespace", "default")))
        yield _rendered(f"{file.parent.name}: {id}", namespace, block, source)


def _rendered(where: str, namespace: tuple[str, str], block: Object, source: Path) -> Release:
    pinned = str(block.get("version", ""))
    if not source.is_dir():
        return Release(where, namespace, source.name, pinned, pinned, [], [], broken=f"{source} is missing")
    with helm_python.Chart.load(source) as chart:
        definitions = [each for file in chart.crds for each in _documents(file["data"])]
        about = (where, namespace, chart.name, chart.version, pinned)
        try:
            return Release(*about, list(_objects(chart, block)), definitions)
        except helm_python.HelmError as error:
            return Release(*about, [], definitions, broken=f"does not render: {error}")


def _objects(chart: helm_python.Chart, block: Object) -> Iterator[Object]:
    """What an install makes. `Chart.render` of 0.2.2 cannot say for which Kubernetes; the library behind it can."""
    options = {
        "name": _known(block["name"]),
        "namespace": _known(block.get("namespace", "default")),
        "is_install": True,
        "kube_version": f"v{KUBERNETES}.0",
    }
    values = json.dumps(emitted_values(block, number=5432))
    rendered = json.loads(_native.call_string("helm_render", chart._raw(), values, json.dumps(options)))
    for path, text in sorted(rendered.items()):
        if path.endswith(".txt"):
            continue
        for each in _documents(text):
            hooks = (each["metadata"].get("annotations") or {}).get("helm.sh/hook", "")
            if "test" not in hooks:  # `helm test` alone makes those
                yield each


def _documents(text: str) -> Iterator[Object]:
    for document in filter(None, yaml.safe_load_all(text)):
        yield from document["items"] if document["kind"] == "List" else [document]


def _known(text: str) -> str:
    return "token" if "${" in text else text


def _problems(release: Release, schemas: Schemas) -> Iterator[str]:
    if release.broken:
        yield release.broken
    elif release.pinned not in ("", release.version):
        yield f"{release.version} was rendered, {release.pinned} is asked for"
    for each in release.objects:
        for problem in (*_schema_problems(each, schemas), *_pod_problems(each)):
            yield f"{each['kind']} {each['metadata'].get('name')}: {problem}"


def _schema_problems(each: Object, schemas: Schemas) -> Iterator[str]:
    custom = schemas.get((each["apiVersion"], each["kind"]))
    try:
        if custom:
            jsonschema.validate(each, custom)
        else:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    except jsonschema.ValidationError as error:  # of both
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
    except kubernetes_validate.SchemaNotFoundError:
        yield f"nothing is known of {each['apiVersion']}"


def _custom_schemas(objects: Iterator[Object]) -> Schemas:
    return {
        (f"{each['spec']['group']}/{version['name']}", each["spec"]["names"]["kind"]): _closed(
            version["schema"]["openAPIV3Schema"]
        )
        for each in objects
        if each["kind"] == "CustomResourceDefinition"
        for version in each["spec"]["versions"]
    }


def _closed(schema: Object) -> Object:
    """The API server drops a field that it does not know without a word; here it is an error."""
    closed = dict(schema)
    if "properties" in schema:
        closed["properties"] = {name: _closed(each) for name, each in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed.setdefault("additionalProperties", False)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            closed[inner] = _closed(schema[inner])
    if schema.get("nullable"):
        closed["type"] = [schema["type"], "null"]
    return closed


def _policy_problems(release: Release, policies: list[Object]) -> Iterator[str]:
    """Pods that no policy, or more than one, is for; ports that are let in to, and where none of the pods listens."""
    for each in release.objects if policies else []:
        if (template := template_of(each)) is None:
            continue
        mine = [policy for policy in policies if _is_for(policy, template["metadata"].get("labels") or {})]
        open_ = {
            port["port"] for policy in mine for rule in policy.get("ingress", []) for port in rule.get("ports", [])
        }
        containers = template["spec"]["containers"]
        listening = {port["containerPort"] for container in containers for port in container.get("ports") or []}
        if len(mine) != 1:
            yield f"{each['kind']} {each['metadata']['name']}: {len(mine)} network policies are for its pods"
        if deaf := sorted(open_ - listening):
            yield f"{each['kind']} {each['metadata']['name']}: nobody listens on {deaf}, which is let in to"


def _is_for(policy: Object, labels: dict[str, str]) -> bool:
    """Those for every pod of a namespace are for none in particular."""
    wanted = policy["podSelector"].get("matchLabels")
    return bool(wanted) and wanted.items() <= labels.items()


def _pod_problems(each: Object) -> Iterator[str]:
    """Which namespaces enforce less than `restricted`, the tests know (`tests/test_pods.py`)."""
    if template := template_of(each):
        yield from pod_problems(template["spec"])


def _table(checked: list[tuple[Release, list[str]]]) -> str:
    """One line for each chart, for docs/testing.md."""
    lines = [
        f"Rendered on {date.today()} with Helm {helm_python.helm_sdk_version()} for Kubernetes {KUBERNETES}:",
        "",
        "| Chart | Version | Releases | Objects | Problems |",
        "|---|---|---|---|---|",
    ]
    for chart, version in sorted({(release.chart, release.version) for release, _ in checked}):
        same = [each for each in checked if (each[0].chart, each[0].version) == (chart, version)]
        objects = sum(len(release.objects) for release, _ in same)
        problems = sum(len(problems) for _, problems in same)
        lines.append(f"| {chart} | {version} | {len(same)} | {objects} | {problems} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
