"""A GKE cluster of the platform's own."""

from __future__ import annotations

from constructs import Construct

from floe_infra.cloud.google_iam import Account, account_id
from floe_infra.cluster.config import GkeConfig
from floe_infra.cluster.gke_access import disks, login
from floe_infra.cluster.gke_control_plane import GkeControlPlane
from floe_infra.cluster.gke_identity import GoogleIdentities
from floe_infra.cluster.gke_node_pools import GkeNodePools
from floe_infra.context import Context
from floe_infra.refs import ClusterRef, IdentityRef, NetworkRef

_NODE_ROLES = ["roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"]
"""Logs, metrics, and images of the project's own
(https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster#use_least_privilege_sa)."""


class GkeCluster(Construct):
    """A cluster, its node pools, and the accounts of its service accounts. GKE brings the rest: network plugin with
    network policies, DNS, disks' driver, metrics, autoscaler.

    Attributes:
        ref: what other rooms take.
        node_account: what the nodes do their work with.
        control_plane: the part that Google runs.
        identities: the service accounts' accounts.
        node_groups: by name.
    """

    def __init__(self, scope: Construct, id: str, *, config: GkeConfig, context: Context, network: NetworkRef) -> None:
        super().__init__(scope, id)
        self.node_account = Account(
            self,
            "node_account",
            account_id=account_id(context.prefix, "nodes"),
            description=f"Nodes of the GKE cluster {context.prefix}",
            context=context,
            roles=_NODE_ROLES,
        )
        self.control_plane = GkeControlPlane(
            self, "control_plane", config=config, context=context, network=network, account=self.node_account
        )
        cluster = self.control_plane.cluster
        self.identities = GoogleIdentities(
            self, "identities", pool=self.control_plane.workload_pool, context=context, after=[cluster]
        )
        self.node_groups = self._node_groups(config, context)
        self.ref = ClusterRef(
            name=cluster.name,
            endpoint=f"https://{cluster.endpoint}",
            certificate_authority=cluster.master_auth.cluster_ca_certificate,
            oidc_issuer=f"https://container.googleapis.com/v1/{cluster.id}",
            security_group_id="",
            node_groups=tuple(group.ref for group in self.node_groups.values()),
            login=login(),
            block_storage=disks(context),
            version=config.version,
            location=self.control_plane.location,
        )

    def identity(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:
        """A service account of Google's that this service account, and no other, may act as."""
        return self.identities.add(id, namespace=namespace, service_account=service_account)

    def _node_groups(self, config: GkeConfig, context: Context) -> dict[str, GkeNodePools]:
        scope = Construct(self, "node_groups")
        return {
            name: GkeNodePools(
                scope,
                name,
                config=group,
                cluster=self.control_plane.cluster,
                zones=self.control_plane.zones,
                account=self.node_account.account.email,
                depends_on=self.node_account.roles,
                context=context,
            )
            for name, group in config.node_groups.items()
        }
