"""What sections say against each other: each check looks at a valid whole and names the offending keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    for check in (_kinds_exist_on_cloud, _dependencies, _data_loss, _bucket_names):
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
