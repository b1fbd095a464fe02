"""An EKS cluster of the platform's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cdktf import Fn, ITerraformDependable, TerraformIterator, Token
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.data_aws_default_tags import DataAwsDefaultTags
from cdktf_cdktf_provider_aws.eks_access_entry import EksAccessEntry
from cdktf_cdktf_provider_aws.eks_access_policy_association import (
    EksAccessPolicyAssociation,
    EksAccessPolicyAssociationAccessScope,
)
from cdktf_cdktf_provider_aws.eks_addon import EksAddon
from cdktf_cdktf_provider_aws.eks_cluster import EksCluster as AwsEksCluster
from cdktf_cdktf_provider_aws.eks_cluster import (
    EksClusterAccessConfig,
    EksClusterEncryptionConfig,
    EksClusterEncryptionConfigProvider,
    EksClusterVpcConfig,
)
from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from floe_infra.cloud.iam import Role, service
from floe_infra.cloud.kms import EncryptionKey
from floe_infra.cluster.config import AddonName, EksConfig
from floe_infra.cluster.identity import AUDIENCE, Identities
from floe_infra.cluster.node_group import NodeGroup
from floe_infra.context import Context
from floe_infra.refs import ClusterRef, IdentityRef, NetworkRef

_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]


class EksCluster(Construct):
    """A cluster, its node groups, its add-ons, and who may act in it and as what.

    Who creates the cluster becomes its administrator (`bootstrap_cluster_creator_admin_permissions`), because the same
    deploy goes on to install the services. EKS decides that once: whoever deploys later, with another role, must stand
    in `admin_arns`. Everybody else has no access at all; `aws-auth` is not read.

    Attributes:
        ref: what other rooms take.
        key: encrypts secrets and logs; None when an existing key is used.
        log_group: the control plane's logs; made first, since EKS would make it without key and retention.
        role: what the control plane does its work with.
        security_group: the firewall of the API server's private endpoint, for networks besides the nodes'.
        cluster: the control plane.
        admins: access entries, by ARN.
        oidc_provider: IAM's trust in the cluster's service accounts.
        identities: the service accounts' roles.
        addons: by name.
        node_role: what the nodes do their work with.
        node_groups: by name.
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
        self.admins = self._admins()
        issuer = self.cluster.identity.get(0).oidc.get(0).issuer
        # No thumbprint: IAM verifies EKS' certificate with its own authorities.
        self.oidc_provider = IamOpenidConnectProvider(self, "oidc_provider", url=issuer, client_id_list=[AUDIENCE])
        self.identities = Identities(
            self, "identities", provider_arn=self.oidc_provider.arn, issuer=issuer, context=context
        )
        self.addons: dict[str, EksAddon] = {}
        self._add_networking()
        self.node_role = Role(
            self,
            "node_role",
            name=f"{context.prefix}-nodes",
            description=f"Nodes of the EKS cluster {context.prefix}",
            trust=service("ec2.amazonaws.com", context=context),
            context=context,
            policies=["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"],
        )
        self.node_groups = self._node_groups()
        self._add_what_runs_on_nodes()
        self.ref = ClusterRef(
            name=self.cluster.name,
            endpoint=self.cluster.endpoint,
            certificate_authority=self.cluster.certificate_authority.get(0).data,
            oidc_issuer=issuer,
            security_group_id=self.cluster.vpc_config.cluster_security_group_id,
            node_groups=tuple(group.ref for group in self.node_groups.values()),
        )

    def identity(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:
        """An IAM role that this service account, and no other, may act as."""
        return self.identities.add(id, namespace=namespace, service_account=service_account).ref

    def _role(self) -> Role:
        """https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html"""
        context = self._context
        cluster = f"arn:{context.partition}:eks:{context.region}:{context.account_id}:cluster/{context.prefix}"
        return Role(
            self,
            "role",
            name=f"{context.prefix}-cluster",
            description=f"Control plane of the EKS cluster {context.prefix}",
            trust=service("eks.amazonaws.com", context=context, source_arn=cluster),
            context=context,
            policies=["AmazonEKSClusterPolicy"],
        )

    def _security_group(self) -> SecurityGroup:
        """Besides EKS' own group, which control plane, nodes and pods share, and which lets in only its members."""
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

    def _cluster(self) -> AwsEksCluster:
        public = self._config.public_access_cidrs
        return AwsEksCluster(
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

    def _admins(self) -> EksAccessEntry | None:
        """One block for all, by ARN: taking one out of the file then moves no other."""
        if not self._config.admin_arns:
            return None
        principals = TerraformIterator.from_list(self._config.admin_arns)
        entry = EksAccessEntry(
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
            depends_on=[entry],
        )
        return entry

    def _add_networking(self) -> None:
        """What a node needs to become ready. The network plugin has a role of its own, so that nodes, and whatever
        breaks out to them, cannot change network interfaces."""
        plugin = self.identities.add(
            "vpc_cni", namespace="kube-system", service_account="aws-node", policies=["AmazonEKS_CNI_Policy"]
        )
        # A string, as the add-on's schema has it. Without it, network policies are accepted and have no effect.
        self._addon("vpc-cni", role=plugin, configuration={"enableNetworkPolicy": "true"})
        self._addon("kube-proxy")

    def _add_what_runs_on_nodes(self) -> None:
        """Deployments, which are not ready before nodes without a taint are.

        AmazonEBSCSIDriverPolicyV2 lets the driver touch only volumes that it has made itself, where its predecessor
        AmazonEBSCSIDriverPolicy reaches every volume of the account
        (https://github.com/kubernetes-sigs/aws-ebs-csi-driver/issues/2918).
        """
        ready = [group.node_group for group in self.node_groups.values() if not group.ref.spot]
        self._addon("coredns", depends_on=ready)
        driver = self.identities.add(
            "ebs_csi",
            namespace="kube-system",
            service_account="ebs-csi-controller-sa",
            policies=["AmazonEBSCSIDriverPolicyV2"],
        )
        self._addon("aws-ebs-csi-driver", role=driver, depends_on=ready)

    def _addon(
        self,
        name: AddonName,
        *,
        role: Role | None = None,
        configuration: dict[str, Any] | None = None,
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        self.addons[name] = EksAddon(
            self,
            name.replace("-", "_"),
            cluster_name=self.cluster.name,
            addon_name=name,
            addon_version=self._config.addon_versions.get(name),
            configuration_values=json.dumps(configuration) if configuration else None,
            service_account_role_arn=role.role.arn if role else None,
            # Terraform's configuration is the one that holds; nobody else's is kept beside it.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            depends_on=[*depends_on, *(role.policies if role else ())],
        )

    def _node_groups(self) -> dict[str, NodeGroup]:
        default_tags = DataAwsDefaultTags(self, "default_tags")
        scope = Construct(self, "node_groups")
        return {
            name: NodeGroup(
                scope,
                name,
                config=group,
                cluster=self.cluster,
                role_arn=self.node_role.role.arn,
                subnet_ids=self._network.private_subnet_ids,
                tags=Token.as_string_map(Fn.merge([default_tags.tags, {"Name": f"{self._context.prefix}-{name}"}])),
                depends_on=[*self.node_role.policies, *self.addons.values()],
                context=self._context,
            )
            for name, group in self._config.node_groups.items()
        }
