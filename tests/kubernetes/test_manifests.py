from __future__ import annotations

from typing import Any

from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_helm.provider import HelmProvider

from floe_infra.kubernetes.manifests import Manifests
from in_cluster import objects, releases, site, synthesized

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "{{ b }} ${c}"}}


def test_objects_arrive_as_they_are():
    def make(stack: Any) -> None:
        site().manifests(stack, "objects", name="x", namespace="catalog", manifests=[CONFIG_MAP])

    stack = synthesized(make)
    assert objects(stack) == {"ConfigMap/x": CONFIG_MAP}
    assert releases(stack)["x"]["wait_for_jobs"] is True


def test_the_chart_is_copied_once_and_named_without_a_path_of_this_machine(tmp_path):
    app = App(outdir=str(tmp_path / "out"))
    stack = TerraformStack(app, "stack")
    LocalBackend(stack, path="x.tfstate")
    HelmProvider(stack, "helm")
    made = [Manifests(stack, name, name=name, namespace="x", manifests=[CONFIG_MAP]) for name in ("one", "two")]
    app.synth()
    [chart] = {each.release.chart_input for each in made}
    assert chart.startswith("./assets/manifests_chart/")
    folder = tmp_path / "out/stacks/stack" / chart
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["Chart.yaml", "manifests.yaml"]


def test_later_changes_of_what_was_passed_change_nothing():
    manifest = {"metadata": {"labels": {"a": "b"}}}

    def make(stack: Any) -> None:
        made = site().manifests(stack, "objects", name="x", namespace="y", manifests=[manifest])
        manifest["metadata"]["labels"]["a"] = "changed"
        assert made.manifests[0]["metadata"]["labels"]["a"] == "b"

    synthesized(make)
