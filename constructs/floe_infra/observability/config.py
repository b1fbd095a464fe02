"""Traces, metrics and lineage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import URL_HOST, URL_PATH, Finding, HttpUrl, KubernetesName, Matches, url_problem
from floe_infra.model import ANYWHERE, Disabled, Kind, Model
from floe_infra.needs import ExistingSecret, Needs
from floe_infra.secrets.config import SecretName

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

NAMESPACE = "observability"
GRAFANA_SECRET = "grafana-cloud"
DATADOG_SECRET = "datadog"
TRACES_SECRET = "traces-storage"
"""What the secrets that somebody else keeps are called within the platform."""

Cpu = Annotated[float, Field(ge=0.05, le=32)]
Image = Annotated[
    str,
    Matches(
        r"[a-z0-9][a-z0-9._/:-]*:(?!latest$)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}",
        "an image with its tag, which is not latest: registry/name:tag",
        "name the version, so that a restart does not change it",
    ),
]


class GrafanaCloud(Model):
    """Grafana Cloud: traces, metrics and logs, by OTLP/HTTP."""

    zone: (
        Annotated[
            str, Matches(r"[a-z0-9]+(-[a-z0-9]+)*", "the zone in the stack's OTLP endpoint, such as prod-eu-west-2")
        ]
        | None
    ) = None
    """The stack's zone: `prod-eu-west-2` of `https://otlp-gateway-prod-eu-west-2.grafana.net/otlp`."""
    endpoint: (
        Annotated[
            str,
            Matches(
                f"https://{URL_HOST}(/{URL_PATH})?",
                "the stack's OTLP endpoint, without a login: https://…/otlp",
                refuse=url_problem,
            ),
        ]
        | None
    ) = None
    """The OTLP endpoint, instead of a zone."""
    secret: SecretName
    """The secret in the cloud's secret manager with the keys `instance-id` and `api-key` (an access policy's token)."""

    @property
    def url(self) -> str:
        """Where OTLP goes, without the signal's path
        (https://grafana.com/docs/grafana-cloud/send-data/otlp/send-data-otlp/)."""
        return f"https://otlp-gateway-{self.zone}.grafana.net/otlp" if self.endpoint is None else self.endpoint

    def findings(self) -> Iterator[Finding]:
        """One place, and no more."""
        if (self.zone is None) == (self.endpoint is None):
            yield Finding((), "says where in two ways, or in none", "zone or endpoint", "give one of them")


class Datadog(Model):
    """Datadog: traces, metrics and logs."""

    site: Annotated[
        str,
        Matches(
            r"([a-z0-9]+\.)?(datadoghq\.(com|eu)|ddog-gov\.com)",
            "a Datadog site such as datadoghq.eu or us5.datadoghq.com",
            "it is in the address of your Datadog pages, without app.",
        ),
    ] = "datadoghq.com"
    """The Datadog site that the key is of."""
    secret: SecretName
    """The secret in the cloud's secret manager with the key `api-key`."""


class Exporters(Model):
    """Vendors that everything is sent to, besides the platform's own traces."""

    grafana_cloud: GrafanaCloud | None = None
    """Grafana Cloud."""
    datadog: Datadog | None = None
    """Datadog."""

    @property
    def secrets(self) -> dict[str, ExistingSecret]:
        """The vendors' keys, by the name that their secret has within the platform."""
        secrets = {}
        if self.grafana_cloud:
            secrets[GRAFANA_SECRET] = ExistingSecret(self.grafana_cloud.secret, ("instance-id", "api-key"))
        if self.datadog:
            secrets[DATADOG_SECRET] = ExistingSecret(self.datadog.secret, ("api-key",))
        return secrets


class OtelCollectorConfig(Kind):
    """The OpenTelemetry Collector: everything sends to it, and it alone knows who keeps what."""

    kind: Literal["otel_collector"] = "otel_collector"
    """OpenTelemetry Collector."""
    exporters: Exporters = Exporters()
    """Where to send, besides `traces`. A signal that nobody keeps is accepted and dropped."""
    sampling_percentage: Annotated[float, Field(ge=0.001, le=100)] = 100
    """Traces to keep, of a hundred; by trace, so that those kept are whole."""
    replicas: Annotated[int, Field(ge=1, le=20)] = 2
    """Copies of the collector; with autoscaling the fewest."""
    max_replicas: Annotated[int, Field(ge=1, le=50)] | None = 6
    """Most copies, as many as the load wants; no autoscaling when null."""
    memory_mib: Annotated[int, Field(ge=128, le=65536)] = 512
    """Memory of one copy, in MiB. From four fifths of it on it takes nothing in until some is sent."""
    cpu: Cpu = 0.2
    """Processors that one copy requests."""
    namespace: KubernetesName = NAMESPACE
    """The Kubernetes namespace."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here."""

    service: ClassVar = "floe_infra.observability.otel_collector:OtelCollector"
    clouds: ClassVar = ANYWHERE

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """The vendors' keys."""
        return Needs(namespace=self.namespace, existing=self.exporters.secrets)

    def findings(self) -> Iterator[Finding]:
        """A range with its ends the right way round."""
        if self.max_replicas is not None and self.max_replicas < self.replicas:
            message = f"max_replicas {self.max_replicas} is below replicas {self.replicas}"
            yield Finding(("max_replicas",), message, "replicas ≤ max_replicas, or null", "raise it")


TelemetryConfig = Annotated[OtelCollectorConfig | Disabled, Field(discriminator="kind")]


class MemoryStorage(Model):
    """Traces in Jaeger's own memory: a restart loses them."""

    kind: Literal["memory"] = "memory"
    """In memory."""
    max_traces: Annotated[int, Field(ge=100, le=10_000_000)] = 10_000
    """Traces to keep; the oldest make room for new ones. `memory_mib` has to hold them."""


class BadgerStorage(Model):
    """Traces in Badger, a database in Jaeger's own process, on a volume."""

    kind: Literal["badger"] = "badger"
    """On a volume."""
    size_gib: Annotated[int, Field(ge=1, le=16384)] = 20
    """The volume's size, in GiB. It can grow, and not shrink."""
    days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days for which traces are kept."""


class ElasticsearchStorage(Model):
    """Traces in an Elasticsearch that is there already, one index for each day."""

    kind: Literal["elasticsearch"] = "elasticsearch"
    """Elasticsearch."""
    server_urls: Annotated[list[HttpUrl], Field(min_length=1, max_length=20)]
    """The servers' URLs."""
    secret: SecretName | None = None
    """The secret in the cloud's secret manager with the keys `username` and `password`; no login when left out."""
    index_prefix: Annotated[str, Matches(r"[a-z0-9][a-z0-9_-]{0,62}", "lower-case letters, digits, _ and -")] | None = (
        None
    )
    """Begins the indices' names; the platform's name and environment when left out."""
    days: Annotated[int, Field(ge=1, le=3650)] = 14
    """Days for which traces are kept; a job removes older indices every night."""


class OpenSearchStorage(ElasticsearchStorage):
    """Traces in an OpenSearch that is there already, one index for each day."""

    kind: Literal["opensearch"] = "opensearch"  # type: ignore[assignment]  # the one thing that differs
    """OpenSearch."""


TracesStorage = Annotated[
    MemoryStorage | BadgerStorage | ElasticsearchStorage | OpenSearchStorage, Field(discriminator="kind")
]


class JaegerConfig(Kind):
    """Jaeger: keeps traces, and shows them. It asks nobody who they are, so it is not to be reached from outside."""

    kind: Literal["jaeger"] = "jaeger"
    """Jaeger."""
    storage: TracesStorage = BadgerStorage()
    """What keeps the traces."""
    replicas: Annotated[int, Field(ge=1, le=20)] = 1
    """Copies of Jaeger; one, unless the storage is shared."""
    memory_mib: Annotated[int, Field(ge=256, le=262144)] = 2048
    """Memory of one copy, in MiB."""
    cpu: Cpu = 0.25
    """Processors that one copy requests."""
    namespace: KubernetesName = NAMESPACE
    """The Kubernetes namespace."""
    values: dict[str, Any] = {}
    """Values of the Helm chart, merged over those made here."""

    service: ClassVar = "floe_infra.observability.jaeger:Jaeger"
    clouds: ClassVar = ANYWHERE

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """The login to a storage that is not Jaeger's own."""
        return Needs(namespace=self.namespace, existing=self.secrets)

    @property
    def secrets(self) -> dict[str, ExistingSecret]:
        """The login to a storage that is not Jaeger's own, by the name that its secret has within the platform."""
        if isinstance(self.storage, ElasticsearchStorage) and self.storage.secret is not None:
            return {TRACES_SECRET: ExistingSecret(self.storage.secret, ("username", "password"))}
        return {}

    def findings(self) -> Iterator[Finding]:
        """Copies that do not share what they keep would each show a part of it."""
        if self.replicas > 1 and isinstance(self.storage, (MemoryStorage, BadgerStorage)):
            yield Finding(
                ("replicas",),
                f"{self.replicas} copies with storage {self.storage.kind} would each keep, and show, a part of the "
                "traces",
                "1 with storage memory or badger",
                "set it to 1, or choose storage elasticsearch or opensearch, which copies share",
            )


TracesConfig = Annotated[JaegerConfig | Disabled, Field(discriminator="kind")]


class MarquezConfig(Kind):
    """Marquez: keeps what was made of what, and shows it. It asks nobody who they are, so it is not to be reached from
    outside."""

    kind: Literal["marquez"] = "marquez"
    """Marquez."""
    replicas: Annotated[int, Field(ge=1, le=10)] = 2
    """Servers; they share the database, and one of them at a time changes its tables."""
    memory_mib: Annotated[int, Field(ge=512, le=65536)] = 1024
    """Memory of one server, in MiB."""
    cpu: Cpu = 0.25
    """Processors that one server requests."""
    max_connections: Annotated[int, Field(ge=5, le=200)] = 20
    """Most connections of one server to PostgreSQL."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Days after which lineage is removed; it is kept for ever when left out."""
    image: Image = "docker.io/marquezproject/marquez:0.51.1"
    """The server's image."""
    web_image: Image = "docker.io/marquezproject/marquez-web:0.51.1"
    """The image of the pages that show lineage."""
    namespace: KubernetesName = NAMESPACE
    """The Kubernetes namespace."""

    service: ClassVar = "floe_infra.observability.marquez:Marquez"
    clouds: ClassVar = ANYWHERE

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """A database."""
        return Needs(namespace=self.namespace, databases=("marquez",))


LineageConfig = Annotated[MarquezConfig | Disabled, Field(discriminator="kind")]
