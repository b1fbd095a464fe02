"""A GKE cluster that is there already."""

from __future__ import annotations

from cdktf import Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from constructs import Construct

from floe_infra.cluster.config import ExistingGkeConfig
from floe_infra.cluster.gke_access import disks, login
from floe_infra.cluster.gke_identity import GoogleIdentities
from floe_infra.cluster.nodes import describe
from floe_infra.context import Context
from floe_infra.refs import ClusterRef, IdentityRef, NetworkRef


class ExistingGkeCluster(Construct):
    """Looks up a cluster in the platform's project and region. It changes nothing there but adds accounts for service
    accounts.

    Attributes:
        ref: what other rooms take.
        cluster: the cluster, as Terraform finds it.
        identities: the service accounts' accounts.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: ExistingGkeConfig,
        context: Context,
        network: NetworkRef | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(scope, id)
        location = config.zone or context.region
        self.cluster = DataGoogleContainerCluster(
            self,
            "cluster",
            name=config.name,
            location=location,
            lifecycle=TerraformResourceLifecycle(postcondition=_conditions(config)),
        )
        pool = self.cluster.workload_identity_config.get(0).workload_pool
        self.identities = GoogleIdentities(self, "identities", pool=pool, context=context)
        self.ref = ClusterRef(
            name=self.cluster.name,
            endpoint=f"https://{self.cluster.endpoint}",
            certificate_authority=self.cluster.master_auth.get(0).cluster_ca_certificate,
            oidc_issuer=f"https://container.googleapis.com/v1/{self.cluster.id}",
            security_group_id="",
            node_groups=tuple(describe(name, group) for name, group in config.node_groups.items()),
            login=login(),
            block_storage=disks(context),
            location=location,
        )

    def identity(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:
        """A service account of Google's that this service account, and no other, may act as."""
        return self.identities.add(id, namespace=namespace, service_account=service_account)


def _conditions(config: ExistingGkeConfig) -> list[Postcondition]:
    """For one that is not there, Google's provider finds an empty one."""
    return [
        Postcondition(
            condition="${self.endpoint != null}",
            error_message=f"There is no cluster {config.name} in this project and place.",
        ),
        Postcondition(
            condition="${length(self.workload_identity_config) > 0}",
            error_message=f"The cluster {config.name} has no Workload Identity, by which pods act as service accounts.",
        ),
    ]
