"""What an environment's name decides: the right-sizing table, as defaults under the user's file.

A tier is data by section and kind. It is merged under the file before validation, so that models hold one set of
defaults (safe for production) and nothing needs to know tiers afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from floe_infra.cluster.config import GKE_NODE_GROUPS, NODE_GROUPS

_LARGE = ["m5.large", "m5a.large", "m5d.large", "m6i.large", "m6a.large"]
_XLARGE = ["m5.xlarge", "m5a.xlarge", "m5d.xlarge", "m6i.xlarge", "m6a.xlarge"]

KINDS: dict[str, dict[str, str]] = {
    "aws": {
        "state": "local",
        "network": "vpc",
        "cluster": "eks",
        "storage": "s3",
        "database": "rds",
        "secrets": "external_secrets",
        "catalog": "polaris",
        "compute": "duckdb",
        "telemetry": "otel_collector",
        "traces": "jaeger",
        "lineage": "marquez",
        "runtime": "floe",
    },
    "gcp": {
        "state": "local",
        "network": "gcp_network",
        "cluster": "gke",
        "storage": "gcs",
        "database": "cloud_sql",
        "secrets": "secret_manager",
        "catalog": "polaris",
        "compute": "duckdb",
        "telemetry": "otel_collector",
        "traces": "jaeger",
        "lineage": "marquez",
        "runtime": "floe",
    },
    "local": {
        "state": "local",
        "network": "none",
        "cluster": "kubeconfig",
        "storage": "rustfs",
        "database": "in_cluster",
        "secrets": "in_cluster",
        "catalog": "polaris",
        "compute": "duckdb",
        "telemetry": "otel_collector",
        "traces": "jaeger",
        "lineage": "marquez",
        "runtime": "floe",
    },
}
"""The kind of each section that the file leaves out, by cloud."""

Defaults = dict[str, dict[str, Any]]


def _nodes(
    system: str, system_size: tuple[int, int], workers: list[str], workers_size: tuple[int, int]
) -> dict[str, Any]:
    return {
        "node_groups": {
            "system": {
                "instance_types": [system],
                "capacity_type": "on_demand",
                "min_size": system_size[0],
                "max_size": system_size[1],
            },
            "workers": {
                "instance_types": workers,
                "capacity_type": "spot",
                "min_size": workers_size[0],
                "max_size": workers_size[1],
            },
        }
    }


_DEV: Defaults = {
    "kubernetes": {"quota": {"pods": 60, "cpu": 32, "memory_gib": 128}},
    "network.vpc": {"zones": 2, "nat": "single"},
    "cluster.eks": _nodes("m5.large", (1, 3), _LARGE, (1, 4)),
    "cluster.gke": {
        **_nodes("e2-standard-2", (1, 3), ["n2-standard-2", "n2d-standard-2", "e2-standard-2"], (1, 4)),
        "availability": "zonal",
        "own_key": False,
    },
    "storage.s3": {
        "lifecycle": {"intelligent_tiering": False, "noncurrent_versions_days": 7},
        "logs_expire_days": 30,
    },
    "storage.gcs": {
        "lifecycle": {"autoclass": False, "noncurrent_versions_days": 7, "soft_delete_days": 0},
        "logs_expire_days": 30,
        "own_key": False,
    },
    "database.rds": {
        "instance_class": "db.t3.micro",
        "multi_az": False,
        "backup_retention_days": 1,
    },
    "database.cloud_sql": {
        "tier": "db-g1-small",
        "multi_az": False,
        "backup_retention_days": 1,
        "max_connections": 100,
        "query_insights": False,
    },
    "secrets.in_cluster": {"replicas": 1},
    "secrets.vault": {"replicas": 1},
    "secrets.openbao": {"replicas": 1, "servers": 1, "memory_mib": 256},
    "catalog.polaris": {"replicas": 1, "max_replicas": None, "memory_gib": 1, "cpu": 0.25},
    "catalog.nessie": {"replicas": 1, "max_replicas": None, "memory_gib": 1, "cpu": 0.25},
    "compute.duckdb": {"memory_gib": 4, "cpu": 1.5},
    "compute.motherduck": {"memory_gib": 2, "cpu": 0.5},
    "compute.bigquery": {"memory_gib": 2, "cpu": 0.5, "own_key": False},
    "compute.trino": {"workers": 2, "memory_gib": 6, "cpu": 1.5, "coordinator_memory_gib": 4, "coordinator_cpu": 1},
    "telemetry.otel_collector": {"replicas": 1, "max_replicas": None, "memory_mib": 256},
    # The storage's kind alone: a file that chooses another one would get the rest all the same.
    "traces.jaeger": {"storage": {"kind": "memory"}, "memory_mib": 1024},
    "lineage.marquez": {"replicas": 1, "memory_mib": 768},
    "runtime.floe": {"run_memory_gib": 4, "run_cpu": 1.5},
}

TIERS: dict[str, Defaults] = {
    "local": _DEV,
    "dev": _DEV,
    "staging": {
        "kubernetes": {"quota": {"pods": 120, "cpu": 100, "memory_gib": 400}},
        "network.vpc": {"zones": 2, "nat": "single"},
        "cluster.eks": _nodes("m5.large", (2, 4), _XLARGE, (2, 6)),
        "cluster.gke": {
            **_nodes("n2-standard-2", (2, 4), ["n2-standard-4", "n2d-standard-4", "e2-standard-4"], (2, 6)),
            "availability": "zonal",
        },
        "storage.s3": {"lifecycle": {"intelligent_tiering": False}, "logs_expire_days": 90},
        "storage.gcs": {"lifecycle": {"autoclass": False}, "logs_expire_days": 90},
        "database.rds": {
            "instance_class": "db.t3.small",
            "multi_az": False,
            "backup_retention_days": 7,
        },
        "database.cloud_sql": {
            "tier": "db-custom-1-3840",
            "multi_az": False,
            "backup_retention_days": 7,
            "max_connections": 100,
        },
        "catalog.polaris": {"max_replicas": None, "memory_gib": 1},
        "catalog.nessie": {"max_replicas": None, "memory_gib": 1},
        "compute.duckdb": {"memory_gib": 8, "cpu": 3},
        "compute.motherduck": {"memory_gib": 2, "cpu": 1},
        "compute.bigquery": {"memory_gib": 2, "cpu": 1},
        "compute.trino": {"workers": 3, "memory_gib": 13, "cpu": 3, "coordinator_memory_gib": 4, "coordinator_cpu": 1},
        "telemetry.otel_collector": {"max_replicas": 3},
        "traces.jaeger": {"storage": {"kind": "badger"}, "memory_mib": 1024},
        "lineage.marquez": {"replicas": 1},
        "runtime.floe": {"run_memory_gib": 8, "run_cpu": 3},
    },
    # These are the models' own; here they stand so that a file may change one number of one group, or of the storage.
    "prod": {
        "cluster.eks": {"node_groups": {name: group.model_dump() for name, group in NODE_GROUPS.items()}},
        "cluster.gke": {"node_groups": {name: group.model_dump() for name, group in GKE_NODE_GROUPS.items()}},
        "traces.jaeger": {"storage": {"kind": "badger"}},
    },
}
"""By environment and section, with its kind if there are several: what differs from the models' own defaults, which are
production's.

Together they are the right-sizing table: DuckDB workers of 4, 8 and 16 GiB; 2, 3 and 5 Trino workers, each with
most of a node; PostgreSQL on t3.micro, t3.small and t3.medium with a standby (on Google with a part of a processor,
one, and two with a standby; db-f1-micro has no memory for as many connections as a platform opens); S3 standard,
standard, and with tiering; and node sizes that fit. Performance Insights runs on a db.t3.micro too, for PostgreSQL
unlike MySQL (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Engines.html).

Logs of who did what are kept for a year in every environment: taking them in costs, keeping them hardly does."""

ON_CLOUD: dict[str, dict[str, Defaults]] = {
    "gcp": {
        "local": {"compute.trino": {"memory_gib": 5}},
        "dev": {"compute.trino": {"memory_gib": 5}},
        "staging": {"compute.trino": {"memory_gib": 11}},
        "prod": {"compute.trino": {"memory_gib": 26}},
    }
}
"""By cloud, what differs from that again: of nodes as large as EKS', GKE keeps more for itself, so Trino's workers are
smaller."""

_ABSENT_LOCALLY = {"aws": ("network", "cluster", "database"), "gcp": (), "local": ()}
"""By cloud, what an emulator on a laptop does not carry, unless the file asks for it."""

_CLUSTERLESS = {
    "aws": {
        **dict.fromkeys(("secrets", "compute", "telemetry", "traces", "lineage", "runtime"), "none"),
        "catalog": "glue",
    },
    "gcp": dict.fromkeys(("secrets", "catalog", "compute", "telemetry", "traces", "lineage", "runtime"), "none"),
    "local": dict.fromkeys(
        ("storage", "database", "secrets", "catalog", "compute", "telemetry", "traces", "lineage", "runtime"), "none"
    ),
}
"""The kinds, by cloud, of what else would be in the cluster, where there is none."""


def fill(data: Mapping[str, Any]) -> dict[str, Any]:
    """Put the cloud's kinds and the tier's values under the file's. What the file says always wins."""
    environment = data.get("environment")
    provider = _provider(data)
    tier = _tier(environment if isinstance(environment, str) and environment in TIERS else "prod", provider)
    filled = dict(data)
    kinds = dict(KINDS[provider])
    if environment == "local":
        kinds |= dict.fromkeys(_ABSENT_LOCALLY[provider], "none")
    if _kind(data.get("cluster"), kinds["cluster"]) == "none":
        kinds |= _CLUSTERLESS[provider]
    for section, kind in kinds.items():
        if section not in filled:
            filled[section] = {"kind": kind}
        given = filled[section]
        if isinstance(given, BaseModel):
            given = _said(given)
        if isinstance(given, Mapping):
            given = {"kind": kind, **given}
            filled[section] = _under(given, tier.get(f"{section}.{given['kind']}", {}))
    migration = filled.get("migration")
    if isinstance(migration, Mapping) and isinstance(other := migration.get("database"), Mapping):
        defaults = tier.get(f"database.{other.get('kind')}", {})
        filled["migration"] = {**migration, "database": _under(other, defaults)}
    storage = filled["storage"]
    if isinstance(storage, Mapping) and "none" not in (storage["kind"], _kind(filled["runtime"], "none")):
        filled["storage"] = {**storage, "compute_logs": storage.get("compute_logs", True)}
    if isinstance(given := data.get("cloud"), Mapping):
        filled["cloud"] = {"provider": provider, **given}
    if isinstance(given := filled.get("kubernetes", {}), Mapping):
        filled["kubernetes"] = _under(given, tier.get("kubernetes", {}))
    return filled


def _tier(environment: str, provider: str) -> Defaults:
    general, special = TIERS[environment], ON_CLOUD.get(provider, {}).get(environment, {})
    return {section: {**general.get(section, {}), **special.get(section, {})} for section in {**general, **special}}


def _kind(section: Any, default: str) -> Any:
    return section.get("kind", default) if isinstance(section, Mapping) else getattr(section, "kind", default)


def _provider(data: Mapping[str, Any]) -> str:
    cloud = data.get("cloud")
    provider = cloud.get("provider") if isinstance(cloud, Mapping) else getattr(cloud, "provider", None)
    return provider if isinstance(provider, str) and provider in KINDS else "aws"


def _said(value: Any) -> Any:
    """A model as a file would have it: what was set, and its kind, which was chosen with it."""
    if isinstance(value, BaseModel):
        said = value.model_fields_set | ({"kind"} & type(value).model_fields.keys())
        return {key: _said(getattr(value, key)) for key in type(value).model_fields if key in said}
    if isinstance(value, Mapping):
        return {key: _said(each) for key, each in value.items()}
    return [_said(each) for each in value] if isinstance(value, list) else value


def _under(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`given`, and what it lacks from `defaults`, mapping by mapping; lists are taken whole."""
    merged = dict(given)
    for key, default in defaults.items():
        if key not in merged:
            merged[key] = default
        elif isinstance(merged[key], Mapping) and isinstance(default, Mapping):
            merged[key] = _under(merged[key], default)
    return merged
