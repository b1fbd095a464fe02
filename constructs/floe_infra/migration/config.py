"""What stands in the file while a platform moves from one PostgreSQL server to another, and at no other time.

An engine keeps nothing, so another one is another word in the file. A database has to be there twice: first the new one
beside the one in use, then the old one beside the one in use.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.database.config import (
    ADMIN_SECRET,
    IN_CLUSTER_ADMIN_SECRET,
    CloudSqlConfig,
    InClusterDatabaseConfig,
    RdsConfig,
)
from floe_infra.fields import KubernetesName
from floe_infra.model import ANYWHERE, Disabled, Kind
from floe_infra.needs import Needs, login_secret

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

MOVE = "move-databases"
"""The job that moves the data, when somebody starts it."""
MOVED = "databases-moved"
"""The job that sees that all data is moved."""


class ArrivingConfig(Kind):
    """A new PostgreSQL server beside the one in use, with empty databases and the job that fills them. Written and
    taken away again by `floe-infra migrate`."""

    kind: Literal["arriving"] = "arriving"
    """The new server is there; everything still uses the old one."""
    database: Annotated[RdsConfig | CloudSqlConfig, Field(discriminator="kind")]
    """The new server, as the section `database` will say it."""
    namespace: KubernetesName = "migration"
    """The Kubernetes namespace of the job that moves the data."""

    construct: ClassVar = "floe_infra.migration.arriving:make_server"
    service: ClassVar = "floe_infra.migration.arriving:Arriving"
    clouds: ClassVar = ANYWHERE

    def needs(self, platform: PlatformConfig) -> Needs:
        """Both administrators' logins, and everybody's."""
        logins = (login_secret(database) for database in platform.databases)
        return Needs(namespace=self.namespace, reads=(ADMIN_SECRET, IN_CLUSTER_ADMIN_SECRET, *logins))


class LeavingConfig(Kind):
    """The old PostgreSQL server beside the one in use, which nothing uses any more. Written and taken away again by
    `floe-infra migrate`."""

    kind: Literal["leaving"] = "leaving"
    """Everything uses the new server; the old one is still there."""
    database: InClusterDatabaseConfig
    """The old server, as the section `database` said it."""

    service: ClassVar = "floe_infra.migration.leaving:Leaving"
    clouds: ClassVar = ANYWHERE

    def needs(self, platform: PlatformConfig) -> Needs:
        """What the old server always needed, and the login to the new one, to see that all data is there."""
        needs = self.database.needs(platform)
        return replace(needs, reads=(*needs.reads, ADMIN_SECRET))


MigrationConfig = Annotated[ArrivingConfig | LeavingConfig | Disabled, Field(discriminator="kind")]
