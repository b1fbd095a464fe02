"""External Secrets Operator, with one store and one identity for each namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import service_account
from floe_infra.kubernetes.placement import spread
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.needs import Needs
from floe_infra.network.edges import Workload
from floe_infra.refs import IdentityRef, SealRef, SecretRef
from floe_infra.secrets.config import OperatorConfig

_NAME = "external-secrets"
STORE = "cloud"
"""The SecretStore's name, in each namespace."""


class ExternalSecrets(Construct):
    """The operator, and for each namespace a store that reads what that namespace may read.

    The operator's own account has no rights in the cloud. To read for a namespace it asks for a token of that
    namespace's `secret-reader`, whose role names each secret.

    Args:
        readers: by namespace, the account that reads its secrets.
        needs: by section of the configuration, what it wants; the cloud has granted it.
        seal: what unseals a secret manager of our own.

    Attributes:
        operator: the release.
        stores: by namespace.
        ready: what comes after the operator.
    """

    checksums: ClassVar[Mapping[tuple[str, str], str]] = {}
    """Nobody here knows what a Secret holds; one whose value was made anew on request has another name."""
    in_cloud: ClassVar = True
    """Whether the operator reads from a secret manager of the cloud's."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: OperatorConfig,
        site: Site,
        readers: Mapping[str, IdentityRef],
        needs: Mapping[str, Needs],
        seal: SealRef | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self._config, self._site, self._needs, self._seal = config, site, needs, seal
        self.operator = site.release(
            self,
            "external-secrets",
            chart=charts.EXTERNAL_SECRETS,
            namespace=config.namespace,
            values=_values(config, site),
            user_values=config.values,
            after=after,
        )
        before = [self.operator.release, *self._make_values()]
        stores = Construct(self, "stores")
        self.stores = {
            namespace: site.manifests(
                stores,
                namespace,
                name="secret-store",
                namespace=namespace,
                manifests=[
                    service_account(reader.service_account, reader.annotations),
                    *(_store(name, provider) for name, provider in self._providers(reader).items()),
                    *self._permissions(reader),
                ],
                after=before,
            )
            for namespace, reader in readers.items()
        }
        self.ready = [self.operator.release]

    @classmethod
    def workloads(cls, config: OperatorConfig) -> tuple[Workload, ...]:
        """The operator, what the API server asks about its objects, and what keeps the certificate for that."""

        def workload(name: str, **more: Any) -> Workload:
            selector = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": _NAME}
            return Workload(name, config.namespace, selector, metrics=(8080,), api_server=True, **more)

        return (
            workload(_NAME, cloud=cls.in_cloud, **cls._reaches(config)),
            workload(f"{_NAME}-webhook", webhooks=(10250,)),
            workload(f"{_NAME}-cert-controller"),
        )

    @classmethod
    def _reaches(cls, config: Any) -> dict[str, Any]:  # noqa: ARG003
        """What the operator calls to read secrets, where it is not the cloud: attributes of its `Workload`."""
        return {}

    def copy(self, scope: Construct, id: str, *, namespace: str, secrets: Sequence[SecretCopy]) -> ITerraformDependable:
        """Keep Kubernetes Secrets in step with the cloud's; what reads them comes after the result."""
        return self._site.manifests(
            scope,
            id,
            name=f"{scope.node.id}-secrets",
            namespace=namespace,
            manifests=[
                external_secret(
                    copy,
                    namespace,
                    store=self._store_of(copy.source),
                    refresh_minutes=self._config.refresh_minutes,
                )
                for copy in secrets
            ],
            after=[self.stores[namespace].release],
        ).release

    def settle(self) -> None:
        """Nothing can be wrong with copies together."""

    def _make_values(self) -> list[ITerraformDependable]:
        """What holds the values, where the cloud does not; stores come after it."""
        return []

    def _permissions(self, reader: IdentityRef) -> list[dict[str, Any]]:  # noqa: ARG002
        """What lets the namespace's account read, where the cloud does not say so."""
        return []

    def _providers(self, reader: IdentityRef) -> dict[str, dict[str, Any]]:
        """By the store's name, where the namespace's secrets are."""
        return {STORE: self._provider(reader)}

    def _provider(self, reader: IdentityRef) -> dict[str, Any]:
        return aws_provider(self._site, reader)

    def _store_of(self, source: SecretRef) -> str:  # noqa: ARG002
        """The name of the store that has the secret."""
        return STORE


def external_secret(copy: SecretCopy, namespace: str, *, store: str, refresh_minutes: int) -> dict[str, Any]:
    """What keeps a Kubernetes Secret in step with the store's (https://external-secrets.io/latest/api/externalsecret/)."""
    target: dict[str, Any] = {"name": copy.ref(namespace).name, "creationPolicy": "Owner"}
    if copy.data is not None:
        target["template"] = {"engineVersion": "v2", "data": dict(copy.data)}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        # The generation, so that a new value is fetched at once, even under an old name.
        "metadata": {
            "name": target["name"],
            "annotations": {"floe-infra/generation": str(copy.source.generation)},
        },
        "spec": {
            "refreshInterval": f"{refresh_minutes}m0s",
            "secretStoreRef": {"kind": "SecretStore", "name": store},
            "target": target,
            "dataFrom": [{"extract": {"key": copy.source.remote_key}}],
        },
    }


def aws_provider(site: Site, reader: IdentityRef) -> dict[str, Any]:
    """AWS Secrets Manager, as the namespace's account
    (https://external-secrets.io/latest/provider/aws-secrets-manager/)."""
    return {
        "aws": {
            "service": "SecretsManager",
            "region": site.context.region,
            "auth": {"jwt": {"serviceAccountRef": {"name": reader.service_account}}},
        }
    }


def _store(name: str, provider: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": name},
        "spec": {"provider": provider},
    }


def _values(config: OperatorConfig, site: Site) -> dict[str, Any]:
    """The operator and its webhook are asked whenever a secret is made, so they do not run where they can be taken
    away. Everything is restricted by the chart's own defaults."""
    several = config.replicas > 1
    return {
        "fullnameOverride": "external-secrets",
        "installCRDs": True,
        "replicaCount": config.replicas,
        "leaderElect": several,
        "global": {
            **site.steady.values,
            "topologySpreadConstraints": spread(**{"app.kubernetes.io/instance": "external-secrets"}),
        },
        "serviceAccount": {"create": True, "name": "external-secrets"},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "podDisruptionBudget": {"enabled": several, "minAvailable": 1},
        "webhook": {
            "replicaCount": config.replicas,
            "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
            "podDisruptionBudget": {"enabled": several, "minAvailable": 1},
        },
        "certController": {"resources": {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}},
        "serviceMonitor": {"enabled": False},
    }
