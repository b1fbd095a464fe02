"""PostgreSQL: the server that keeps Dagster's runs, Polaris' catalog and Marquez' lineage."""

from __future__ import annotations

import re
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
"""The name of the secret with the administrator's login, keys `username` and `password`, to a server of the cloud's."""
IN_CLUSTER_ADMIN_SECRET = "in-cluster-postgresql-admin"
"""Likewise to the server in the cluster. While data moves from one to the other there are both."""
IN_CLUSTER_NAME = "postgresql"
"""What the server in the cluster is called there."""
OLDEST_TO_MOVE_TO = 16
"""The major version of the server in the cluster: what is dumped there is restored into this or a newer one."""
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


_CONNECTION_MIB = 10
"""What a connection takes at most, as long as its queries are small."""
_SHARED_CORES = {"db-f1-micro": 614, "db-g1-small": 1740}
"""Machine types with a part of a processor, and their memory in MiB
(https://cloud.google.com/sql/docs/postgres/instance-settings)."""


def _machine(tier: str) -> tuple[int, int] | None:
    """Processors (0 for a part of one) and MiB of a machine type; None for what is none."""
    if tier in _SHARED_CORES:
        return 0, _SHARED_CORES[tier]
    custom = re.fullmatch(r"db-custom-([0-9]{1,3})-([0-9]{1,6})", tier)
    return (int(custom[1]), int(custom[2])) if custom else None


def _no_such_machine(tier: str) -> str | None:
    """https://cloud.google.com/sql/docs/postgres/create-instance#machine-types"""
    machine = _machine(tier)
    if machine is None or tier in _SHARED_CORES:
        return None
    cpu, mib = machine
    if cpu != 1 and (cpu % 2 or not 2 <= cpu <= 96):
        return f"has {cpu} processors, and Cloud SQL has machines with 1 or an even number up to 96"
    if mib % 256 or mib < 3840:
        return f"has {mib} MiB, and memory comes in multiples of 256 MiB from 3840 on"
    if not 0.9 * 1024 <= mib / cpu <= 6.5 * 1024:
        return f"has {mib / cpu / 1024:.2g} GiB for each processor, and 0.9 to 6.5 are allowed"
    return None


def _reserved_on_cloud_sql(name: str) -> str | None:
    """https://cloud.google.com/sql/docs/postgres/users"""
    taken = name == "postgres" or name.startswith("cloudsql")
    return "is Cloud SQL's own" if taken else _reserved_user(name)


SqlTier = Annotated[
    str,
    Matches(
        r"db-f1-micro|db-g1-small|db-custom-[0-9]{1,3}-[0-9]{1,6}",
        "db-custom-<processors>-<MiB>, or db-g1-small or db-f1-micro with a part of a processor",
        "the Enterprise edition, whose machines these are, knows no other names for PostgreSQL",
        refuse=_no_such_machine,
    ),
]
SqlUserName = Annotated[str, Matches(_NAME, _NAME_IN_WORDS, refuse=_reserved_on_cloud_sql)]
FlagName = Annotated[str, Matches(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", "the name of a flag, such as work_mem")]

SERVICE_ACCOUNTS = ".gserviceaccount.com"
"""What ends the email address of a service account, and not its name as a role
(https://cloud.google.com/sql/docs/postgres/add-manage-iam-users)."""


def _no_login(principal: str) -> str | None:
    length = len(principal.partition(":")[2].removesuffix(SERVICE_ACCOUNTS))
    return f"has {length} characters as a role, and PostgreSQL takes 63" if length > 63 else None


IamPrincipal = Annotated[
    str,
    Matches(
        r"(user|group|serviceAccount):[a-z0-9][a-z0-9._%+-]*@([a-z0-9-]+\.)+[a-z]{2,63}",
        "user:…, group:… or serviceAccount:… with an email address in lower case",
        "write it as IAM policies do",
        refuse=_no_login,
    ),
]
"""https://cloud.google.com/iam/docs/principal-identifiers, lower-case as Cloud SQL wants it."""
IAM_FLAG = "cloudsql.iam_authentication"
"""Lets principals of IAM's log in."""


class CloudSqlConfig(Kind):
    """Cloud SQL for PostgreSQL: private addresses and TLS only, its administrator's password known to nobody."""

    kind: Literal["cloud_sql"] = "cloud_sql"
    """Google Cloud SQL, Enterprise edition."""
    engine_version: Annotated[str, Matches(r"1[4-8]", "a major version of PostgreSQL from 14 to 18, quoted")] = "16"
    """Major version; Cloud SQL keeps the minor current. Raised in place, never lowered."""
    tier: SqlTier = "db-custom-2-4096"
    """Machine type; `prod` wants whole processors."""
    allocated_storage_gib: Annotated[int, Field(ge=10, le=65536)] = 20
    """Size of the disk at first, in GiB. A disk never shrinks."""
    max_allocated_storage_gib: Annotated[int, Field(ge=10, le=65536)] = 100
    """Size up to which the disk grows by itself, in GiB."""
    multi_az: bool = True
    """Keep a standby in another zone: a regional instance, in Google's words."""
    backup_retention_days: Annotated[int, Field(ge=1, le=364)] = 14
    """Days to which the database can be set back: to any moment of the last seven, to one moment of each day before."""
    username: SqlUserName = "floe"
    """The administrator's name."""
    password_generation: Annotated[int, Field(ge=1, le=1000)] = 1
    """Raise it to have the administrator's password made anew."""
    max_connections: Annotated[int, Field(ge=25, le=5000)] = 200
    """Connections at once. Each takes up to 10 MiB; without a word, Cloud SQL allows 100 with 4 GiB."""
    query_insights: bool = True
    """Record which queries load the server, for seven days."""
    database_flags: dict[FlagName, str] = {}
    """Flags to set besides, or instead: logging, for instance, as an auditor wants it."""
    iam_logins: Annotated[list[IamPrincipal], Field(max_length=50)] = []
    """Who logs in with an access token of IAM's for a password: `user:…`, `serviceAccount:…`, or `group:…`, whose
    members log in as themselves. None of them has any right in a database before SQL grants it."""
    kms_key_name: GoogleKmsKey | None = None
    """An existing key in the same region to encrypt server and login with, which the service agents of Cloud SQL and
    Secret Manager may use; Google's own when left out. It cannot be changed later."""
    namespace: KubernetesName = "database"
    """The Kubernetes namespace of the job that makes databases and their owners."""

    construct: ClassVar = "floe_infra.database.cloud_sql:CloudSqlDatabase"
    service: ClassVar = "floe_infra.database.databases:Databases"
    clouds: ClassVar = frozenset({"gcp"})

    def needs(self, platform: PlatformConfig) -> Needs:
        """Everybody's login, to make it valid, and the administrator's, to do so."""
        logins = (login_secret(database) for database in platform.databases)
        return Needs(namespace=self.namespace, reads=(ADMIN_SECRET, *logins))

    @property
    def shares_a_core(self) -> bool:
        """Whether the server has a part of a processor only."""
        return self.tier in _SHARED_CORES

    def findings(self) -> Iterator[Finding]:
        """The disk grows and never shrinks; numbers that have a field of their own; memory that is not there."""
        first, most = self.allocated_storage_gib, self.max_allocated_storage_gib
        if most < first:
            message = f"{most} GiB are less than the {first} GiB at first"
            yield Finding(("max_allocated_storage_gib",), message, "allocated_storage_gib or more")
        if self.iam_logins and self.database_flags.get(IAM_FLAG, "on") != "on":
            message = "nobody of `iam_logins` could log in"
            yield Finding(("database_flags", IAM_FLAG), message, "on", "remove it: `iam_logins` switches it on")
        for index, principal in enumerate(self.iam_logins):
            if principal in self.iam_logins[:index]:
                yield Finding(("iam_logins", index), f"{principal} is named twice", "each once")
        if "max_connections" in self.database_flags:
            yield Finding(("database_flags", "max_connections"), "has a field of its own", fix="set max_connections")
        machine = _machine(self.tier)  # None for a token
        if machine and self.max_connections * _CONNECTION_MIB > machine[1]:
            yield Finding(
                ("max_connections",),
                f"{self.max_connections} connections of up to {_CONNECTION_MIB} MiB do not fit into {machine[1]} MiB",
                f"at most {machine[1] // _CONNECTION_MIB} with {self.tier}",
                "lower it, or choose a larger tier",
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
        return Needs(namespace=self.namespace, secrets={IN_CLUSTER_ADMIN_SECRET: admin}, reads=tuple(logins))


DatabaseConfig = Annotated[RdsConfig | CloudSqlConfig | InClusterDatabaseConfig | Disabled, Field(discriminator="kind")]
