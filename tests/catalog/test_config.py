"""What the catalogs' sections take, alone and beside the others."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from floe_infra.catalog import NessieConfig, PolarisConfig
from floe_infra.catalog.config import client_id, client_secret
from floe_infra.config import PlatformConfig
from floe_infra.fields import Finding
from floe_infra.needs import Needs, Password
from floe_infra.storage import S3Config

BASE = {
    "name": "acme",
    "environment": "prod",
    "cloud": {"region": "eu-west-1", "account_id": "111122223333"},
}


def platform(**sections: Any) -> PlatformConfig:
    return PlatformConfig.model_validate({**BASE, **sections})


def findings(**sections: Any) -> list[Finding]:
    with pytest.raises(ValidationError) as error:
        platform(**sections)
    return [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]


def test_glue_wants_s3():
    [finding] = findings(environment="dev", catalog={"kind": "glue"}, storage={"kind": "rustfs"})
    assert finding.path == ("catalog", "kind")
    assert "rustfs is in the cluster" in finding.message


@pytest.mark.parametrize("kind", [PolarisConfig, NessieConfig])
def test_autoscaling_goes_up(kind):
    with pytest.raises(ValidationError, match="max_replicas 2 is below replicas 3"):
        kind(replicas=3, max_replicas=2)
    assert kind(replicas=3, max_replicas=None).max_replicas is None


@pytest.mark.parametrize("kind", [PolarisConfig, NessieConfig])
def test_the_warehouse_is_called_like_the_platform_without_hyphens(kind):
    assert kind().warehouse_name(prefix="acme-prod") == "acme_prod"
    assert kind(warehouse="lake").warehouse_name(prefix="acme-prod") == "lake"


def test_polaris_knows_its_clients_before_they_come():
    config = platform(catalog={"kind": "polaris"}, compute={"kind": "trino"})
    need = config.needs["catalog"]
    assert need.storage == "lend"
    assert need.databases == ("polaris",)
    assert set(need.secrets) == {
        "polaris-root",
        "polaris-token-key",
        client_secret("runtime"),
        client_secret("trino"),
    }
    assert need.secrets[client_secret("trino")]["client_id"] == client_id("trino") == "floe-trino"
    assert isinstance(need.secrets[client_secret("trino")]["client_secret"], Password)


def test_nessie_makes_no_credentials_and_its_clients_act_as_themselves():
    config = platform(catalog={"kind": "nessie"})
    assert config.needs["catalog"].secrets == {}
    assert config.needs["runtime"].storage == "read_write"


def test_clients_of_polaris_are_lent_the_storage():
    assert platform(catalog={"kind": "polaris"}).needs["runtime"].storage is None


@pytest.mark.parametrize("kind", [PolarisConfig, NessieConfig])
def test_keys_to_a_storage_in_the_cluster_are_read(kind):
    class InCluster(S3Config):
        def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
            return Needs(namespace="storage", secrets={"storage-keys": {"access_key": Password()}})

    config = platform(catalog={"kind": kind().kind})
    assert kind().needs(config).reads == ()
    assert kind().needs(config.model_copy(update={"storage": InCluster()})).reads == ("storage-keys",)


# Beside the other sections


@pytest.mark.parametrize("kind", ["polaris", "nessie"])
@pytest.mark.parametrize(("section", "words"), [("database", "a database"), ("secrets", "a secret operator")])
def test_a_server_needs(kind, section, words):
    off: dict[str, Any] = {section: {"kind": "none"}, "lineage": {"kind": "none"}, "runtime": {"kind": "none"}}
    found = [each for each in findings(catalog={"kind": kind}, **off) if each.path == ("catalog",)]
    assert [each.message for each in found] == [f"{kind} needs {words}, and `{section}` is `kind: none`"]
    assert found[0].fix == f"choose a kind for `{section}`, or for `catalog` another one or `kind: none`"


def test_a_server_needs_a_cluster_to_run_in():
    [found] = [
        each for each in findings(catalog={"kind": "polaris"}, cluster={"kind": "none"}) if "cluster" in str(each)
    ]
    assert found.message == "polaris needs a cluster, and `cluster` is `kind: none`"


def test_glue_needs_none_of_them():
    off = {section: {"kind": "none"} for section in ("cluster", "database")}
    assert platform(catalog={"kind": "glue"}, **off).catalog.kind == "glue"


def test_a_namespace_is_a_layers():
    [found] = findings(catalog={"kind": "polaris", "namespaces": {"platinum": "best"}})
    assert found.path == ("catalog", "namespaces", "platinum")
    assert found.allowed == "bronze, silver, gold"


@pytest.mark.parametrize("kind", ["polaris", "nessie"])
def test_two_layers_share_no_namespace(kind):
    [found] = findings(catalog={"kind": kind, "namespaces": {"gold": "bronze"}})
    assert found.message == "bronze and gold would both be in the namespace bronze"


def test_polaris_administrator_cannot_be_made_anew_from_here():
    [found] = findings(secrets={"kind": "external_secrets", "generations": {"polaris-root": 2}})
    assert found.path == ("secrets", "generations", "polaris-root")
    assert platform(
        secrets={"kind": "external_secrets", "generations": {"polaris-root": 2}}, catalog={"kind": "nessie"}
    )


# By environment


@pytest.mark.parametrize(
    ("environment", "replicas", "most", "memory"), [("dev", 1, None, 1), ("staging", 2, None, 1), ("prod", 2, 5, 2)]
)
@pytest.mark.parametrize("kind", ["polaris", "nessie"])
def test_sizes(kind, environment, replicas, most, memory):
    catalog = platform(environment=environment, catalog={"kind": kind}).catalog
    assert (catalog.replicas, catalog.max_replicas, catalog.memory_gib) == (replicas, most, memory)
