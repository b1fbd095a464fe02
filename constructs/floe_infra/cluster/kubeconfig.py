"""A cluster that is there already, on a laptop or in one's own rack."""

from __future__ import annotations

from constructs import Construct

from floe_infra.cluster.config import KubeconfigConfig
from floe_infra.cluster.nodes import describe
from floe_infra.context import Context
from floe_infra.refs import ClusterRef, IdentityRef, NetworkRef


class KubeconfigCluster(Construct):
    """Makes nothing, and asks nobody: Terraform's providers read the kubeconfig themselves, when they need it.

    Attributes:
        ref: what other rooms take.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: KubeconfigConfig,
        context: Context,  # noqa: ARG002
        network: NetworkRef | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(scope, id)
        self.ref = ClusterRef(
            name=config.context,
            endpoint="",
            certificate_authority="",
            oidc_issuer="",
            security_group_id="",
            node_groups=tuple(describe(name, group) for name, group in config.node_groups.items()),
            # Terraform runs in `<out>/stacks/<stack>`.
            kubeconfig=config.path if config.path.startswith(("/", "~")) else f"../../../{config.path}",
            kubeconfig_context=config.context,
        )

    def identity(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:  # noqa: ARG002
        """The service account, and no identity of any cloud for it."""
        return IdentityRef(namespace=namespace, service_account=service_account, role="", role_arn="")
