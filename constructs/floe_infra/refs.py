"""The doors between rooms: what one construct says about itself to the others.

A construct takes a configuration model and refs, and exposes refs. All strings may be CDKTF tokens. A ref never
holds a secret value, only the name under which a secret operator or Terraform finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from floe_infra.needs import ExistingSecret, Password

Scheme = Literal["s3", "gs"]

CARRIED = "services_"
"""Begins the names of the outputs that carry refs to the services stack, and are not for people."""
HANDOFF = "handoff"
"""The output with the files that floe-runtime takes."""


@dataclass(frozen=True)
class SecretRef:
    """Where a secret lies; never its value."""

    name: str
    """What it is called within the platform."""
    remote_key: str
    """Its name or ARN in the cloud's secret manager."""
    keys: tuple[str, ...]
    """The keys inside it, such as `username`, `password`."""
    kms_key_arn: str | None = None
    """The customer-managed key that readers must be allowed to decrypt with."""
    generation: int = 1
    """Counts how often its value was made anew on request."""


@dataclass(frozen=True)
class SealRef:
    """The cloud's key that a secret manager in the cluster is unsealed with."""

    kind: str
    """As OpenBao calls it: `awskms`, `gcpckms`."""
    settings: Mapping[str, str]
    """Which key, likewise; where the login comes from the pods' identity."""


@dataclass(frozen=True)
class KubernetesSecretRef:
    """A Secret in the cluster; never its value."""

    namespace: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class NetworkRef:
    """A private network with room for a cluster and a database."""

    id: str
    cidr: str
    private_subnet_ids: tuple[str, ...]
    public_subnet_ids: tuple[str, ...] = ()
    pod_range: str = ""
    """On Google, the name of the subnet's secondary range for pods. Elsewhere pods take addresses beside the nodes."""
    service_range: str = ""
    """On Google, likewise that for Kubernetes' Services."""
    private_services: str | None = None
    """On Google, the network once its private services access is there: what takes this comes after it."""


@dataclass(frozen=True)
class IdentityRef:
    """A Kubernetes service account that acts as a cloud identity."""

    namespace: str
    service_account: str
    role: str
    """The cloud's name of the identity: on AWS that of the IAM role, on Google the service account's email. Empty on no
    cloud."""
    role_arn: str
    """Empty anywhere but on AWS."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """What the service account must carry: `eks.amazonaws.com/role-arn`, `iam.gke.io/gcp-service-account`."""


@dataclass(frozen=True)
class Taint:
    """A node taint, with `effect` in Kubernetes' spelling (`NoSchedule`, …)."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True)
class NodeGroupRef:
    """Where pods can be placed."""

    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    spot: bool
    vcpu: int
    """Of one node; 0 while only Terraform knows its type."""
    memory_mib: int
    """Of one node, before the kubelet's reservation; 0 while only Terraform knows its type."""
    max_size: int


@dataclass(frozen=True)
class ClusterLogin:
    """The program that prints a token for the API server: asked anew whenever a token has expired, however long an
    apply takes (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
    """

    command: str
    args: tuple[str, ...]
    api_version: str = "client.authentication.k8s.io/v1"
    """What it answers in; the providers take no other."""


@dataclass(frozen=True)
class BlockStorage:
    """Disks that pods can claim, as a StorageClass to make."""

    name: str
    """The StorageClass' name."""
    provisioner: str
    parameters: Mapping[str, str]
    default: bool
    """Whether it becomes the cluster's default class."""


@dataclass(frozen=True)
class ClusterRef:
    """A Kubernetes cluster, as the services stack and the database's firewall need it. What a kubeconfig says, or only
    a cloud could, is empty where the cluster comes from one."""

    name: str
    endpoint: str
    certificate_authority: str
    """Base64, as the cloud gives it."""
    oidc_issuer: str
    """With `https://`."""
    security_group_id: str
    """The nodes' and pods' security group; empty anywhere but on AWS."""
    node_groups: tuple[NodeGroupRef, ...]
    login: ClusterLogin | None = None
    """None where a kubeconfig says how to log in."""
    block_storage: BlockStorage | None = None
    """None where the cluster has a default StorageClass of its own."""
    autoscaler: IdentityRef | None = None
    """What may change the sizes of the node groups; None where that is not our business."""
    version: str | None = None
    """Kubernetes' minor version; None where only the cluster knows."""
    location: str | None = None
    """On Google, the cluster's region, or its zone if it has one alone."""
    service_cidr: str | None = None
    """Where Kubernetes' Services have their addresses; None where only the cluster knows."""
    kubeconfig: str | None = None
    """A kubeconfig's path, where endpoint and login come from one."""
    kubeconfig_context: str | None = None


@dataclass(frozen=True)
class BucketRef:
    """One bucket."""

    name: str
    arn: str
    """On Google, as IAM's conditions name it: `projects/_/buckets/<name>`."""
    uri: str
    """`s3://name`, on Google `gs://name`; no slash at the end."""


@dataclass(frozen=True)
class StorageRef:
    """The buckets by purpose and how to reach them."""

    layers: Mapping[str, BucketRef]
    """By layer; with one bucket for all layers every layer names the same."""
    region: str
    scheme: Scheme = "s3"
    """What every bucket's URI begins with, and so by which protocol it is reached: S3's, or Google's own."""
    endpoint: str | None = None
    """None: the cloud's own."""
    path_style: bool = False
    kms_key_arn: str | None = None
    preaggregations: BucketRef | None = None
    logs: BucketRef | None = None
    exchange: BucketRef | None = None
    """For intermediate results of queries; nothing in it outlives a query."""
    compute_logs: BucketRef | None = None
    """For what Dagster's runs print."""
    secret: SecretRef | None = None
    """Static keys, `access_key` and `secret_key`, for storage that knows no other identity."""

    @property
    def buckets(self) -> tuple[BucketRef, ...]:
        """The warehouse buckets, each once, in the layers' order."""
        return tuple({bucket.name: bucket for bucket in self.layers.values()}.values())

    @property
    def locations(self) -> Sequence[str]:
        """Where tables may go: the URIs of the warehouse buckets, each once."""
        return [bucket.uri for bucket in self.buckets]

    @property
    def first(self) -> BucketRef:
        """The first layer's, where what belongs to no layer goes."""
        return self.buckets[0]


@dataclass(frozen=True)
class DatabaseRef:
    """A PostgreSQL server and its administrator's login."""

    host: str
    port: int
    database: str
    """The database made with the server."""
    user: str
    secret: SecretRef
    """Keys `username` and `password`."""
    engine_version: str
    ca_bundle_url: str | None = None
    """Where the certificates that sign the server's are published."""
    ssl_mode: str = "require"
    """libpq's word for how connections are encrypted; `disable` where the server knows no TLS."""

    def jdbc_url(self, database: str) -> str:
        """For Java, without a login."""
        return f"jdbc:postgresql://{self.host}:{self.port}/{database}?sslmode={self.ssl_mode}"


@dataclass(frozen=True)
class CatalogRef:
    """An Iceberg catalog."""

    kind: str
    warehouse: str
    region: str
    uri: str | None = None
    """The Iceberg REST endpoint; None for catalogs spoken to in another way."""
    endpoint: str | None = None
    """Of such a catalog, on an emulator; None: the cloud's own."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Layer to namespace (a database, in Glue's words)."""
    scope: str | None = None
    """OAuth2 scope."""
    clients: Mapping[str, SecretRef] = field(default_factory=dict)
    """By client (`runtime`, `trino`), its credentials, keys `client_id` and `client_secret`; none where nobody logs
    in."""
    vends_credentials: bool = False
    """Whether clients get storage credentials from the catalog instead of having their own."""


@dataclass(frozen=True)
class TelemetryRef:
    """Where traces and metrics go."""

    otlp_grpc: str
    """`http://host:4317`."""
    otlp_http: str
    """`http://host:4318`, without a path."""


@dataclass(frozen=True)
class TracesRef:
    """Where the collector sends traces to be kept and looked at."""

    otlp_grpc: str
    """`host:4317`."""
    ui: str
    """`http://host:16686`."""


@dataclass(frozen=True)
class LineageRef:
    """Where OpenLineage events go."""

    url: str
    """`http://host:port`, without a path."""
    path: str = "/api/v1/lineage"


@dataclass(frozen=True)
class ComputeRef:
    """A query engine."""

    engine: str
    memory_mib: int
    """The container's limit of one worker; requests equal limits."""
    cpu: float
    host: str | None = None
    port: int | None = None
    catalog: str | None = None
    """What a server calls the lakehouse's catalog: the first part of a table's name in its SQL."""
    path: str | None = None
    """What DuckDB opens instead of a file of its own: `md:<database>`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the engine's processes need in their environment."""


class Storage(Protocol):
    """What every kind of object storage offers."""

    @property
    def ref(self) -> StorageRef: ...
    def grant_read(self, identity: IdentityRef) -> None:
        """Let the identity list and read the warehouse buckets."""

    def grant_read_write(self, identity: IdentityRef) -> None:
        """Let the identity list, read, write and delete in the warehouse buckets."""

    def grant_exchange(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for intermediate results."""

    def grant_compute_logs(self, identity: IdentityRef) -> None:
        """Let the identity use the bucket for what Dagster's runs print."""

    def lend_role(self, identity: IdentityRef) -> str:
        """An identity that may read and write, and that this one, and no other, can act as or lend to its clients; its
        name in the cloud (on AWS the role's ARN, on Google the service account's email)."""


class Secrets(Protocol):
    """What every kind of secret manager offers."""

    def make(self, name: str, content: Mapping[str, str | Password]) -> SecretRef:
        """A secret with what is known and what is made while applying."""

    def find(self, name: str, existing: ExistingSecret) -> SecretRef:
        """A secret that somebody else keeps."""

    def grant_read(self, identity: IdentityRef, secrets: Sequence[SecretRef]) -> None:
        """Let the identity read exactly these."""


@runtime_checkable
class SecretsElsewhere(Protocol):
    """What a secret manager offers besides that is not the cloud's."""

    def in_cloud(self, secrets: Sequence[SecretRef]) -> bool:
        """Whether any of these is with the cloud all the same: who reads it needs an identity there."""


@runtime_checkable
class Unsealed(Protocol):
    """What a secret manager of our own offers besides."""

    def let_unseal(self, identity: IdentityRef) -> None:
        """Let the identity use the cloud's key that it is unsealed with."""


class Network(Protocol):
    """What every kind of network offers."""

    @property
    def ref(self) -> NetworkRef: ...


class Cluster(Protocol):
    """What every kind of cluster offers."""

    @property
    def ref(self) -> ClusterRef: ...
    def identity(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:
        """A cloud identity that this service account, and no other, may act as."""


class Database(Protocol):
    """What every kind of PostgreSQL server offers."""

    @property
    def ref(self) -> DatabaseRef: ...
    def allow_from(self, cluster: ClusterRef) -> None:
        """Open the server's port to the cluster's pods."""


class Catalog(Protocol):
    """What every kind of catalog offers."""

    @property
    def ref(self) -> CatalogRef: ...
    def grant_read_write(self, identity: IdentityRef) -> None:
        """Let the identity use the catalog's namespaces and tables."""


class Compute(Protocol):
    """What every query engine offers."""

    @property
    def ref(self) -> ComputeRef: ...
    @property
    def reader(self) -> IdentityRef | None:
        """The cloud's identity with which the engine itself reads the tables; None where it has none of its own."""

    def grant_use(self, identity: IdentityRef) -> None:
        """Let the identity run queries."""
