"""The Iceberg catalog: which tables there are, and where their current metadata lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import Finding, KubernetesName, LayerName, Matches
from floe_infra.model import ANYWHERE, Disabled, Kind
from floe_infra.needs import Needs, Password

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig


class GlueConfig(Kind):
    """The AWS Glue Data Catalog: one database for each layer."""

    kind: Literal["glue"] = "glue"
    """AWS Glue."""
    database_prefix: Annotated[
        str, Matches(r"([a-z0-9][a-z0-9_]{0,100})?", "lower-case letters, digits and underscores")
    ] = ""
    """Before the layer in a database's name; the platform's name and environment when left out."""

    construct: ClassVar = "floe_infra.catalog.glue:GlueCatalog"
    clouds: ClassVar = frozenset({"aws"})
    vends_credentials: ClassVar = False

    def database_name(self, layer: str, *, prefix: str) -> str:
        """The name of a layer's database, without hyphens: Athena and most SQL would want those quoted."""
        return f"{self.database_prefix or prefix}_{layer}".replace("-", "_")


WarehouseName = Annotated[
    str, Matches(r"[a-z][a-z0-9_]{0,62}", "lower-case letters, digits and underscores, beginning with a letter")
]
Replicas = Annotated[int, Field(ge=1, le=20)]
Connections = Annotated[int, Field(ge=2, le=200)]

ROOT_SECRET = "polaris-root"
"""The name of the secret with the credentials of Polaris' administrator."""
TOKEN_SECRET = "polaris-token-key"
"""The name of the secret with the key that Polaris' tokens are signed with."""
ADMIN_IMAGE = "docker.io/apache/polaris-admin-tool"
"""Makes Polaris' realms, in the servers' version."""


def client_secret(client: str) -> str:
    """The name of the secret with a client's credentials, keys `client_id` and `client_secret`."""
    return f"catalog-client-{client}"


def client_id(client: str) -> str:
    """What a client signs in as."""
    return f"floe-{client}"


def storage_keys(platform: PlatformConfig) -> tuple[str, ...]:
    """The names of the secrets that a storage in the cluster makes: the keys to it, which on a cloud nobody needs."""
    need = platform.storage.needs(platform)
    return tuple(need.secrets) if need else ()


def _replica_findings(replicas: int, max_replicas: int | None) -> Iterator[Finding]:
    if max_replicas is not None and max_replicas < replicas:
        yield Finding(
            ("max_replicas",),
            f"max_replicas {max_replicas} is below replicas {replicas}",
            "replicas ≤ max_replicas, or null",
            f"raise it to {replicas} or more",
        )


class PolarisConfig(Kind):
    """Apache Polaris: an Iceberg REST catalog that lends its clients access to exactly the tables they may use."""

    kind: Literal["polaris"] = "polaris"
    """Apache Polaris."""
    warehouse: WarehouseName | None = None
    """The catalog's name, which clients give as warehouse; the platform's name and environment when left out."""
    namespaces: dict[LayerName, LayerName] = {}
    """Names of the layers' namespaces, by layer; the layer's own when left out."""
    replicas: Replicas = 2
    """Servers; with autoscaling the fewest."""
    max_replicas: Replicas | None = 5
    """Most servers, as many as the load wants; no autoscaling when null."""
    memory_gib: Annotated[int, Field(ge=1, le=64)] = 2
    """Memory of one server, in GiB."""
    cpu: Annotated[float, Field(ge=0.1, le=32)] = 0.5
    """Processors that one server requests."""
    database_connections: Connections = 10
    """Most connections of one server to the database."""
    drop_with_purge: bool = True
    """Let clients remove a table's files together with the table, as Trino's `DROP TABLE` always does; Polaris refuses
    such a drop otherwise."""
    namespace: KubernetesName = "catalog"
    """The Kubernetes namespace."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here."""

    service: ClassVar = "floe_infra.catalog.polaris:Polaris"
    clouds: ClassVar = ANYWHERE
    vends_credentials: ClassVar = True

    def warehouse_name(self, *, prefix: str) -> str:
        """The catalog's name in Polaris."""
        return prefix.replace("-", "_") if self.warehouse is None else self.warehouse

    def findings(self) -> Iterator[Finding]:
        """Autoscaling goes up from `replicas`."""
        yield from _replica_findings(self.replicas, self.max_replicas)

    def needs(self, platform: PlatformConfig) -> Needs:
        """A role to lend, a database, the administrator's credentials, a key to sign tokens with, and credentials for
        each client. A client's are made here rather than by Polaris, which shows them once: lost then, lost for ever.
        """
        clients = {client_secret(each): _credentials(client_id(each)) for each in platform.catalog_clients}
        return Needs(
            namespace=self.namespace,
            service_account="polaris",
            storage="lend",
            databases=("polaris",),
            secrets={
                ROOT_SECRET: _credentials("root"),
                TOKEN_SECRET: {"key": Password(length=96)},
                **clients,
            },
            reads=storage_keys(platform),
        )


def _credentials(client_id: str) -> dict[str, str | Password]:
    return {"client_id": client_id, "client_secret": Password()}


class NessieConfig(Kind):
    """Project Nessie: an Iceberg REST catalog with branches and tags, like Git's. It asks nobody who they are."""

    kind: Literal["nessie"] = "nessie"
    """Project Nessie."""
    warehouse: WarehouseName | None = None
    """The warehouse's name; the platform's name and environment when left out."""
    namespaces: dict[LayerName, LayerName] = {}
    """Names of the layers' namespaces, by layer; the layer's own when left out."""
    replicas: Replicas = 2
    """Servers; with autoscaling the fewest."""
    max_replicas: Replicas | None = 5
    """Most servers, as many as the load wants; no autoscaling when null."""
    memory_gib: Annotated[int, Field(ge=1, le=64)] = 2
    """Memory of one server, in GiB."""
    cpu: Annotated[float, Field(ge=0.1, le=32)] = 0.5
    """Processors that one server requests."""
    database_connections: Connections = 10
    """Most connections of one server to the database."""
    namespace: KubernetesName = "catalog"
    """The Kubernetes namespace."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here."""

    service: ClassVar = "floe_infra.catalog.nessie:Nessie"
    clouds: ClassVar = ANYWHERE
    vends_credentials: ClassVar = False  # see the construct

    def warehouse_name(self, *, prefix: str) -> str:
        """The warehouse's name in Nessie."""
        return prefix.replace("-", "_") if self.warehouse is None else self.warehouse

    def findings(self) -> Iterator[Finding]:
        """Autoscaling goes up from `replicas`."""
        yield from _replica_findings(self.replicas, self.max_replicas)

    def needs(self, platform: PlatformConfig) -> Needs:
        """The storage, on AWS by a role to act as; and a database."""
        return Needs(
            namespace=self.namespace,
            service_account="nessie",
            storage="lend" if platform.cloud.provider == "aws" else "read_write",
            databases=("nessie",),
            reads=storage_keys(platform),
        )


CatalogConfig = Annotated[GlueConfig | PolarisConfig | NessieConfig | Disabled, Field(discriminator="kind")]
