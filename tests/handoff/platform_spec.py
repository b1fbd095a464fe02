"""floe-runtime's schema of platform.yaml, written down from its facts (commit fdde34b): models that refuse every key
they do not know, so that what passes here is valid there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def matching(pattern: str, **bounds: int) -> Any:
    return Annotated[str, StringConstraints(pattern=pattern, **bounds)]


PROFILE = r"^[a-zA-Z][a-zA-Z0-9_-]*$"
Profile = matching(PROFILE)
RoleArn = matching(r"^arn:aws:iam::\d{12}:role/[\w+=,.@-]+$")
SecretName = matching(r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,252}$")
DnsName = matching(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")


class SecretReference(Spec):
    secret_ref: SecretName


class Credentials(Spec):
    mode: Literal["static", "oauth2", "iam_role", "service_account"] = "static"
    client_id: str | SecretReference | None = None
    client_secret: SecretReference | None = None
    scope: str | None = None
    role_arn: RoleArn | None = None
    secret_ref: SecretName | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.mode == "oauth2" and not (self.client_id and self.client_secret and self.scope):
            raise ValueError("oauth2 without client or scope")
        if self.mode == "iam_role" and not self.role_arn:
            raise ValueError("iam_role without role_arn")
        return self


class Storage(Spec):
    type: Literal["s3", "gcs", "azure", "local"] = "s3"
    endpoint: str | SecretReference = ""
    region: str = "us-east-1"
    bucket: matching(r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")  # stricter than there, where S3 would refuse it later
    path_style_access: bool = False
    credentials: Credentials = Credentials()


class Catalog(Spec):
    type: Literal["polaris", "glue", "nessie", "rest", "hive"] = "polaris"
    uri: matching(r"^https?://[^/]+(/.*[^/])?$") | SecretReference
    warehouse: matching("^.+$", max_length=255)
    namespace: matching("^.+$", max_length=255) = "default"
    credentials: Credentials = Credentials()
    access_delegation: Literal["vended-credentials", "remote-signing", "none"] = "none"
    token_refresh_enabled: bool = True
    properties: dict[str, str] = {}


class Compute(Spec):
    type: Literal["duckdb", "snowflake", "bigquery", "redshift", "databricks", "postgres", "spark"] = "duckdb"
    properties: dict[str, Any] = {}
    credentials: Credentials = Credentials()


class Layer(Spec):
    name: matching(PROFILE, min_length=1, max_length=100)
    description: matching("", max_length=500) = ""
    storage_ref: str
    catalog_ref: str = "default"
    namespace: matching(r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$", max_length=255)
    retention_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    properties: dict[str, str] = {}


class Sampling(Spec):
    sampling_type: Literal["always_on", "always_off", "probabilistic", "rate_limiting"] = "always_on"
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    rate_limit: Annotated[int, Field(ge=1)] | None = None


class TraceExporters(Spec):
    jaeger: bool = True
    xray: bool = False
    otlp: bool = False


class Tracing(Spec):
    sampling: Sampling = Sampling()
    exporters: TraceExporters = TraceExporters()


class ComputeLogs(Spec):
    enabled: bool = True
    manager_type: Literal["s3", "azure_blob", "gcs", "local", "noop"] = "s3"
    storage_ref: str = "default"
    bucket: str | None = None
    prefix: str = "dagster-compute-logs/"
    retention_days: Annotated[int, Field(ge=1, le=365)] = 30
    local_dir: str | None = None
    upload_interval: Annotated[int, Field(ge=1, le=300)] = 30


class Observability(Spec):
    traces: bool = True
    metrics: bool = True
    lineage: bool = True
    otlp_endpoint: matching(r"^https?://[^/:]+:\d+$") | None = None
    lineage_endpoint: matching(r"^https?://.+/api/v1/lineage$") | None = None
    attributes: dict[str, str] = {}
    tracing: Tracing | None = None
    compute_logs: ComputeLogs | None = None


class Vpc(Spec):
    id: matching("^vpc-[a-f0-9]+$")
    subnets: dict[str, list[str]] = {}


class ServiceAccount(Spec):
    role_arn: RoleArn


class Iam(Spec):
    service_accounts: dict[str, ServiceAccount] = {}


class Kms(Spec):
    key_arn: matching(r"^arn:aws:kms:[a-z0-9-]+:\d{12}:key/[a-f0-9-]+$")


class Aws(Spec):
    account_id: matching(r"^\d{12}$")
    vpc: Vpc | None = None
    iam: Iam | None = None
    kms: Kms | None = None


class LocalStack(Spec):
    enabled: bool = False
    endpoint: str | None = None
    services: list[str] = ["s3", "sts"]


class Cloud(Spec):
    provider: Literal["aws", "gcp", "azure", "local"] = "local"
    region: str | None = None
    aws: Aws | None = None
    localstack: LocalStack | None = None

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.provider == "aws" and not self.region:
            raise ValueError("aws without a region")
        return self


class Dns(Spec):
    internal_domain: DnsName | None = None
    external_domain: DnsName | None = None
    strategy: Literal["kubernetes", "consul", "route53"] = "kubernetes"


class LocalAccess(Spec):
    enabled: bool = False
    access_type: Literal["nodeport", "port-forward", "loadbalancer"] = "nodeport"
    ports: dict[str, Annotated[int, Field(ge=30000, le=32767)]] = {}


class Network(Spec):
    enabled: bool = True
    dns: Dns | None = None
    local_access: LocalAccess | None = None


class Quantities(Spec):
    cpu: str
    memory: str


class ResourceProfile(Spec):
    requests: Quantities
    limits: Quantities
    env: dict[str, str] = {}


class Infrastructure(Spec):
    timezone: str = "UTC"
    network: Network | None = None
    cloud: Cloud | None = None
    resource_profiles: dict[Profile, ResourceProfile] = {}


class KubernetesSecrets(Spec):
    enabled: bool = True
    namespace: str = "default"
    mount_path: str | None = None


class AwsSecretsManager(Spec):
    enabled: bool = False
    region: str | None = None
    prefix: str = "floe/"


class SecretBackends(Spec):
    primary: Literal["kubernetes", "vault", "aws_secrets_manager"] = "kubernetes"
    kubernetes: KubernetesSecrets | None = None
    aws_secrets_manager: AwsSecretsManager | None = None


class InTransit(Spec):
    enabled: bool = True
    min_tls_version: matching(r"^1\.[0-3]$") = "1.2"


class AtRest(Spec):
    enabled: bool = True
    provider: Literal["aws_kms", "gcp_kms", "local"] = "local"
    key_ref: SecretReference | None = None


class Encryption(Spec):
    in_transit: InTransit | None = None
    at_rest: AtRest | None = None


class Security(Spec):
    secret_backends: SecretBackends | None = None
    encryption: Encryption | None = None


class PlatformSpec(Spec):
    """The whole file. Sections that are never written (governance, authentication, …) are not known here."""

    version: matching(r"^\d+\.\d+\.\d+$") = "1.2.0"
    storage: dict[Profile, Storage] = {}
    catalogs: dict[Profile, Catalog] = {}
    compute: dict[Profile, Compute] = {}
    layers: dict[Profile, Layer] = {}
    observability: Observability | None = None
    infrastructure: Infrastructure | None = None
    security: Security | None = None

    @model_validator(mode="after")
    def _refer_to_what_there_is(self) -> Self:
        for layer in self.layers.values():
            if layer.storage_ref not in self.storage or layer.catalog_ref not in self.catalogs:
                raise ValueError(f"layer {layer.name} refers to a profile that is not there")
            if layer.namespace.split(".")[0] == self.catalogs[layer.catalog_ref].warehouse:
                raise ValueError(f"layer {layer.name} names the warehouse in its namespace")
        return self
