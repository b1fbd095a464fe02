"""The old PostgreSQL server beside the new one."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.database.in_cluster import NAME, InClusterServer
from floe_infra.database.move import Moved
from floe_infra.kubernetes.site import Site
from floe_infra.migration.config import LeavingConfig
from floe_infra.network.edges import Workload
from floe_infra.refs import DatabaseRef


class Leaving(Construct):
    """The server that was in use, where it was and as it was; and a job that lets nothing go on before its data has
    been moved.

    Args:
        database: the server in use.

    Attributes:
        ref: what the old server says of itself.
        server: it and its disk.
        moved: the job.
        ready: what uses a database comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: LeavingConfig,
        site: Site,
        database: DatabaseRef,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self.server = InClusterServer(scope, NAME, config=config.database, site=site)
        self.ref = self.server.ref
        self.moved = Moved(
            self,
            "moved",
            namespace=config.database.namespace,
            site=site,
            old=self.ref,
            new=database,
            after=[*self.server.ready, *after],
        )
        self.ready = self.moved.ready

    @staticmethod
    def workloads(config: LeavingConfig) -> tuple[Workload, ...]:
        """The server and the job."""
        return *InClusterServer.workloads(config.database), *Moved.workloads(config.database.namespace)
