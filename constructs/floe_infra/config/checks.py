"""What sections say against each other: each check looks at a valid whole and names the offending keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from floe_infra.fields import BUCKET_NAMES, Finding, bucket_problem, is_token, shown
from floe_infra.sizing.instances import InstanceType
from floe_infra.sizing.memory import Node, smallest

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig


_Check = Callable[["PlatformConfig"], Iterator[Finding]]


class _UnsoundError(Exception):
    """A check asks for a section that is not what the file says."""


class _Sound:
    """A configuration without its unsound sections."""

    def __init__(self, config: PlatformConfig, unsound: Collection[str]) -> None:
        self._config = config
        self._unsound = unsound

    def __getattr__(self, section: str) -> Any:
        if section in self._unsound:
            raise _UnsoundError
        return getattr(self._config, section)


def run(config: PlatformConfig, unsound: Collection[str] = ()) -> Iterator[Finding]:
    """All contradictions of a configuration. Checks that need an unsound section are passed over."""
    sections = [name for name in type(config).model_fields if hasattr(getattr(config, name), "clouds")]
    sound: Any = _Sound(config, unsound)
    checks: tuple[_Check, ...] = (
        *(partial(_kind_exists_on_cloud, section) for section in sections),
        *(partial(_key_in_region, section) for section in sections),
        *(partial(_has_what_it_needs, section) for section in _NEEDS),
        _data_loss,
        _buckets,
        _duckdb_fits,
        _database_carries_production,
    )
    for check in checks:
        with suppress(_UnsoundError):
            yield from check(sound)


def _kind_exists_on_cloud(section: str, config: PlatformConfig) -> Iterator[Finding]:
    provider, chosen = config.cloud.provider, getattr(config, section)
    if provider not in chosen.clouds:
        allowed = f"on {', '.join(sorted(chosen.clouds))}"
        yield Finding((section, "kind"), f"{chosen.kind} does not exist on {provider}", allowed, "choose another kind")


_NEEDS = {"cluster": "network", "database": "network", "catalog": "storage"}


def _has_what_it_needs(section: str, config: PlatformConfig) -> Iterator[Finding]:
    chosen, needed = getattr(config, section).kind, _NEEDS[section]
    if chosen in ("none", "existing_eks") or getattr(config, needed).kind != "none":
        return
    yield Finding(
        (section,),
        f"{chosen} needs a {needed}, and that is `kind: none`",
        fix=f"choose a kind for `{needed}`, or set `{section}: {{kind: none}}`",
    )


def _data_loss(config: PlatformConfig) -> Iterator[Finding]:
    if config.allow_data_loss and config.environment not in ("local", "dev"):
        yield Finding(
            ("allow_data_loss",),
            f"has no effect in {config.environment}, where data is always kept",
            allowed="true only with environment local or dev",
            fix="remove it",
        )


def _buckets(config: PlatformConfig) -> Iterator[Finding]:
    """Names that are put together obey S3's rules too, and are the names of different buckets."""
    storage, state = config.storage, config.state
    if storage.kind != "s3":
        return
    taken = {state.bucket: "state"} if state.kind == "s3" else {}
    prefix, account_id = f"{config.name}-{config.environment}", config.cloud.account_id or "0" * 12
    for purpose in storage.buckets:
        name = storage.bucket_name(purpose, prefix=prefix, account_id=account_id)
        if not is_token(name) and (problem := bucket_problem(name)):
            fix = "shorten or change `name`, or set `storage.bucket_prefix`"
            yield Finding(("storage",), f"the {purpose} bucket's name {shown(name, 99)} {problem}", BUCKET_NAMES, fix)
        if name in taken:
            message = f"the {purpose} bucket's name {shown(name, 99)} is that of the {taken[name]} bucket"
            yield Finding(("storage", "bucket_names", purpose), message, "a name of its own for each bucket")
        taken[name] = purpose


def _key_in_region(section: str, config: PlatformConfig) -> Iterator[Finding]:
    """A service takes only keys of the region it works in."""
    chosen = getattr(config, section)
    arn, region = getattr(chosen, "kms_key_arn", None), getattr(chosen, "region", None) or config.cloud.region
    if arn and not is_token(arn) and (elsewhere := arn.split(":")[3]) != region:
        yield Finding((section, "kms_key_arn"), f"the key is in {elsewhere}", f"a key in {region}")


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
