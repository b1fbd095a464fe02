"""What sections say against each other: each check looks at a valid whole and names the offending keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from floe_infra.fields import is_token
from floe_infra.sizing.instances import InstanceType
from floe_infra.sizing.memory import Node, smallest

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig


@dataclass(frozen=True)
class Finding:
    """A contradiction, at a key path."""

    path: tuple[str | int, ...]
    message: str
    allowed: str = ""
    fix: str = ""


def run(config: PlatformConfig) -> Iterator[Finding]:
    """All contradictions of a configuration."""
    for check in (
        _kinds_exist_on_cloud,
        _dependencies,
        _data_loss,
        _bucket_names,
        _duckdb_fits,
        _database_carries_production,
    ):
        yield from check(config)


def _kinds_exist_on_cloud(config: PlatformConfig) -> Iterator[Finding]:
    provider = config.cloud.provider
    for section in ("state", "network", "cluster", "storage", "database", "catalog", "compute"):
        chosen = getattr(config, section)
        if provider not in chosen.clouds:
            yield Finding((section, "kind"), f"{chosen.kind!r} does not exist on {provider}")


_NEEDS = {"cluster": ("network",), "database": ("network",), "catalog": ("storage",)}


def _dependencies(config: PlatformConfig) -> Iterator[Finding]:
    for section, needed in _NEEDS.items():
        chosen = getattr(config, section).kind
        for other in needed:
            if chosen != "none" and getattr(config, other).kind == "none" and chosen != "existing_eks":
                yield Finding(
                    (section,),
                    f"{chosen!r} needs a {other}, and that is `kind: none`",
                    fix=f"choose a kind for `{other}`, or set `{section}: {{kind: none}}`",
                )


def _data_loss(config: PlatformConfig) -> Iterator[Finding]:
    if config.allow_data_loss and config.environment not in ("local", "dev"):
        yield Finding(
            ("allow_data_loss",),
            f"has no effect in {config.environment}, where data is always kept",
            allowed="true only with environment local or dev",
            fix="remove it",
        )


def _bucket_names(config: PlatformConfig) -> Iterator[Finding]:
    storage = config.storage
    if storage.kind != "s3":
        return
    prefix = f"{config.name}-{config.environment}"
    purposes = [*storage.warehouse_buckets, "logs", "preaggregations"]
    names = (storage.bucket_name(each, prefix=prefix, account_id=config.cloud.account_id) for each in purposes)
    name = max(names, key=len)
    if len(name) > 63:
        yield Finding(
            ("storage",),
            f"the bucket name {name!r} would have {len(name)} characters",
            allowed="at most 63",
            fix="shorten `name`, or set `storage.bucket_prefix`",
        )


def _duckdb_fits(config: PlatformConfig) -> Iterator[Finding]:
    """Some node group must have room for a run: Kubernetes would leave its pod pending for ever."""
    compute, cluster = config.compute, config.cluster
    if compute.kind != "duckdb" or cluster.kind == "none":
        return
    memory_mib, cpu = compute.memory_gib * 1024, compute.cpu
    nodes = [
        min((Node(InstanceType.parse(name)) for name in group.instance_types), key=lambda node: node.worker_mib)
        for group in cluster.node_groups.values()
        if not any(is_token(name) for name in group.instance_types)
    ]
    if len(nodes) < len(cluster.node_groups) or not nodes or any(node.carries(memory_mib, cpu) for node in nodes):
        return
    best = max(nodes, key=lambda node: (node.worker_mib, node.worker_millicpu))
    larger = smallest(memory_mib, cpu, best.type.architecture)
    yield Finding(
        ("compute", "memory_gib" if memory_mib > best.worker_mib else "cpu"),
        f"a worker of {memory_mib} MiB and {cpu:g} CPU finds no room on any node; the largest, {best}",
        allowed=f"at most {best.worker_mib // 1024} GiB and {best.worker_millicpu / 1000:g} CPU with these node groups",
        fix=(f"use {larger.type.name} or larger in a node group, or " if larger else "") + "make the worker smaller",
    )


_PRODUCTION_DATABASE_GIB = 4


def _database_carries_production(config: PlatformConfig) -> Iterator[Finding]:
    """Dagster, the catalog and the lineage store share the server, and RDS allows one connection for each 9 531 392
    bytes of memory (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html): at most 112 with 1 GiB.
    """
    database = config.database
    if config.environment != "prod" or database.kind != "rds" or database.memory_gib is None:
        return
    if database.memory_gib < _PRODUCTION_DATABASE_GIB:
        connections = database.memory_gib * 2**30 // 9_531_392
        yield Finding(
            ("database", "instance_class"),
            f"{database.instance_class} has {database.memory_gib} GiB, at most {connections} connections for Dagster, "
            "the catalog and the lineage store together",
            allowed=f"{_PRODUCTION_DATABASE_GIB} GiB or more in prod",
            fix="choose db.t3.medium or larger",
        )
