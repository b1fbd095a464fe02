"""`terraform-modules/jaeger`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from floe_infra.context import Context
from floe_infra.fields import HttpUrl, Matches
from floe_infra.model import Model
from floe_infra.modules.definition import Choice, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.site import SecretsInputs, SiteInputs, secret, site
from floe_infra.observability.config import (
    TRACES_SECRET,
    BadgerStorage,
    ElasticsearchStorage,
    JaegerConfig,
    MemoryStorage,
    TracesStorage,
)

if TYPE_CHECKING:
    from constructs import Construct

_SHARED = 'contains(["elasticsearch", "opensearch"], var.storage.kind)'


class StorageInputs(ElasticsearchStorage, BadgerStorage, MemoryStorage):
    """What keeps the traces: all kinds in one, since Terraform has no alternatives."""

    kind: Literal["memory", "badger", "elasticsearch", "opensearch"] = "badger"  # type: ignore[assignment]
    """`memory`: `max_traces` in Jaeger's own memory, which a restart loses. `badger`: on a volume of `size_gib`.
    `elasticsearch` and `opensearch`: at `server_urls`, one index for each day."""
    server_urls: Annotated[list[HttpUrl], Field(max_length=20)] = Field(default=[])
    """The URLs of Elasticsearch's or OpenSearch's servers, which are there already."""
    index_prefix: Annotated[
        str, Matches(r"([a-z0-9][a-z0-9_-]{0,62})?", "lower-case letters, digits, _ and -, or nothing")
    ] = ""
    """Begins the indices' names; they are Jaeger's own when left out."""
    days: Annotated[int, Field(ge=1, le=3650)] | None = None  # type: ignore[assignment]
    """Days for which traces are kept, but in memory; 7 on a volume (at most 365) and 14 elsewhere when left out."""


class JaegerInputs(Model):
    """What the module asks for besides what the configuration does."""

    storage: StorageInputs = StorageInputs()
    """What keeps the traces."""
    storage_class: str | None = None
    """The StorageClass of Badger's volume; the cluster's default when left out."""


class _Values(dict[str, Any]):
    """The user's values, of which the construct asks for one: pods start anew when it changes."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens.entries("var.values"))
        self._tokens = tokens

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002
        return self._tokens.text(f"try(var.values.{key}, null)")


def _storage(chosen: Mapping[str, Any], tokens: Tokens) -> TracesStorage:
    days = tokens.number("local.days")
    if chosen["shared"]:
        return ElasticsearchStorage.model_construct(
            kind=tokens.text("var.storage.kind"),
            server_urls=tokens.texts("var.storage.server_urls"),
            secret=tokens.text("var.storage.secret") if chosen["login"] else None,
            index_prefix=tokens.text("var.storage.index_prefix"),
            days=days,
        )
    if chosen["on_volume"]:
        return BadgerStorage.model_construct(size_gib=tokens.number("var.storage.size_gib"), days=days)
    return MemoryStorage.model_construct(max_traces=tokens.number("var.storage.max_traces"))


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.observability.jaeger import Jaeger

    login = secret(tokens, TRACES_SECRET, "var.storage.secret", "username", "password")
    jaeger = Jaeger(
        scope,
        "module",
        config=tokens.of(JaegerConfig, "var", storage=_storage(chosen, tokens), values=_Values(tokens)),
        site=site(
            "jaeger",
            tokens,
            context,
            secrets={login.name: login},
            storage_class=tokens.text("var.storage_class"),
        ),
    )
    return {
        "otlp_grpc": Output(jaeger.ref.otlp_grpc, "Where traces go, by OTLP/gRPC and without TLS: host:port."),
        "ui": Output(jaeger.ref.ui, "The pages that show traces, inside the cluster. They ask nobody who they are."),
    }


MODULE = Module(
    name="jaeger",
    summary="Jaeger: takes traces in by OTLP, keeps them (in memory, on a volume, in Elasticsearch or OpenSearch) and "
    "shows them.",
    inputs=(JaegerInputs, SiteInputs, JaegerConfig, SecretsInputs),
    construct="floe_infra.observability.jaeger:Jaeger",
    providers=("helm", "kubernetes"),
    build=_build,
    choices=(
        Choice("shared", "local.shared"),
        Choice("on_volume", 'var.storage.kind == "badger"'),
        Choice("login", "var.storage.secret != null"),
        Choice("several", "var.replicas > 1"),
    ),
    locals={
        "shared": _SHARED,
        "days": 'coalesce(var.storage.days, var.storage.kind == "badger" ? 7 : 14)',
    },
    shorter={
        '!local.shared && var.storage.kind == "badger"': 'var.storage.kind == "badger"',
        '!local.shared && var.storage.kind != "badger"': 'var.storage.kind == "memory"',
    },
    renamed={"volume": "traces"},
    rules=(
        Rule(
            "storage",
            f"{_SHARED} == (length(var.storage.server_urls) > 0)",
            "server_urls with elasticsearch and opensearch, and with no other",
            '{ kind = "opensearch" }',
        ),
        Rule(
            "storage",
            f"var.storage.secret == null || {_SHARED}",
            "a secret with elasticsearch and opensearch, and with no other",
            '{ kind = "badger", secret = "acme-prod/search" }',
        ),
        Rule(
            "storage",
            'var.storage.kind != "badger" || coalesce(var.storage.days, 7) <= 365',
            "at most 365 days with badger",
            "{ days = 366 }",
        ),
        Rule(
            "replicas",
            f"var.replicas == 1 || {_SHARED}",
            "1 with storage memory or badger, of which each copy would keep, and show, a part",
            "2",
        ),
    ),
    sample={
        "namespace": "observability",
        "node_selector": {"node-type": "on-demand"},
    },
)
