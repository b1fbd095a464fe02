"""The right-sizing table: DuckDB and Trino workers, PostgreSQL and S3 by environment, and nodes that fit."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from floe_infra.config import PlatformConfig
from floe_infra.sizing.instances import InstanceType
from floe_infra.sizing.memory import Node

PRESENT = {"network": {"kind": "vpc"}, "cluster": {"kind": "eks"}, "database": {"kind": "rds"}}


def platform(environment: str, **sections: Any) -> PlatformConfig:
    cloud = {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"}
    return PlatformConfig.model_validate(
        {"name": "acme", "environment": environment, "cloud": cloud, "compute": {}, **PRESENT, **sections}
    )


@pytest.mark.parametrize(
    ("environment", "duckdb_gib", "instance_class", "multi_az", "tiering"),
    [
        ("local", 4, "db.t3.micro", False, False),
        ("dev", 4, "db.t3.micro", False, False),
        ("staging", 8, "db.t3.small", False, False),
        ("prod", 16, "db.t3.medium", True, True),
    ],
)
def test_right_sizing_table(environment, duckdb_gib, instance_class, multi_az, tiering):
    config = platform(environment)
    assert config.compute.memory_gib == duckdb_gib
    assert (config.database.instance_class, config.database.multi_az) == (instance_class, multi_az)
    assert config.storage.lifecycle.intelligent_tiering is tiering


@pytest.mark.parametrize("environment", ["local", "dev"])
def test_on_no_cloud_everything_is_in_the_cluster(environment):
    cluster = {"kind": "kubeconfig", "context": "kind-floe"}
    config = PlatformConfig.model_validate(
        {"name": "acme", "environment": environment, "cloud": {"provider": "local"}, "cluster": cluster}
    )
    sections = ("network", "storage", "database", "secrets", "catalog")
    kinds = ["none", "rustfs", "in_cluster", "in_cluster", "polaris"]
    assert [getattr(config, section).kind for section in sections] == kinds
    assert (config.secrets.replicas, config.compute.memory_gib) == (1, 4)


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_workers_of_each_tier_carry_a_run_beside_the_daemonsets(environment):
    config = platform(environment)
    for name in config.cluster.node_groups["workers"].instance_types:
        assert Node(InstanceType.parse(name)).carries(config.compute.memory_gib * 1024, config.compute.cpu), name


@pytest.mark.parametrize(("environment", "workers"), [("local", 2), ("dev", 2), ("staging", 3), ("prod", 5)])
def test_trino_workers_have_most_of_a_node_each(environment, workers):
    config = platform(environment, compute={"kind": "trino"})
    assert config.compute.workers == workers
    for name in config.cluster.node_groups["workers"].instance_types:
        node = Node(InstanceType.parse(name))
        assert node.carries(config.compute.memory_gib * 1024, config.compute.cpu), name
        assert not node.carries(config.compute.memory_gib * 1024 + 1024, config.compute.cpu), name


OTHERS_MIB = 8 * 1024
"""Polaris twice, Dagster's server and daemon, Marquez, Jaeger, the collector, operators, DNS, the storage driver."""


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_trinos_coordinator_leaves_room_for_what_else_is_on_demand(environment):
    config = platform(environment, compute={"kind": "trino"})
    system, coordinator_mib = config.cluster.node_groups["system"], config.compute.coordinator_memory_gib * 1024
    node = Node(system.instance)
    assert node.carries(coordinator_mib + 2048, config.compute.coordinator_cpu + 0.5)
    assert coordinator_mib + OTHERS_MIB < system.max_size * node.worker_mib


@pytest.mark.parametrize("memory_gib", [16, 28])
def test_production_workers_carry_more_than_the_default(memory_gib):
    assert platform("prod", compute={"kind": "duckdb", "memory_gib": memory_gib})


def test_production_grows_to_32_gib_with_larger_nodes():
    types = ["r5.2xlarge", "r5a.2xlarge", "r5d.2xlarge"]
    groups = {
        "system": {"instance_types": ["m5.xlarge"]},
        "workers": {"instance_types": types, "capacity_type": "spot"},
    }
    assert platform("prod", compute={"memory_gib": 32}, cluster={"kind": "eks", "node_groups": groups})


def test_a_worker_that_fits_nowhere_is_refused_with_the_derivation():
    with pytest.raises(ValidationError) as error:
        platform("prod", compute={"kind": "duckdb", "memory_gib": 32})
    [finding] = error.value.errors()[0]["ctx"]["findings"]
    assert finding.path == ("compute", "memory_gib")
    assert "32768 MiB and 4 CPU" in finding.message
    assert "m5a.2xlarge" in finding.message or "m5.2xlarge" in finding.message
    assert "= 29317 MiB allocatable" in finding.message
    assert finding.allowed == "at most 28 GiB and 7.66 CPU with these node groups"
    assert finding.fix == "use m5.4xlarge or larger in a node group, or make the worker smaller"


def test_processors_are_checked_too():
    with pytest.raises(ValidationError) as error:
        platform("dev", compute={"kind": "duckdb", "cpu": 2})
    [finding] = error.value.errors()[0]["ctx"]["findings"]
    assert finding.path == ("compute", "cpu")
    assert "1930m allocatable" in finding.message
    assert "m5.xlarge" in finding.fix


def test_nodes_known_only_to_terraform_are_not_judged():
    groups = {"workers": {"instance_types": ["${TfToken[TOKEN.0]}"]}}
    assert platform("prod", compute={"memory_gib": 512}, cluster={"kind": "eks", "node_groups": groups})


def test_an_existing_cluster_without_node_groups_is_not_judged():
    assert platform("prod", compute={"memory_gib": 512}, cluster={"kind": "existing_eks", "name": "shared"})


@pytest.mark.parametrize(("instance_class", "connections"), [("db.t3.micro", 112), ("db.t4g.small", 225)])
def test_production_refuses_databases_too_small_for_it(instance_class, connections):
    with pytest.raises(ValidationError) as error:
        platform("prod", database={"kind": "rds", "instance_class": instance_class})
    [finding] = error.value.errors()[0]["ctx"]["findings"]
    assert finding.path == ("database", "instance_class")
    assert f"at most {connections} connections" in finding.message
    assert finding.fix == "choose db.t3.medium or larger"


def test_staging_may_have_a_small_database():
    assert platform("staging", database={"kind": "rds", "instance_class": "db.t3.micro"})


def test_what_the_file_says_wins_over_the_tier():
    config = platform("dev", database={"kind": "rds", "multi_az": True})
    assert config.database.multi_az
    assert config.database.instance_class == "db.t3.micro"


def test_where_there_is_a_runtime_its_output_has_a_bucket():
    assert platform("dev").storage.compute_logs
    assert not platform("dev", runtime={"kind": "none"}).storage.compute_logs
    assert not platform("dev", storage={"compute_logs": False}).storage.compute_logs


def test_a_model_built_in_python_gets_the_tier_where_it_says_nothing():
    from floe_infra.compute import DuckDbConfig

    assert platform("dev", compute=DuckDbConfig(cpu=1)).compute == DuckDbConfig(cpu=1, memory_gib=4)


def on_google(environment: str, **sections: Any) -> PlatformConfig:
    cloud = {"provider": "gcp", "project": "acme-data", "region": "europe-west4"}
    return PlatformConfig.model_validate({"name": "acme", "environment": environment, "cloud": cloud, **sections})


@pytest.mark.parametrize(
    ("environment", "availability", "autoclass", "multi_az"),
    [
        ("local", "zonal", False, False),
        ("dev", "zonal", False, False),
        ("staging", "zonal", False, False),
        ("prod", "regional", True, True),
    ],
)
def test_right_sizing_table_on_google(environment, availability, autoclass, multi_az):
    config = on_google(environment)
    kinds = [getattr(config, section).kind for section in ("network", "cluster", "storage", "database", "secrets")]
    assert kinds == ["gcp_network", "gke", "gcs", "cloud_sql", "secret_manager"]
    assert (config.cluster.availability, config.storage.lifecycle.autoclass) == (availability, autoclass)
    assert config.database.multi_az is multi_az
    assert config.compute.memory_gib == platform(environment).compute.memory_gib


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
@pytest.mark.parametrize("engine", ["duckdb", "trino"])
def test_workers_of_each_tier_find_room_in_gke(environment, engine):
    config = on_google(environment, compute={"kind": engine})
    for node in config.cluster.node_groups["workers"].nodes:
        assert node.carries(config.compute.memory_gib * 1024, config.compute.cpu), node
        if engine == "trino":
            assert not node.carries(config.compute.memory_gib * 1024 + 1024, config.compute.cpu), node


@pytest.mark.parametrize(("environment", "own"), [("dev", False), ("staging", True), ("prod", True)])
def test_keys_which_google_never_quite_removes_are_made_for_what_stays(environment, own):
    config = on_google(environment, compute={"kind": "bigquery"})
    assert (config.storage.own_key, config.cluster.own_key, config.compute.own_key) == (own, own, own)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_logs_of_who_did_what_are_kept_for_a_year_everywhere(environment):
    config = platform(environment)
    assert (
        config.cluster.log_retention_days == config.database.log_retention_days == config.network.flow_logs_days == 365
    )
    config = on_google(environment)
    assert config.cluster.log_retention_days == config.network.flow_logs_days == 365


def test_one_number_of_one_group_on_google():
    config = on_google("prod", cluster={"kind": "gke", "node_groups": {"workers": {"max_size": 12}}})
    assert config.cluster.node_groups["workers"].max_size == 12
    assert config.cluster.node_groups["system"].min_size == 3


def test_what_the_file_says_holds_on_google_too():
    assert on_google("prod", compute={"kind": "trino", "memory_gib": 20}).compute.memory_gib == 20
