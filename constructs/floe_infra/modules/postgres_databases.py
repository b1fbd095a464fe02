"""`terraform-modules/postgres-databases`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from floe_infra.context import Context
from floe_infra.database.config import ADMIN_SECRET, DatabaseName
from floe_infra.fields import Matches
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.inputs import PostgresqlServer, database
from floe_infra.modules.site import SecretsInputs, SiteInputs, secret, site
from floe_infra.needs import login_secret
from floe_infra.secrets.config import SecretName

if TYPE_CHECKING:
    from constructs import Construct

Application = Annotated[
    str,
    Matches(
        r"[a-z]([a-z0-9-]{0,48}[a-z0-9])?",
        "at most 50 lower-case letters, digits and hyphens, beginning with a letter",
    ),
]
"""A volume is called after it, `login-` before it, and may have 63 characters."""


class Server(PostgresqlServer):
    """A PostgreSQL server with a database to log in to."""

    ssl_mode: Literal["disable", "require"] = "require"
    """How the job's connections are encrypted, in libpq's words."""
    name: DatabaseName = "postgres"
    """The database that the job logs in to. An application may have it for its own."""


class DatabasesInputs(Model):
    """What the module asks for."""

    database: Server
    """The server."""
    admin_secret: Annotated[
        str,
        Matches(
            r"[A-Za-z0-9/_+=.@!:-]{1,512}",
            "the name or ARN of a secret in the cloud's secret manager",
            "never the secret itself",
        ),
    ]
    """The name in the secret manager of the administrator's login, or its ARN (`module.rds.secret_arn`), with the keys
    `username` and `password`; the administrator needs CREATEROLE and CREATEDB, and need not be a superuser."""
    applications: Annotated[dict[Application, SecretName], Field(min_length=1, max_length=50)]
    """The applications, each with the name in the secret manager of its login, with the keys `username`, `password` and
    `database`: the role to make, its password, and the database that it owns."""


@dataclass(frozen=True)
class _Config:
    namespace: str


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:  # noqa: ARG001
    from floe_infra.database.databases import Databases

    admin = secret(tokens, ADMIN_SECRET, "var.admin_secret", "username", "password")
    login = secret(tokens, login_secret(MEMBER), f"{MEMBER}.value", "username", "password", "database")
    databases = Databases(
        scope,
        "module",
        config=_Config(tokens.text("var.namespace")),
        site=site("databases", tokens, context, secrets={each.name: each for each in (admin, login)}),
        database=replace(database(tokens, admin), database=tokens.text("var.database.name")),
    )
    server = databases.ref
    return {
        "server": Output(
            {"host": server.host, "port": server.port, "ssl_mode": server.ssl_mode},
            "The server; what takes it from here comes after the databases.",
            after=databases.ready,
        ),
    }


MODULE = Module(
    name="postgres-databases",
    summary="Databases on a PostgreSQL server: one for each application, and its owner, by a job in the cluster.",
    inputs=(DatabasesInputs, SiteInputs, SecretsInputs),
    construct="floe_infra.database.databases:Databases",
    providers=("helm",),
    build=_build,
    # No chart is fetched: the job comes with the module.
    hidden=("chart_repository",),
    gone_through=(Each("var.applications", ("application", "secret")),),
    rules=(
        Rule(
            "applications",
            '!contains(keys(var.applications), "admin")',
            "admin is the administrator's",
            '{ admin = "acme-prod/login-admin" }',
        ),
    ),
    sample={
        "database": {"host": "postgresql.example.com"},
        "admin_secret": "acme-prod/database-admin",
        "applications": {"nessie": "acme-prod/login-nessie", "marquez": "acme-prod/login-marquez"},
        "namespace": "database",
        "node_selector": {"node-type": "on-demand"},
    },
)
