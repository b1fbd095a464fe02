"""What is installed of floe-runtime, in which order, and with which values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cdktf import App

from floe_infra.config import PlatformConfig
from floe_infra.config.document import Document
from floe_infra.platform import FloePlatform
from handoff.handed_over import resolved
from synthesized import resources

ROOT = Path(__file__).parents[2]
PRODUCTION = Document.read(ROOT / "floe-infra.yaml").data
REPOSITORY = {"repository": "oci://registry.example.com/charts", "version": "0.1.0"}
RUNTIME = {**PRODUCTION.get("runtime", {}), "image": "registry.example.com/lake/pipelines:3f2c1ab"}


def services(**orchestration: Any) -> dict[str, Any]:
    data = {**PRODUCTION, "runtime": RUNTIME, "orchestration": {"enabled": True, **orchestration}}
    platform = FloePlatform(App(), "platform", PlatformConfig.model_validate(data))
    assert platform.services
    return json.loads(json.dumps(platform.services.to_terraform()))


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    return services(chart={**REPOSITORY, "cube_version": "0.2.0"})


def release(stack: dict[str, Any], chart: str) -> dict[str, Any]:
    return resources(stack, "helm_release")[f"orchestration/{chart}/release"]


@pytest.mark.parametrize("chart", ["floe-dagster", "floe-cube"])
def test_it_is_installed_with_what_is_handed_over(stack, chart):
    """Once Terraform knows everything."""
    [values] = release(stack, chart)["values"]
    handed_over = stack["output"]["handoff"]["value"][f"{chart}/values-prod.yaml"]
    assert json.loads(resolved(values)) == yaml.safe_load(resolved(handed_over))


def test_charts_keep_the_names_that_they_know_each_other_by(stack):
    dagster, cube = release(stack, "floe-dagster"), release(stack, "floe-cube")
    assert (dagster["name"], dagster["version"]) == ("floe-dagster", "0.1.0")
    assert (cube["name"], cube["version"]) == ("floe-cube", "0.2.0")
    assert {each["repository"] for each in (dagster, cube)} == {"oci://registry.example.com/charts"}
    assert {each["namespace"] for each in (dagster, cube)} == {"floe"}


def test_it_comes_up_after_everything_that_it_is_told_of(stack):
    paths = {f"helm_release.{name}": path for name, path in _paths(stack).items()}

    def before(address: str) -> set[str]:
        block = stack["resource"]["helm_release"][address.removeprefix("helm_release.")]
        direct = [each for each in block.get("depends_on", []) if each in paths]
        return {paths[each] for each in direct}.union(*map(before, direct))

    [dagster] = [address for address, path in paths.items() if path == "orchestration/floe-dagster/release"]
    needed = before(dagster)
    for part in ("database/", "catalog/", "compute/", "telemetry/", "lineage/", "runtime/", "network_policies/floe"):
        assert any(path.startswith(part) for path in needed), part
    [cube] = [address for address, path in paths.items() if path == "orchestration/floe-cube/release"]
    assert "orchestration/floe-dagster/release" in before(cube)


def _paths(stack: dict[str, Any]) -> dict[str, str]:
    blocks = stack["resource"]["helm_release"]
    return {name: block["//"]["metadata"]["path"].split("/", 1)[1] for name, block in blocks.items()}


def test_charts_in_a_folder_have_no_version(tmp_path):
    for name in ("floe-dagster", "floe-cube"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Chart.yaml").write_text(f"name: {name}\n")
    dagster = release(services(chart={"path": str(tmp_path)}, timeout_seconds=300), "floe-dagster")
    assert dagster["chart"] == f"{tmp_path}/floe-dagster"
    assert not {"repository", "version"} & dagster.keys()
    assert dagster["timeout"] == 300


def test_cube_may_be_left_out():
    stack = services(chart=REPOSITORY, cube=False)
    assert [path for path in resources(stack, "helm_release") if path.startswith("orchestration/")] == [
        "orchestration/floe-dagster/release"
    ]


def test_next_steps_do_not_install_what_is_installed(stack):
    text = stack["output"]["handoff"]["value"]["NEXT_STEPS.md"]
    assert "helm -n floe status floe-dagster" in text
    assert "helm upgrade" not in text


def test_off_by_default():
    assert not PlatformConfig.model_validate(PRODUCTION).orchestration.enabled
