"""The cluster that a module's user has: its namespace, the store of its secrets, and its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from floe_infra.context import Context
from floe_infra.fields import KubernetesName, Matches
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.kubernetes.manifests import Manifests
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.model import Model
from floe_infra.modules.definition import Tokens
from floe_infra.refs import ClusterRef, IdentityRef, NodeGroupRef, SecretRef
from floe_infra.secrets.external_secrets import external_secret

if TYPE_CHECKING:
    from cdktf import ITerraformDependable
    from constructs import Construct

ChartRepository = Annotated[
    str,
    Matches(
        r"(https?|oci)://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?",
        "the URL of a chart repository, without a login: https://… or oci://…",
        "log in with `helm registry login`",
    ),
]


class SiteInputs(Model):
    """What every module asks for that makes something in a cluster."""

    namespace: KubernetesName
    """The Kubernetes namespace, which is there already."""
    node_selector: dict[str, str] = Field(default={})
    """Labels of the nodes that single and stateful pods run on; any node when empty."""
    chart_repository: ChartRepository | None = None
    """A repository that holds the Helm charts in their pinned versions, such as `oci://registry.example.com/charts`;
    the projects' own when left out."""


class SecretsInputs(Model):
    """What modules ask for whose pods read secrets."""

    secret_store: KubernetesName = "cloud"
    """The SecretStore in the namespace (of External Secrets Operator) that the secrets are read from."""
    secret_refresh_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    """Minutes after which secrets are read again."""


def site(
    name: str,
    tokens: Tokens,
    context: Context,
    *,
    secrets: Mapping[str, SecretRef] | None = None,
    identities: Mapping[str, IdentityRef] | None = None,
    lent_roles: Mapping[str, str] | None = None,
    storage_class: str | None = None,
) -> Site:
    """The site, with what `SiteInputs` and `SecretsInputs` say.

    Args:
        name: begins the names of what is made besides the service itself.
        storage_class: for volumes; None for the cluster's default.
    """
    nodes = NodeGroupRef(
        name="",
        labels=tokens.entries("var.node_selector"),
        taints=(),
        spot=False,
        vcpu=0,
        memory_mib=0,
        max_size=0,
    )
    store = Store(name, context, tokens.text("var.secret_store"), tokens.number("var.secret_refresh_minutes"))
    return _Site(
        cluster=ClusterRef(
            name="", endpoint="", certificate_authority="", oidc_issuer="", security_group_id="", node_groups=(nodes,)
        ),
        context=context,
        charts=ChartsConfig(),
        identities=identities or {},
        lent_roles=lent_roles or {},
        secrets=secrets or {},
        cluster_secrets=store if secrets else None,
        given_class=storage_class,
    )


@dataclass(frozen=True)
class _Site(Site):
    given_class: str | None = None

    @property
    def storage_class(self) -> str | None:
        return self.given_class


def secret(tokens: Tokens, name: str, expression: str, *keys: str) -> SecretRef:
    """A secret of the secret manager's, whose name a variable says."""
    return SecretRef(name=name, remote_key=tokens.text(expression), keys=keys)


@dataclass(frozen=True)
class Store:
    """A secret operator that somebody else has set up.

    Attributes:
        name: begins the names of what is made.
        store: the SecretStore in the namespace.
        refresh_minutes: minutes after which secrets are read again.
    """

    name: str
    context: Context
    store: str
    refresh_minutes: int
    checksums: ClassVar[Mapping[tuple[str, str], str]] = {}

    def copy(self, scope: Construct, id: str, *, namespace: str, secrets: Sequence[SecretCopy]) -> ITerraformDependable:
        """ExternalSecrets, as the operator itself would make them."""
        manifests = [
            external_secret(copy, namespace, store=self.store, refresh_minutes=self.refresh_minutes) for copy in secrets
        ]
        name = f"{self.name}-secrets"
        return Manifests(scope, id, name=name, namespace=namespace, manifests=manifests).release

    def settle(self) -> None:
        """Nothing can be wrong with copies together."""
