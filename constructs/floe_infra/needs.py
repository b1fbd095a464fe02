"""What a service in the cluster wants of the cloud, as data.

A kind of a section says it in `needs()`, before anything is made; the foundation grants it with whatever the cloud
has for the purpose, so no service knows how a cloud spells an identity or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Password:
    """A value that is made while Terraform applies, and that neither its plan nor its state holds.

    Letters and digits only, so that URLs, property files and shells take it as it is.
    """

    length: int = 40


@dataclass(frozen=True)
class ExistingSecret:
    """A secret that somebody else puts into the cloud's secret manager: a vendor's key, say."""

    remote_name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Needs:
    """What one service wants.

    Attributes:
        namespace: where it runs.
        existing_namespace: the namespace is there already, with something of the user's in it, and stays.
        service_account: an identity of the cloud for the pods of this service account.
        storage: what the identity may do with the warehouse buckets: use them, or lend out a role that may.
        exchange: also use the bucket for intermediate results.
        compute_logs: also use the bucket for what Dagster's runs print.
        catalog: whether the identity uses a catalog that the cloud itself has.
        compute: likewise a query engine.
        unseals: whether the identity uses the key that the platform's own secret manager is unsealed with.
        databases: databases on the platform's PostgreSQL, each with an owner of the same name.
        secrets: what to make, by name: keys, and their values or how they are made.
        existing: what is there already, by the name it has here.
        reads: secrets of other services, by name. What a service makes, and its databases' logins, it reads anyway.
    """

    namespace: str
    existing_namespace: bool = False
    service_account: str | None = None
    storage: Literal["read_write", "lend"] | None = None
    exchange: bool = False
    compute_logs: bool = False
    catalog: bool = False
    compute: bool = False
    unseals: bool = False
    databases: tuple[str, ...] = ()
    secrets: Mapping[str, Mapping[str, str | Password]] = field(default_factory=dict)
    existing: Mapping[str, ExistingSecret] = field(default_factory=dict)
    reads: tuple[str, ...] = ()

    @property
    def all_secrets(self) -> dict[str, Mapping[str, str | Password]]:
        """Everything to make, with the logins to the databases."""
        return {**self.secrets, **{login_secret(database): login(database) for database in self.databases}}

    @property
    def all_reads(self) -> tuple[str, ...]:
        """Every secret that the service's namespace reads, each once."""
        return tuple(dict.fromkeys([*self.all_secrets, *self.existing, *self.reads]))


def reads_by_namespace(needs: Mapping[str, Needs]) -> dict[str, tuple[str, ...]]:
    """The secrets that each namespace reads, each once; only of namespaces that read any."""
    wanted: dict[str, dict[str, None]] = {}
    for need in needs.values():
        wanted.setdefault(need.namespace, {}).update(dict.fromkeys(need.all_reads))
    return {namespace: tuple(names) for namespace, names in wanted.items() if names}


def login_secret(database: str) -> str:
    """The name of the secret with a database owner's login, keys `username`, `password` and `database`."""
    return f"database-{database}"


def login(database: str) -> dict[str, str | Password]:
    """The content of that secret."""
    return {"username": database, "password": Password(), "database": database}
