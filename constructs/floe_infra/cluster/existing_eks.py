"""An EKS cluster that is there already."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_eks_cluster import DataAwsEksCluster
from cdktf_cdktf_provider_aws.data_aws_iam_openid_connect_provider import DataAwsIamOpenidConnectProvider
from constructs import Construct

from floe_infra.cluster.access import disks, login
from floe_infra.cluster.config import ExistingEksConfig
from floe_infra.cluster.identity import Identities
from floe_infra.cluster.nodes import describe
from floe_infra.context import Context
from floe_infra.refs import ClusterRef, IdentityRef, NetworkRef


class ExistingEksCluster(Construct):
    """Looks up a cluster and its OIDC provider in IAM. It changes nothing there but adds roles for service accounts.

    Attributes:
        ref: what other rooms take.
        cluster: the cluster, as Terraform finds it.
        oidc_provider: IAM's trust in its service accounts.
        identities: the service accounts' roles.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: ExistingEksConfig,
        context: Context,
        network: NetworkRef | None = None,  # noqa: ARG002
    ) -> None:
        super().__init__(scope, id)
        self.cluster = DataAwsEksCluster(self, "cluster", name=config.name)
        issuer = self.cluster.identity.get(0).oidc.get(0).issuer
        self.oidc_provider = DataAwsIamOpenidConnectProvider(self, "oidc_provider", url=issuer)
        self.identities = Identities(
            self, "identities", provider_arn=self.oidc_provider.arn, issuer=issuer, context=context
        )
        self.ref = ClusterRef(
            name=self.cluster.name,
            endpoint=self.cluster.endpoint,
            certificate_authority=self.cluster.certificate_authority.get(0).data,
            oidc_issuer=issuer,
            security_group_id=self.cluster.vpc_config.get(0).cluster_security_group_id,
            node_groups=tuple(describe(name, group) for name, group in config.node_groups.items()),
            login=login(self.cluster.name, context.region),
            block_storage=disks(default=False),
        )

    def identity(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:
        """An IAM role that this service account, and no other, may act as."""
        return self.identities.add(id, namespace=namespace, service_account=service_account).ref
