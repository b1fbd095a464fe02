"""An EKS cluster of the platform's own."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, Token
from cdktf_cdktf_provider_aws.data_aws_default_tags import DataAwsDefaultTags
from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from floe_infra.cloud.iam import Role, service_trust
from floe_infra.cluster.access import AUTOSCALER, disks, login
from floe_infra.cluster.addon import Addon
from floe_infra.cluster.config import AddonName, EksConfig
from floe_infra.cluster.control_plane import ControlPlane
from floe_infra.cluster.identity import AUDIENCE, Identities
from floe_infra.cluster.node_group import NodeGroup
from floe_infra.context import Context
from floe_infra.fields import is_token
from floe_infra.refs import ClusterRef, IdentityRef, NetworkRef

_LOOK = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
]
"""Calls that know no resource, so that nothing narrower than everything can be named."""


class EksCluster(Construct):
    """A cluster, its node groups and add-ons, and the roles of its service accounts.

    Everything comes up in the order in which it can become ready: control plane, what a node needs, nodes, what runs
    on nodes. It goes down the other way round, so that the network plugin is there to give back its interfaces.

    Attributes:
        ref: what other rooms take.
        control_plane: the part that AWS runs.
        oidc_provider: IAM's trust in the cluster's service accounts.
        identities: the service accounts' roles.
        addons: by name.
        node_role: what the nodes do their work with.
        node_groups: by name.
    """

    def __init__(self, scope: Construct, id: str, *, config: EksConfig, context: Context, network: NetworkRef) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        self.control_plane = ControlPlane(self, "control_plane", config=config, context=context, network=network)
        cluster, issuer = self.control_plane.cluster, self.control_plane.issuer
        # No thumbprint: IAM verifies EKS' certificate with its own authorities.
        self.oidc_provider = IamOpenidConnectProvider(self, "oidc_provider", url=issuer, client_id_list=[AUDIENCE])
        self.identities = Identities(
            self, "identities", provider_arn=self.oidc_provider.arn, issuer=issuer, context=context
        )
        self.addons = self._what_nodes_need()
        self.node_role = self._node_role()
        self.node_groups = self._node_groups(network)
        self.addons |= self._what_needs_nodes()
        self.ref = ClusterRef(
            name=cluster.name,
            endpoint=cluster.endpoint,
            certificate_authority=cluster.certificate_authority.get(0).data,
            oidc_issuer=issuer,
            security_group_id=cluster.vpc_config.cluster_security_group_id,
            node_groups=tuple(group.ref for group in self.node_groups.values()),
            login=login(cluster.name, context.region),
            block_storage=disks(default=True),
            autoscaler=self._autoscaler(),
            version=config.version,
            service_cidr=cluster.kubernetes_network_config.service_ipv4_cidr,
        )

    def identity(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:
        """An IAM role that this service account, and no other, may act as."""
        return self.identities.add(id, namespace=namespace, service_account=service_account).ref

    def _what_nodes_need(self) -> dict[AddonName, Addon]:
        """A node is ready once it has its network. The plugin has a role of its own, so that nodes, and whatever
        breaks out to them, cannot change network interfaces."""
        plugin = self.identities.add(
            "vpc_cni", namespace="kube-system", service_account="aws-node", policies=["AmazonEKS_CNI_Policy"]
        )
        # Without this, network policies are accepted and have no effect. A string, as the add-on's schema has it.
        configuration = {"enableNetworkPolicy": "true"}
        return {
            "vpc-cni": self._addon("vpc-cni", role=plugin, configuration=configuration),
            "kube-proxy": self._addon("kube-proxy"),
        }

    def _what_needs_nodes(self) -> dict[AddonName, Addon]:
        """Deployments, which become ready on the nodes that are not spot.

        AmazonEBSCSIDriverPolicyV2 lets the driver touch only volumes that it has made itself, where its predecessor
        AmazonEBSCSIDriverPolicy reaches every volume of the account
        (https://github.com/kubernetes-sigs/aws-ebs-csi-driver/issues/2918).
        """
        nodes = [group.node_group for group in self.node_groups.values() if not group.ref.spot]
        driver = self.identities.add(
            "ebs_csi",
            namespace="kube-system",
            service_account="ebs-csi-controller-sa",
            policies=["AmazonEBSCSIDriverPolicyV2"],
        )
        return {
            "coredns": self._addon("coredns", depends_on=nodes),
            "aws-ebs-csi-driver": self._addon("aws-ebs-csi-driver", role=driver, depends_on=nodes),
            # By which Kubernetes scales what asks for it by its load.
            "metrics-server": self._addon("metrics-server", depends_on=nodes),
        }

    def _autoscaler(self) -> IdentityRef:
        """https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md"""
        role = self.identities.add("autoscaler", namespace="kube-system", service_account=AUTOSCALER)
        context = self._context
        owned = "aws:ResourceTag/k8s.io/cluster-autoscaler/%s"
        place = f"{context.region}:{context.account_id}"
        statements = [
            {"Sid": "Look", "Effect": "Allow", "Action": _LOOK, "Resource": "*"},
            {
                "Sid": "LookAtGroups",
                "Effect": "Allow",
                "Action": "eks:DescribeNodegroup",
                "Resource": f"arn:{context.partition}:eks:{place}:nodegroup/{context.prefix}/*",
            },
            {
                "Sid": "Scale",
                "Effect": "Allow",
                "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
                "Resource": f"arn:{context.partition}:autoscaling:{place}:autoScalingGroup:*:autoScalingGroupName/*",
                # CDKTF loses tokens in a mapping's keys.
                "Condition": {
                    "StringEquals": Fn.zipmap([Fn.format(owned, [context.prefix])], ["owned"])
                    if is_token(context.prefix)
                    else {owned % context.prefix: "owned"}
                },
            },
        ]
        IamRolePolicy(
            self,
            "autoscaler_policy",
            name="autoscale",
            role=role.ref.role,
            policy=Fn.jsonencode({"Version": "2012-10-17", "Statement": statements}),
        )
        return role.ref

    def _addon(self, name: AddonName, **settings: Any) -> Addon:
        return Addon(
            self,
            name.replace("-", "_"),
            name=name,
            cluster_name=self.control_plane.cluster.name,
            kubernetes_version=self._config.version,
            version=self._config.addon_versions.get(name),
            **settings,
        )

    def _node_role(self) -> Role:
        return Role(
            self,
            "node_role",
            name=f"{self._context.prefix}-nodes",
            description=f"Nodes of the EKS cluster {self._context.prefix}",
            trust=service_trust("ec2.amazonaws.com", context=self._context),
            context=self._context,
            policies=["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"],
        )

    def _node_groups(self, network: NetworkRef) -> dict[str, NodeGroup]:
        default_tags = DataAwsDefaultTags(self, "default_tags").tags
        scope = Construct(self, "node_groups")
        return {
            name: NodeGroup(
                scope,
                name,
                config=group,
                cluster=self.control_plane.cluster,
                role_arn=self.node_role.role.arn,
                subnet_ids=network.private_subnet_ids,
                tags=Token.as_string_map(Fn.merge([default_tags, {"Name": f"{self._context.prefix}-{name}"}])),
                depends_on=[*self.node_role.policies, *(addon.addon for addon in self.addons.values())],
                context=self._context,
            )
            for name, group in self._config.node_groups.items()
        }
