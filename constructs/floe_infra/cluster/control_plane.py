"""The part of an EKS cluster that AWS runs: API server, its logs, its firewall, who may talk to it."""

from __future__ import annotations

from cdktf import TerraformIterator, Token
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.eks_access_entry import EksAccessEntry
from cdktf_cdktf_provider_aws.eks_access_policy_association import (
    EksAccessPolicyAssociation,
    EksAccessPolicyAssociationAccessScope,
)
from cdktf_cdktf_provider_aws.eks_cluster import (
    EksCluster,
    EksClusterAccessConfig,
    EksClusterEncryptionConfig,
    EksClusterEncryptionConfigProvider,
    EksClusterVpcConfig,
)
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from floe_infra.cloud.iam import Role, service_trust
from floe_infra.cloud.kms import EncryptionKey
from floe_infra.cluster.config import EksConfig
from floe_infra.context import Context
from floe_infra.refs import NetworkRef

_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]


class ControlPlane(Construct):
    """The API server and what belongs to it.

    Who creates the cluster becomes its administrator (`bootstrap_cluster_creator_admin_permissions`), because the same
    deploy goes on to install the services. EKS decides that once: whoever deploys later, with another role, must stand
    in `admin_arns`. Everybody else has no access at all; the old `aws-auth` map is not read.

    Attributes:
        key: encrypts secrets and logs; None when an existing key is used.
        log_group: made first, since EKS would make it without key and retention.
        role: what the control plane does its work with.
        security_group: the firewall of the private endpoint, for networks besides the nodes'.
        cluster: the cluster itself.
        admins: access entries by ARN, or None.
    """

    def __init__(self, scope: Construct, id: str, *, config: EksConfig, context: Context, network: NetworkRef) -> None:
        super().__init__(scope, id)
        self._config, self._context, self._network = config, context, network
        self.key = (
            None
            if config.kms_key_arn
            else EncryptionKey(self, "key", context=context, purpose="cluster", log_groups=True)
        )
        self._key_arn = self.key.arn if self.key else config.kms_key_arn or ""
        self.log_group = CloudwatchLogGroup(
            self,
            "log_group",
            name=f"/aws/eks/{context.prefix}/cluster",
            retention_in_days=config.log_retention_days,
            kms_key_id=self._key_arn,
        )
        self.role = self._role()
        self.security_group = self._security_group()
        self.cluster = self._cluster()
        self.admins = self._admins() if config.admin_arns else None

    @property
    def issuer(self) -> str:
        """Who signs the service accounts' tokens, with `https://`."""
        return self.cluster.identity.get(0).oidc.get(0).issuer

    def _role(self) -> Role:
        """https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html"""
        context = self._context
        cluster = f"arn:{context.partition}:eks:{context.region}:{context.account_id}:cluster/{context.prefix}"
        return Role(
            self,
            "role",
            name=f"{context.prefix}-cluster",
            description=f"Control plane of the EKS cluster {context.prefix}",
            trust=service_trust("eks.amazonaws.com", context=context, source_arn=cluster),
            context=context,
            policies=["AmazonEKSClusterPolicy"],
        )

    def _security_group(self) -> SecurityGroup:
        """Beside the group that EKS makes, which control plane, nodes and pods share and which admits only them."""
        group = SecurityGroup(
            self,
            "security_group",
            name=f"{self._context.prefix}-api-server",
            description=f"API server of {self._context.prefix}",
            vpc_id=self._network.id,
        )
        if self._config.private_access_cidrs:
            networks = TerraformIterator.from_list(self._config.private_access_cidrs)
            VpcSecurityGroupIngressRule(
                self,
                "private_access",
                for_each=networks,
                security_group_id=group.id,
                description="API server from a connected network",
                cidr_ipv4=Token.as_string(networks.value),
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
            )
        return group

    def _cluster(self) -> EksCluster:
        public = self._config.public_access_cidrs
        return EksCluster(
            self,
            "cluster",
            name=self._context.prefix,
            role_arn=self.role.role.arn,
            version=self._config.version,
            enabled_cluster_log_types=_LOGS,
            bootstrap_self_managed_addons=False,
            access_config=EksClusterAccessConfig(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=True
            ),
            encryption_config=EksClusterEncryptionConfig(
                provider=EksClusterEncryptionConfigProvider(key_arn=self._key_arn), resources=["secrets"]
            ),
            vpc_config=EksClusterVpcConfig(
                subnet_ids=list(self._network.private_subnet_ids),
                security_group_ids=[self.security_group.id],
                endpoint_private_access=True,
                endpoint_public_access=bool(public),
                public_access_cidrs=public or None,
            ),
            depends_on=[*self.role.policies, self.log_group],
        )

    def _admins(self) -> EksAccessEntry:
        """One block for all, by ARN: taking one out of the file then moves no other."""
        principals = TerraformIterator.from_list(self._config.admin_arns)
        entries = EksAccessEntry(
            self,
            "admin",
            for_each=principals,
            cluster_name=self.cluster.name,
            principal_arn=Token.as_string(principals.value),
        )
        EksAccessPolicyAssociation(
            self,
            "admin_policy",
            for_each=principals,
            cluster_name=self.cluster.name,
            principal_arn=Token.as_string(principals.value),
            policy_arn=f"arn:{self._context.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope=EksAccessPolicyAssociationAccessScope(type="cluster"),
            depends_on=[entries],
        )
        return entries
