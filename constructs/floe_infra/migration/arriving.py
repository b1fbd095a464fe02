"""The new PostgreSQL server beside the old one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.database.databases import Databases
from floe_infra.database.move import Move
from floe_infra.kubernetes.site import Site
from floe_infra.migration.config import ArrivingConfig
from floe_infra.network.edges import Workload
from floe_infra.refs import DatabaseRef


def make_server(scope: Construct, id: str, *, config: ArrivingConfig, **given: Any) -> Any:  # noqa: ARG001
    """The new server, at the address in the stack that it will keep."""
    return config.database.load_construct()(scope, "database", config=config.database, **given)


class Arriving(Construct):
    """The databases on the new server, empty, with their owners; and a job that fills them when somebody starts it.

    Args:
        database: the server in use.
        migration: the new one.

    Attributes:
        ref: what the new server says of itself.
        databases: the databases on it.
        move: the job.
        ready: nothing waits for it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: ArrivingConfig,
        site: Site,
        database: DatabaseRef,
        migration: DatabaseRef,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self.ref = migration
        self.databases = Databases(self, "databases", config=config, site=site, database=migration, after=after)
        self.move = Move(
            self, "move", namespace=config.namespace, site=site, old=database, new=migration, after=self.databases.ready
        )
        self.ready: list[ITerraformDependable] = []

    @staticmethod
    def workloads(config: ArrivingConfig) -> tuple[Workload, ...]:
        """Both jobs."""
        return (
            *(_to_the_new_server(each) for each in Databases.workloads(config)),
            *Move.workloads(config.namespace),
        )


def _to_the_new_server(workload: Workload) -> Workload:
    return Workload(workload.name, workload.namespace, workload.labels, takes=("migration",))
