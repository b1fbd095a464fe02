"""PostgreSQL: the server that keeps Dagster's runs, Polaris' catalog and Marquez' lineage."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from floe_infra.fields import Arn, Matches, invalid
from floe_infra.model import Disabled, Kind

DatabaseName = Annotated[
    str,
    Matches(
        r"[a-z][a-z0-9_]{0,62}",
        "a PostgreSQL name of at most 63 lower-case letters, digits and underscores, beginning with a letter",
        refuse=lambda name: (
            "is reserved by RDS" if name in {"postgres", "rdsadmin", "admin", "rds_superuser", "rdsrepladmin"} else None
        ),
    ),
]


class RdsConfig(Kind):
    """RDS for PostgreSQL: private, encrypted, its master password made and rotated by RDS itself."""

    kind: Literal["rds"] = "rds"
    """Amazon RDS."""
    engine_version: Annotated[str, Matches(r"1[5-8](\.[0-9]+)?", "a PostgreSQL version from 15 to 18, quoted")] = "16"
    """Major version, or major and minor; with the major alone RDS keeps the minor current."""
    instance_class: Annotated[
        str, Matches(r"db\.[a-z0-9]+(-[a-z]+)?\.[0-9a-z]+", "an RDS instance class such as db.t3.medium")
    ] = "db.t3.medium"
    """Size of the server."""
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
    username: DatabaseName = "floe"
    """The administrator's name."""
    performance_insights: bool = True
    """Record which queries load the server, for seven days."""
    kms_key_arn: Arn | None = None
    """An existing key to encrypt with; a new one when left out."""

    construct: ClassVar = "floe_infra.database.rds:RdsDatabase"
    clouds: ClassVar = frozenset({"aws"})

    @model_validator(mode="after")
    def _check_storage(self) -> Self:
        if self.max_allocated_storage_gib * 10 < self.allocated_storage_gib * 11:
            raise invalid(
                f"{self.max_allocated_storage_gib} GiB leave no room to grow from {self.allocated_storage_gib} GiB",
                allowed="at least 10 % more than allocated_storage_gib",
                field="max_allocated_storage_gib",
            )
        return self


DatabaseConfig = Annotated[RdsConfig | Disabled, Field(discriminator="kind")]
