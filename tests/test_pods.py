"""Pods of every example: ours in the manifests that are synthesized, charts' where charts can be rendered.

`FLOE_INFRA_CHARTS=<folder>` names a folder with a folder for each chart (docs/testing.md), for which `helm-python-sdk`
has to be installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chart_values import emitted_values
from floe_infra.config import PlatformConfig, load
from floe_infra.synthesis import synthesize
from pods import mounts_token, pod_problems, template_of
from strategies import KINDS
from synthesized import resources

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "floe-infra.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]
CHARTS = os.environ.get("FLOE_INFRA_CHARTS")


class Made(NamedTuple):
    """A pod's template, where it comes from, and the accounts beside it."""

    chart: str
    kind: str
    name: str
    pod: dict[str, Any]
    restricted: bool
    accounts: dict[str, dict[str, Any]]
    bindings: list[dict[str, Any]]
    namespace: str

    @property
    def account(self) -> tuple[str, str]:
        return self.namespace, self.pod.get("serviceAccountName", "default")

    @property
    def where(self) -> str:
        return f"{self.chart}/{self.name}"


LOOSER = {
    ("storage", "localstack"): "it runs as root (https://github.com/localstack/localstack/issues/12603)",
    ("runtime", "floe"): "floe-runtime's chart leaves its pods' security to the user",
}
"""Kinds in whose namespaces less than `restricted` is enforced; why."""
CALLS_API = {
    "manifests/await-secrets-*": "it waits for Secrets that a controller makes",
    "cluster-autoscaler/cluster-autoscaler": "it watches pods and nodes",
    "external-secrets/external-secrets": "it makes Secrets",
    "external-secrets/external-secrets-webhook": "it watches custom resources",
    "external-secrets/external-secrets-cert-controller": "it renews the webhook's certificate",
    "sealed-secrets/sealed-secrets-controller": "it makes Secrets",
    "sops-secrets-operator/sops-secrets-operator": "it makes Secrets",
    "openbao/openbao": "it asks the API server whose a pod's token is",
}
"""Pods with a token for the API server; why."""
CANNOT_REFUSE = {
    "nessie/nessie",
    "polaris/polaris",
    "seaweedfs/seaweedfs-all-in-one",
    "trino/trino-coordinator",
    "trino/trino-worker",
}
"""Pods with a token that they do not need, since their charts have no value against it. Their accounts may do nothing
with it: no role is bound to them, as `test_idle_tokens_open_nothing` sees."""
EXCEPTIONS = {
    "rustfs/rustfs: container init-step: has no requests.cpu, requests.memory, limits.memory": (
        "its chart has no values of an init container's resources; the namespace's LimitRange gives it some"
    )
}
"""Charts' problems that no value of theirs can mend; why."""


def test_what_is_less_than_restricted_is_listed():
    assert {key for key, kind in KINDS.items() if kind.pod_security != "restricted"} == set(LOOSER)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    return [made for file in FILES for made in _ours(load(file), tmp_path_factory.mktemp("out"))]


def _ours(config: PlatformConfig, out: Path) -> Iterator[Made]:
    for stack in synthesize(config, out):
        releases = resources(json.loads(stack.file.read_text()), "helm_release").values()
        manifests = [
            (block, each)
            for block in releases
            if "manifests_chart" in block["chart"]
            for each in emitted_values(block)["manifests"]
        ]
        yield from _templates("manifests", config, [(str(block["namespace"]), each) for block, each in manifests])


def _templates(chart: str, config: PlatformConfig, objects: list[tuple[str, dict[str, Any]]]) -> Iterator[Made]:
    looser = {need.namespace for section, need in config.needs.items() if _of(config, section) != "restricted"}
    for namespace, each in objects:
        if template := template_of(each):
            accounts = {
                other["metadata"]["name"]: other
                for where, other in objects
                if other["kind"] == "ServiceAccount" and where == namespace
            }
            bindings = [other for _, other in objects if other["kind"] in ("RoleBinding", "ClusterRoleBinding")]
            about = (chart, each["kind"], each["metadata"]["name"], template["spec"], namespace not in looser)
            yield Made(*about, accounts, bindings, namespace)


def _of(config: PlatformConfig, section: str) -> str:
    return str(getattr(config, section).pod_security)


def test_ours_are_restricted_and_have_sizes(ours: list[Made]):
    assert len(ours) > 50
    assert [f"{each.where}: {problem}" for each in ours for problem in pod_problems(each.pod)] == []


def test_ours_write_only_where_they_must(ours: list[Made]):
    for each in ours:
        for container in [*each.pod.get("initContainers", []), *each.pod["containers"]]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, each.where


def test_ours_have_a_token_only_where_they_call_the_api(ours: list[Made]):
    assert with_needless_token(ours) == set()


def with_needless_token(pods: list[Made]) -> set[str]:
    found = {each.where for each in pods if mounts_token(each.pod, each.accounts)}
    return {where for where in found if not any(fnmatch(where, pattern) for pattern in CALLS_API)}


can_render = pytest.mark.skipif(
    not (CHARTS and importlib.util.find_spec("helm_python")), reason="FLOE_INFRA_CHARTS and helm-python-sdk"
)


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    sys.path.insert(0, str(ROOT / "scripts"))
    import render_charts

    made = []
    for file in FILES:
        config = load(file)
        for stack in synthesize(config, tmp_path_factory.mktemp("out")):
            for release in render_charts._releases(stack.file, Path(CHARTS or "")):
                if release.broken and release.broken.endswith("is missing"):
                    continue  # nobody has put the chart there
                assert not release.broken, release.broken
                objects = [(release.namespace[1], each) for each in release.objects]
                made += [each for each in _templates(release.chart, config, objects) if release.chart != "manifests"]
    return made


@can_render
def test_charts_pods_keep_to_the_same(charts: list[Made]):
    assert len(charts) > 50
    found = {
        f"{each.where}: {problem}" for each in charts for problem in pod_problems(each.pod, restricted=each.restricted)
    }
    assert found == set(EXCEPTIONS)


@can_render
def test_charts_pods_have_a_token_only_where_they_call_the_api(charts: list[Made]):
    assert with_needless_token(charts) == CANNOT_REFUSE


@can_render
def test_idle_tokens_open_nothing(charts: list[Made]):
    idle = {each.account for each in charts if each.where in CANNOT_REFUSE}
    bound = {
        (subject.get("namespace"), subject["name"])
        for each in charts
        for binding in each.bindings
        for subject in binding.get("subjects") or []
    }
    assert idle & bound == set()
