"""Charts that Helm could not install are refused, at the place where the file names them."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from floe_infra.config import PlatformConfig
from floe_infra.fields import Finding
from floe_infra.orchestration import OrchestrationConfig

GONE = '{"$ref": "https://kubernetesjsonschema.dev/v1.18.0/_definitions.json#/definitions/affinity"}'


@pytest.fixture
def charts(tmp_path: Path) -> Path:
    """As in floe-runtime, after `helm dependency build` and without schemas."""
    for name, depends in {"floe-dagster": "dependencies: [{name: dagster, version: 1.9.x}]\n", "floe-cube": ""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n{depends}")
    (tmp_path / "floe-dagster/charts/dagster").mkdir(parents=True)
    return tmp_path


def findings(**fields: Any) -> list[Finding]:
    with pytest.raises(ValidationError) as error:
        OrchestrationConfig.model_validate({"enabled": True, **fields})
    return [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]


def in_folder(path: Path, **fields: Any) -> Finding:
    [only] = findings(chart={"path": str(path)}, **fields)
    assert only.path == ("chart", "path")
    return only


def test_a_folder_with_both_charts(charts):
    config = OrchestrationConfig.model_validate({"enabled": True, "chart": {"path": str(charts)}})
    assert config.charts == ("floe-dagster", "floe-cube")


def test_nothing_is_looked_at_until_it_is_enabled(tmp_path):
    assert OrchestrationConfig.model_validate({"chart": {"path": str(tmp_path / "none")}}).chart


def test_a_folder_that_is_not_there(tmp_path):
    found = in_folder(tmp_path / "none")
    assert found.message == f"there is no folder {tmp_path / 'none'}"
    assert "demo/platform-config/charts" in found.fix


@pytest.mark.parametrize("chart", ["floe-dagster", "floe-cube"])
def test_a_folder_without_one_of_the_charts(charts, chart):
    (charts / chart / "Chart.yaml").unlink()
    assert in_folder(charts).message.endswith(f"{chart}/Chart.yaml is missing")


def test_cube_may_be_left_out(charts):
    (charts / "floe-cube/Chart.yaml").unlink()
    given = {"enabled": True, "chart": {"path": str(charts)}, "cube": False}
    assert OrchestrationConfig.model_validate(given).charts == ("floe-dagster",)


@pytest.mark.parametrize("text", ["[", "- a", "dependencies: [{version: 1}]", "dependencies: 3"])
def test_a_chart_that_is_none(charts, text):
    (charts / "floe-dagster/Chart.yaml").write_text(text)
    assert in_folder(charts).message.endswith("Chart.yaml says of no chart what it is")


def test_a_chart_without_what_it_depends_on(charts):
    (charts / "floe-dagster/charts/dagster").rmdir()
    found = in_folder(charts)
    assert found.message == "floe-dagster lacks dagster, which it depends on"
    assert found.fix == f"helm dependency build {charts}/floe-dagster"


def test_a_schema_whose_definitions_are_gone(charts):
    schema = charts / "floe-dagster/charts/dagster/charts/dagster-user-deployments/values.schema.json"
    schema.parent.mkdir(parents=True)
    schema.write_text(GONE)
    found = in_folder(charts)
    assert found.message.startswith("dagster's values.schema.json takes definitions from an address that is gone")
    assert found.fix == f"find {charts}/floe-dagster/charts/dagster -name values.schema.json -delete"
    schema.write_text('{"$ref": "https://schemas.example.com/affinity.json"}')
    assert OrchestrationConfig.model_validate({"enabled": True, "chart": {"path": str(charts)}})


def test_a_packed_dependency_is_looked_into(charts):
    folder, packed = charts / "floe-dagster/charts/dagster", charts / "floe-dagster/charts/dagster-1.9.13.tgz"
    (folder / "values.schema.json").write_text(GONE)
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(folder, "dagster")
    (folder / "values.schema.json").unlink()
    folder.rmdir()
    assert in_folder(charts).fix.startswith(f"tar -xzf {packed} -C {folder.parent} && rm {packed} && find {folder}")


@pytest.mark.parametrize(
    ("chart", "path"),
    [
        (None, ("chart",)),
        ({}, ("chart",)),
        ({"path": "charts", "repository": "oci://registry.example.com/charts", "version": "0.1.0"}, ("chart",)),
        ({"repository": "oci://registry.example.com/charts"}, ("chart", "version")),
        ({"path": "charts", "version": "0.1.0"}, ("chart", "version")),
    ],
)
def test_charts_come_from_one_place_in_one_version(chart, path):
    with pytest.raises(ValidationError) as error:
        OrchestrationConfig.model_validate({"enabled": True, "chart": chart})
    [each] = error.value.errors()
    [found] = each["ctx"]["findings"]
    assert (*each["loc"], *found.path) == path


@pytest.mark.parametrize("version", ["latest", "0.1", "^0.1.0", ">=0.1.0"])
def test_a_version_is_one(version):
    with pytest.raises(ValidationError, match="one version in full"):
        OrchestrationConfig.model_validate({"chart": {"repository": "oci://r.example.com/c", "version": version}})


@pytest.mark.parametrize("url", ["oci://me:pw@r.example.com/c", "charts", "ftp://r.example.com"])
def test_a_repository_is_an_address_without_a_login(url):
    with pytest.raises(ValidationError, match="without a login"):
        OrchestrationConfig.model_validate({"chart": {"repository": url, "version": "0.1.0"}})


def platform(**sections: Any) -> list[Finding]:
    given = {
        "name": "acme",
        "environment": "dev",
        "cloud": {"region": "eu-west-1", "account_id": "111122223333"},
        "orchestration": {"enabled": True, "chart": {"repository": "oci://r.example.com/c", "version": "0.1.0"}},
    }
    with pytest.raises(ValidationError) as error:
        PlatformConfig.model_validate({**given, **sections})
    return [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]


def test_pipelines_are_in_an_image():
    [found] = platform()
    assert found.path == ("runtime",)
    assert found.allowed == "image: <repository>:<tag>"


@pytest.mark.parametrize("section", ["cluster", "runtime"])
def test_charts_run_somewhere(section):
    [found, *_] = platform(**{section: {"kind": "none"}})
    assert found.path == ("orchestration", "enabled")
    assert f"`{section}` is `kind: none`" in found.message
