"""Whole platforms on Google Cloud: what they load, and that no part of them needs another cloud."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from chart_values import value_problems
from floe_infra.config import PlatformConfig, load
from floe_infra.synthesis import synthesize
from provider_schema import conformance_problems
from synthesized import resources

ROOT = Path(__file__).parents[1]
GOOGLE = {"provider": "gcp", "project": "acme-data", "region": "europe-west4"}
_SYNTHESIZE = """
import sys
from pathlib import Path
from floe_infra.config import load
from floe_infra.synthesis import synthesize
synthesize(load(sys.argv[1]), Path(sys.argv[2]))
print(*sorted({name.split(".")[0] for name in sys.modules if name.startswith("cdktf_cdktf_provider_")}))
"""


@pytest.mark.parametrize(
    ("example", "cloud"),
    [("floe-infra.yaml", "aws"), ("examples/gcp-prod.yaml", "google")],
)
def test_a_platform_loads_the_bindings_of_its_own_cloud_alone(example: str, cloud: str, tmp_path: Path):
    arguments = [sys.executable, "-c", _SYNTHESIZE, str(ROOT / example), str(tmp_path / "cdktf.out")]
    loaded = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split()
    assert loaded == sorted(f"cdktf_cdktf_provider_{each}" for each in (cloud, "helm", "kubernetes"))


def stacks(config: PlatformConfig, out: Path) -> dict[str, dict[str, Any]]:
    return {
        stack.name.rpartition("-")[2]: json.loads(stack.file.read_text())
        for stack in synthesize(config, out / "cdktf.out")
    }


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return stacks(load(ROOT / "examples/gcp-prod.yaml"), tmp_path_factory.mktemp("out"))


_COUNTERPARTS = {"floe-infra.yaml": "examples/gcp-prod.yaml", "examples/aws-dev.yaml": "examples/gcp-dev.yaml"}
_KINDS = {
    "s3": "gcs",
    "vpc": "gcp_network",
    "eks": "gke",
    "rds": "cloud_sql",
    "external_secrets": "secret_manager",
}
"""Google's kind for each of AWS'; what runs in any cluster keeps its own."""


def _read(file: str) -> dict[str, Any]:
    return YAML(typ="safe").load(ROOT / file)


def _on_google(section: Any) -> Any:
    """A section of a file for AWS as one of a file for Google."""
    if isinstance(section, dict) and section.get("kind") in _KINDS:
        return section | {"kind": _KINDS[section["kind"]]}
    return section


@pytest.mark.parametrize(("aws", "gcp"), _COUNTERPARTS.items())
def test_the_example_is_awss_with_another_cloud_and_other_kinds_and_nothing_else(aws: str, gcp: str):
    ours, theirs = _read(aws), _read(gcp)
    assert {**{name: _on_google(section) for name, section in ours.items()}, "cloud": theirs["cloud"]} == theirs
    assert ours["cloud"].get("tags") == theirs["cloud"].get("labels")


@pytest.mark.parametrize(("aws", "gcp"), _COUNTERPARTS.items())
def test_a_file_for_aws_becomes_one_for_google(aws: str, gcp: str, tmp_path: Path):
    """It makes what the example for Google makes."""
    cloud = _read(gcp)["cloud"]
    rewritten = {**{name: _on_google(section) for name, section in _read(aws).items()}, "cloud": cloud}
    made = stacks(PlatformConfig.model_validate(rewritten), tmp_path / "rewritten")
    assert made == stacks(load(ROOT / gcp), tmp_path / "example")


def test_everything_of_the_clouds_is_googles(production):
    types = {type for stack in production.values() for type in (*stack["resource"], *stack.get("data", {}))}
    clouds = {type.partition("_")[0] for type in types}
    assert clouds == {"google", "helm", "kubernetes", "terraform"}


def test_all_of_it_is_understood(production):
    assert [problem for stack in production.values() for problem in conformance_problems(stack)] == []
    assert value_problems(production["services"]) == []


def test_services_log_in_with_googles_plugin(production):
    [provider] = production["services"]["provider"]["kubernetes"]
    [plugin] = provider["exec"]
    assert plugin == {
        "api_version": "client.authentication.k8s.io/v1beta1",
        "command": "gke-gcloud-auth-plugin",
        "args": ["--use_application_default_credentials"],
    }


def test_no_key_of_any_account_is_made(production):
    for type in ("google_service_account_key", "google_storage_hmac_key"):
        assert resources(production["foundation"], type) == {}


def test_every_account_can_be_acted_as_by_one_service_account_or_by_whom_it_is_lent(production):
    foundation = production["foundation"]
    acted_as = resources(foundation, "google_service_account_iam_member").values()
    members = [block["member"] for block in acted_as]
    assert len(members) == len(set(members))
    roles = {"roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator"}
    assert {block["role"] for block in acted_as} == roles


def test_outputs_name_what_people_look_for(production):
    output = production["foundation"]["output"]
    assert output["runtime_service_account"]["value"].startswith("${google_service_account.")
    assert "runtime_role_arn" not in output
    assert output["warehouse"]["value"]["gold"].startswith("gs://")
    assert output["cluster_endpoint"]["value"].startswith("https://")


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
@pytest.mark.parametrize("compute", ["duckdb", "trino", "bigquery"])
def test_every_tier_with_every_engine(environment: str, compute: str, tmp_path: Path):
    config = PlatformConfig.model_validate(
        {"name": "acme", "environment": environment, "cloud": GOOGLE, "compute": {"kind": compute}}
    )
    made = stacks(config, tmp_path)
    assert [problem for stack in made.values() for problem in conformance_problems(stack)] == []


def test_without_a_cluster_there_are_buckets_network_and_database(tmp_path: Path):
    config = PlatformConfig.model_validate(
        {"name": "acme", "environment": "dev", "cloud": GOOGLE, "cluster": {"kind": "none"}}
    )
    made = stacks(config, tmp_path)
    assert set(made) == {"foundation"}
    assert {"google_storage_bucket", "google_compute_network", "google_sql_database_instance"} <= set(
        made["foundation"]["resource"]
    )
