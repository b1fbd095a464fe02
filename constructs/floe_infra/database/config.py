"""PostgreSQL: the server that keeps Dagster's runs, Polaris' catalog and Marquez' lineage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import Finding, GoogleKmsKey, KmsKeyArn, KubernetesName, LogRetentionDays, Matches, is_token
from floe_infra.model import ANYWHERE, Disabled, Kind
from floe_infra.needs import Needs, Password, login_secret
from floe_infra.sizing.instances import InstanceType

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

ADMIN_SECRET = "database-admin"
"""The name of the secret with the administrator's login, keys `username` and `password`."""
RESERVED = frozenset({"admin", "rdsadmin", "default", "group", "order", "select", "table", "user"})
"""Names that RDS or PostgreSQL keep to themselves."""
_NAME = r"[a-z][a-z0-9_]{0,62}"
_NAME_IN_WORDS = "at most 63 lower-case letters, digits and underscores, beginning with a letter"


def _reserved(name: str) -> str | None:
    return "is reserved by RDS or PostgreSQL" if name in RESERVED else None


def _reserved_user(name: str) -> str | None:
    return "begins with a prefix that is reserved" if name.startswith(("pg_", "rds")) else _reserved(name)


def _no_such_class(name: str) -> str | None:
    try:
        parsed = InstanceType.parse(name.removeprefix("db."))
    except ValueError:
        parsed = None
    if parsed is None or name.startswith("db.c"):
        return "is no class and size that are known: db.t3, db.t4g, db.m5 to db.m8, db.r5 to db.r8 and their variants"
    return None


DatabaseName = Annotated[str, Matches(_NAME, _NAME_IN_WORDS, refuse=_reserved)]
UserName = Annotated[str, Matches(_NAME, _NAME_IN_WORDS, refuse=_reserved_user)]
SnapshotName = Annotated[
    str,
    Matches(
        r"[a-z]([a-z0-9]|-(?!-)){0,253}[a-z0-9]",
        "lower-case letters, digits and single hyphens, beginning with a letter, ending with a letter or digit",
    ),
]
InstanceClass = Annotated[
    str,
    Matches(
        r"db\.[a-z][a-z0-9]*(-[a-z]+)?\.[0-9a-z]+",
        "an RDS instance class such as db.t3.medium",
        refuse=_no_such_class,
    ),
]


class RdsConfig(Kind):
    """RDS for PostgreSQL: private, encrypted, its master password made and rotated by RDS itself."""

    kind: Literal["rds"] = "rds"
    """Amazon RDS."""
    engine_version: Annotated[str, Matches(r"1[5-8](\.[0-9]+)?", "a PostgreSQL version from 15 to 18, quoted")] = "16"
    """Major version, or major and minor. With the major alone RDS keeps the minor current; with both it stays."""
    instance_class: InstanceClass = "db.t3.medium"
    """Size of the server; `prod` wants one of 4 GiB or more."""
    allocated_storage_gib: Annotated[int, Field(ge=20, le=65536)] = 20
    """Size of the disk at first, in GiB."""
    max_allocated_storage_gib: Annotated[int, Field(ge=22, le=65536)] = 100
    """Size up to which the disk grows by itself, in GiB; RDS wants at least 10 % over the first size."""
    multi_az: bool = True
    """Keep a standby in another zone."""
    backup_retention_days: Annotated[int, Field(ge=1, le=35)] = 14
    """Days to which the database can be set back."""
    database_name: DatabaseName = "dagster"
    """The database made with the server."""
    username: UserName = "floe"
    """The administrator's name."""
    performance_insights: bool = True
    """Record which queries load the server, for seven days."""
    log_retention_days: LogRetentionDays = 365
    """Days for which the server's logs are kept."""
    final_snapshot_name: SnapshotName | None = None
    """The snapshot taken before a server that keeps data is removed; `<name>-<environment>-final` when left out. RDS
    refuses to remove the server while another snapshot has this name: name another one then."""
    kms_key_arn: KmsKeyArn | None = None
    """An existing key to encrypt with, whose policy lets CloudWatch Logs use it; a new one when left out."""

    namespace: KubernetesName = "database"
    """The Kubernetes namespace of the job that makes databases and their owners."""

    construct: ClassVar = "floe_infra.database.rds:RdsDatabase"
    service: ClassVar = "floe_infra.database.databases:Databases"
    clouds: ClassVar = frozenset({"aws"})

    def needs(self, platform: PlatformConfig) -> Needs:
        """Everybody's login, to make it valid, and the administrator's, to do so."""
        logins = (login_secret(database) for database in platform.databases)
        return Needs(namespace=self.namespace, reads=(ADMIN_SECRET, *logins))

    @property
    def memory_gib(self) -> int | None:
        """The server's memory; None while only Terraform knows its class."""
        if is_token(self.instance_class):
            return None
        return InstanceType.parse(self.instance_class.removeprefix("db.")).memory_gib

    def findings(self) -> Iterator[Finding]:
        """RDS lets the disk grow only by a tenth or more."""
        first, most = self.allocated_storage_gib, self.max_allocated_storage_gib
        if most * 10 < first * 11:
            yield Finding(
                ("max_allocated_storage_gib",),
                f"{most} GiB leave no room to grow from {first} GiB",
                "at least 10 % more than allocated_storage_gib",
                f"raise max_allocated_storage_gib to {-(-first * 11 // 10)} or more",
            )


class InClusterDatabaseConfig(Kind):
    """A PostgreSQL server of our own in the cluster: one pod with one disk, for trying things out."""

    kind: Literal["in_cluster"] = "in_cluster"
    """PostgreSQL in the cluster."""
    storage_gib: Annotated[int, Field(ge=1, le=16384)] = 10
    """Size of the disk, in GiB. It can grow where the StorageClass lets it, and never shrink."""
    memory_gib: Annotated[int, Field(ge=1, le=256)] = 1
    """Memory of the server, in GiB; a quarter of it becomes its cache."""
    cpu: Annotated[float, Field(ge=0.1, le=64)] = 0.25
    """Processors that the server requests."""
    database_name: DatabaseName = "dagster"
    """The database made with the server."""
    username: UserName = "floe"
    """The administrator's name, which stays what it was when the server first started."""
    namespace: KubernetesName = "database"
    """The Kubernetes namespace."""

    service: ClassVar = "floe_infra.database.in_cluster:InClusterDatabase"
    clouds: ClassVar = ANYWHERE
    for_trying: ClassVar = "PostgreSQL in the cluster has no backups and no standby"

    def needs(self, platform: PlatformConfig) -> Needs:
        """The administrator's login, and everybody's, to make it valid."""
        admin: dict[str, str | Password] = {"username": self.username, "password": Password()}
        logins = (login_secret(database) for database in platform.databases)
        return Needs(namespace=self.namespace, secrets={ADMIN_SECRET: admin}, reads=tuple(logins))


DatabaseConfig = Annotated[RdsConfig | InClusterDatabaseConfig | Disabled, Field(discriminator="kind")]
