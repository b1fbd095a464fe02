"""What is handed over, of every example."""

from __future__ import annotations

import json
import re
from textwrap import dedent

import pytest
import yaml

from .handed_over import EXAMPLES, ROOT, handed_over
from .platform_spec import PlatformSpec

SHARED = ROOT.parent / "shared" / "floe"
ALWAYS = {"platform.yaml", "pyiceberg.yaml", "duckdb-attach.sql", "trino/iceberg.properties", "NEXT_STEPS.md"}
GOLDEN = {"production": ROOT / "floe-infra.yaml", "local": ROOT / "examples/local.yaml"}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """By example, its files."""
    return {example.stem: handed_over(example, tmp_path_factory.mktemp("out")) for example in EXAMPLES}


@pytest.mark.parametrize("example", [example.stem for example in EXAMPLES])
def test_platform_yaml_obeys_floe_runtimes_schema(bundles, example):
    text = bundles[example]["platform.yaml"]
    spec = PlatformSpec.model_validate(yaml.safe_load(text))
    assert spec.version == "1.2.0"
    assert {"default", *spec.layers} == set(spec.storage)
    assert set(spec.catalogs) == set(spec.compute) == {"default"}
    assert "null" not in text
    assert not re.search(r"[&*]\w+\s", text)  # no anchors


@pytest.mark.parametrize("example", [example.stem for example in EXAMPLES])
def test_every_example_hands_over_what_its_parts_need(bundles, example):
    files = bundles[example]
    assert set(files) >= ALWAYS
    values = {name for name in files if "values-" in name}
    environment = next(iter(values)).rpartition("-")[2] if values else ""
    assert values in (set(), {f"floe-dagster/values-{environment}", f"floe-cube/values-{environment}"})
    for name, text in files.items():
        if name.endswith((".yaml", ".yml")):
            assert yaml.safe_load(text), name
        assert "TfToken" not in text
        assert text.endswith("\n")


@pytest.mark.parametrize("example", [example.stem for example in EXAMPLES])
def test_dagster_mounts_exactly_the_platform_yaml_beside_it(bundles, example):
    files = bundles[example]
    for name in [name for name in files if name.startswith("floe-dagster/")]:
        values = yaml.safe_load(files[name])
        assert values["floe"]["platformSpec"]["content"] == files["platform.yaml"]
        assert {values["polarisInit"]["enabled"], values["postInstallValidation"]["enabled"]} == {False}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files(bundles, name, snapshot):
    for file, text in sorted(bundles[GOLDEN[name].stem].items()):
        assert text == snapshot(name=file)


def test_the_schema_is_as_strict_as_floe_runtimes():
    if not SHARED.exists():
        pytest.skip("floe-runtime's own files are not here")
    for environment in ("dev", "prod"):  # which it refuses too
        with pytest.raises(ValueError, match="validation error"):
            PlatformSpec.model_validate(yaml.safe_load((SHARED / f"platform-{environment}.yaml").read_text()))


def test_a_bucket_for_what_runs_print_is_in_both_files(bundles):
    files = bundles["floe-infra"]
    logs = yaml.safe_load(files["platform.yaml"])["observability"]["compute_logs"]
    manager = yaml.safe_load(files["floe-dagster/values-prod.yaml"])["dagster"]["computeLogManager"]
    assert manager["config"]["s3ComputeLogManager"]["bucket"] == logs["bucket"]
    assert manager["config"]["s3ComputeLogManager"]["prefix"] == logs["prefix"]


def test_the_output_is_for_terraform_users_too(tmp_path):
    from floe_infra.config import load
    from floe_infra.synthesis import synthesize

    foundation, services = synthesize(load(ROOT / "floe-infra.yaml"), tmp_path / "cdktf.out")
    outputs = [json.loads(stack.file.read_text())["output"] for stack in (foundation, services)]
    assert ["handoff" in each for each in outputs] == [False, True]
    assert not outputs[1]["handoff"].get("sensitive")


def test_hcl_holds_the_same_text(tmp_path):
    from floe_infra.config import load
    from floe_infra.synthesis import synthesize

    config = load(ROOT / "floe-infra.yaml")
    expected = json.loads(synthesize(config, tmp_path / "json")[-1].file.read_text())["output"]["handoff"]["value"]
    hcl = synthesize(config, tmp_path / "hcl", hcl=True)[-1].file.read_text()
    for name in ("duckdb-attach.sql", ".env.example", "trino/iceberg.properties"):
        begin = rf'^ *"{re.escape(name)}" += '
        if heredoc := re.search(rf"{begin}<<-EOT\n((?:.*\n)*?) *EOT$", hcl, re.MULTILINE):
            text = dedent(heredoc[1])
        else:
            [text] = map(json.loads, re.findall(f'{begin}(".*")$', hcl, re.MULTILINE))
        assert text == expected[name]
