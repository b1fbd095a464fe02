"""A whole platform on no cloud: everything in a cluster that a kubeconfig names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chart_values import emitted_values, value_problems
from floe_infra.config import PlatformConfig, load
from floe_infra.synthesis import synthesize
from provider_schema import conformance_problems
from synthesized import resources

EXAMPLE = Path(__file__).parents[1] / "examples/local-cluster.yaml"
_SYNTHESIZE = """
import sys
from pathlib import Path
from floe_infra.config import load
from floe_infra.synthesis import synthesize
synthesize(load(sys.argv[1]), Path(sys.argv[2]))
print(*sorted({name.split(".")[0] for name in sys.modules if name.startswith("cdktf_cdktf_provider_")}))
"""


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    out = tmp_path_factory.mktemp("out") / "cdktf.out"
    return {
        stack.name.rpartition("-")[2]: json.loads(stack.file.read_text()) for stack in synthesize(load(EXAMPLE), out)
    }


def everything(stacks: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects of our own, each with the namespace that it gets."""
    return [
        {**each, "namespace": each["metadata"].get("namespace", block["namespace"])}
        for block in resources(stacks["services"], "helm_release").values()
        for each in emitted_values(block).get("manifests", [])
    ]


def test_no_clouds_bindings_are_loaded(tmp_path: Path):
    arguments = [sys.executable, "-c", _SYNTHESIZE, str(EXAMPLE), str(tmp_path / "cdktf.out")]
    loaded = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["cdktf_cdktf_provider_helm", "cdktf_cdktf_provider_kubernetes"]


def test_the_foundation_makes_nothing(stacks):
    assert "provider" not in stacks["foundation"]
    assert "resource" not in stacks["foundation"]
    assert stacks["foundation"]["output"]["cluster_name"]["value"] == "kind-floe"
    assert "cluster_endpoint" not in stacks["foundation"]["output"]
    assert "runtime_role_arn" not in stacks["foundation"]["output"]


def test_providers_read_the_kubeconfig_themselves(stacks):
    place = {"config_path": "~/.kube/config", "config_context": "kind-floe"}
    assert stacks["services"]["provider"] == {"helm": [{"kubernetes": place}], "kubernetes": [place]}


def test_each_namespace_may_read_what_it_copies_and_all_of_that_is_made(stacks):
    copied: dict[str, set[str]] = {}
    made, readable = set(), {}
    for each in everything(stacks):
        if each["kind"] == "Role":
            namespace = each["metadata"]["name"].removeprefix("secret-reader-")
            readable[namespace] = set(each["rules"][0]["resourceNames"])
        elif each["kind"] == "ExternalSecret" and each["namespace"] == "secrets":
            made.add(each["spec"]["target"]["name"])
        elif each["kind"] == "ExternalSecret":
            sources = {source["extract"]["key"] for source in each["spec"]["dataFrom"]}
            copied.setdefault(each["namespace"], set()).update(sources)
    assert copied == readable
    assert set.union(*readable.values()) == made
    assert {"in-cluster-postgresql-admin", "storage-credentials", "polaris-root"} <= made


def test_all_of_it_is_understood(stacks):
    assert [problem for stack in stacks.values() for problem in conformance_problems(stack)] == []
    assert value_problems(stacks["services"]) == []


def test_the_runtime_finds_the_storages_keys(stacks):
    [copy] = [each for each in everything(stacks) if each["metadata"]["name"] == "floe-dagster-storage-secret"]
    assert copy["namespace"] == "floe"
    assert set(copy["spec"]["target"]["template"]["data"]) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_without_a_cluster_nothing_is_left():
    config = PlatformConfig.model_validate(
        {"name": "acme", "environment": "local", "cloud": {"provider": "local"}, "cluster": {"kind": "none"}}
    )
    assert {kind.kind for section, kind in config if hasattr(kind, "kind") and section != "state"} == {"none"}
