"""`terraform-modules/marquez`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from floe_infra.context import Context
from floe_infra.model import Model
from floe_infra.modules.definition import Choice, Module, Output, Outputs, Tokens
from floe_infra.modules.inputs import PostgresqlServer, database
from floe_infra.modules.site import SecretsInputs, SiteInputs, secret, site
from floe_infra.needs import login_secret
from floe_infra.observability.config import MarquezConfig

if TYPE_CHECKING:
    from constructs import Construct


class MarquezInputs(Model):
    """What the module asks for besides what the configuration does."""

    database: PostgresqlServer
    """The server with the database `marquez`, where Marquez keeps what it knows."""
    database_secret: str
    """The name in the secret manager of the database's login, with the keys `username` and `password`."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.observability.marquez import Marquez

    login = secret(tokens, login_secret("marquez"), "var.database_secret", "username", "password")
    marquez = Marquez(
        scope,
        "module",
        config=tokens.of(
            MarquezConfig,
            "var",
            retention_days=None if chosen["retention_days"] else tokens.number("var.retention_days"),
        ),
        site=site("marquez", tokens, context, secrets={login.name: login}),
        database=database(tokens, login),
    )
    return {
        "url": Output(marquez.ref.url, "Where OpenLineage events go, inside the cluster; without the path."),
        "path": Output(marquez.ref.path, "The path of OpenLineage events."),
    }


MODULE = Module(
    name="marquez",
    summary="Marquez: keeps the lineage of tables that OpenLineage events tell it, in PostgreSQL, and shows it.",
    inputs=(MarquezInputs, SiteInputs, MarquezConfig, SecretsInputs),
    construct="floe_infra.observability.marquez:Marquez",
    providers=("helm",),
    hidden=("kind", "chart_repository"),
    build=_build,
    choices=(
        Choice("several", "var.replicas > 1"),
        Choice("retention_days", "var.retention_days == null"),
    ),
    sample={
        "database": {"host": "postgresql.example.com"},
        "database_secret": "acme-prod/login-marquez",
        "namespace": "observability",
        "node_selector": {"node-type": "on-demand"},
    },
)
