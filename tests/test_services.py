"""The services stack as a whole: in what order it comes up, and what depends on what."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chart_values import emitted_values
from floe_infra.config import PlatformConfig
from floe_infra.config.document import Document
from floe_infra.platform import FloePlatform
from in_cluster import releases

ROOT = Path(__file__).parents[1]
PRODUCTION = Document.read(ROOT / "floe-infra.yaml").data
SMALL = Document.read(ROOT / "examples/aws-duckdb.yaml").data


def services(data: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """The services stack of a platform, with some sections replaced."""
    from cdktf import App

    platform = FloePlatform(App(), "platform", PlatformConfig.model_validate({**data, **sections}))
    assert platform.services
    return json.loads(json.dumps(platform.services.to_terraform()))


@pytest.fixture(scope="module")
def production() -> dict[str, Any]:
    return services(PRODUCTION)


def comes_after(stack: dict[str, Any]) -> dict[str, set[str]]:
    """By release, every release that must be ready before it."""
    blocks = stack["resource"]["helm_release"]
    names = {f"helm_release.{address}": f"{block['namespace']}/{block['name']}" for address, block in blocks.items()}

    def before(address: str) -> set[str]:
        direct = [each for each in blocks[address.partition(".")[2]].get("depends_on", []) if each in names]
        return set(direct).union(*map(before, direct))

    return {name: {names[each] for each in before(address)} for address, name in names.items()}


def test_everything_comes_up_after_what_it_needs(production):
    after = comes_after(production)
    assert "external-secrets/external-secrets" in after["database/databases"]
    assert "database/databases" in after["catalog/polaris"]
    assert "database/databases" in after["observability/marquez"]
    assert "observability/jaeger" in after["observability/otel-collector"]
    assert {"catalog/polaris", "observability/otel-collector", "observability/marquez"} <= after["query/trino"]
    for name, before in after.items():
        namespace = name.partition("/")[0]
        if namespace != "kube-system" and not name.endswith("/limits"):
            assert f"{namespace}/limits" in before, name


def test_secrets_are_there_before_what_reads_them(production):
    after = comes_after(production)
    for namespace, name in (("catalog", "polaris"), ("query", "trino"), ("observability", "marquez")):
        copied = {each for each in after[f"{namespace}/{name}"] if each.endswith("-secrets") and namespace in each}
        assert copied, name


def namespaces(stack: dict[str, Any], *but: str) -> dict[str, Any]:
    """The values of every release outside of some namespaces, but for the network policies, which name all ends."""
    return {
        f"{block['namespace']}/{block['name']}": block["values"]
        for block in stack["resource"]["helm_release"].values()
        if block["namespace"] not in but and block["name"] != "network-policies"
    }


def test_another_catalog_leaves_the_services_beside_it_alone(production):
    """But for the databases, one of which is the catalog's own, and what logs in to the catalog."""
    other = services(PRODUCTION, catalog={"kind": "nessie"})
    elsewhere = ("catalog", "database", "query", "floe")
    assert namespaces(other, *elsewhere) == namespaces(production, *elsewhere)
    trino = [releases(stack)["trino"]["values"] for stack in (production, other)]
    assert trino[0]["catalogs"].pop("iceberg") != trino[1]["catalogs"].pop("iceberg")
    assert {**trino[0], "envFrom": []} == {**trino[1], "envFrom": []}


def test_another_engine_leaves_the_services_beside_it_alone(production):
    """But for the catalog, which gets a client less."""
    other = services(PRODUCTION, compute={"kind": "duckdb"})
    elsewhere = ("query", "catalog")
    assert namespaces(other, *elsewhere) == namespaces(production, *elsewhere)
    before, after = (releases(stack)["polaris"]["values"] for stack in (production, other))
    assert before == after


def test_services_may_share_a_namespace():
    """Nothing of one is called like something of another."""
    sections = ("database", "secrets", "catalog", "compute", "telemetry", "traces", "lineage", "runtime")
    shared = {section: {**PRODUCTION.get(section, {}), "namespace": "data"} for section in sections}
    stack = services(PRODUCTION, **shared)
    blocks = stack["resource"]["helm_release"].values()
    assert Counter((block["namespace"], block["name"]) for block in blocks).most_common(1)[0][1] == 1
    made = Counter(
        (manifest["kind"], manifest["metadata"]["name"])
        for block in blocks
        for manifest in emitted_values(block).get("manifests", [])
    )
    assert [name for name, times in made.items() if times > 1] == []


def test_the_smallest_platform_has_no_more_than_it_asks_for():
    names = set(releases(services(SMALL)))
    assert {"polaris", "databases", "external-secrets"} <= names
    assert not names & {"trino", "jaeger", "otel-collector", "marquez"}


def test_a_mirror_serves_every_chart():
    stack = services(PRODUCTION, kubernetes={"charts": {"repository": "oci://registry.example.com/charts"}})
    repositories = {block.get("repository") for block in stack["resource"]["helm_release"].values()}
    assert repositories == {"oci://registry.example.com/charts", None}, "None: the chart that comes with us"


def test_a_platform_without_a_cluster_loads_no_bindings_of_helm_and_kubernetes(tmp_path):
    program = (
        "import sys; import floe_infra.fast; from cdktf import App; from floe_infra import load, FloePlatform; "
        f"app = App(outdir='out'); FloePlatform(app, 'platform', load({str(ROOT / 'examples/local.yaml')!r})); "
        "app.synth(); "
        "print([name for name in sys.modules if name.startswith('cdktf_cdktf_provider_') and '.' not in name])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['cdktf_cdktf_provider_aws']"
