"""An app without floe-infra: 200 resources of 42 types from the AWS, Kubernetes and Helm bindings, per environment.

It stands beside the production example in the benchmark, because it loads all three bindings whatever the
example uses of them.
"""

from __future__ import annotations

import sys

from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.db_instance import DbInstance
from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.eks_addon import EksAddon
from cdktf_cdktf_provider_aws.eks_cluster import EksCluster
from cdktf_cdktf_provider_aws.eks_node_group import EksNodeGroup
from cdktf_cdktf_provider_aws.flow_log import FlowLog
from cdktf_cdktf_provider_aws.glue_catalog_database import GlueCatalogDatabase
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from cdktf_cdktf_provider_aws.launch_template import LaunchTemplate
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import S3BucketLifecycleConfiguration
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1
from cdktf_cdktf_provider_kubernetes.manifest import Manifest
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.network_policy_v1 import NetworkPolicyV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1


def cloud(stack: TerraformStack) -> None:
    AwsProvider(stack, "aws", region="eu-west-1")
    vpc = network(stack)
    for number in range(6):
        bucket(stack, number)
    role = IamRole(stack, "role", assume_role_policy="{}")
    for number in range(8):
        policy = IamPolicy(stack, f"policy-{number}", policy="{}")
        IamRolePolicyAttachment(stack, f"attachment-{number}", role=role.name, policy_arn=policy.arn)
    logs = CloudwatchLogGroup(stack, "logs", name="flow", retention_in_days=30)
    FlowLog(stack, "flow", vpc_id=vpc.id, log_destination=logs.arn, iam_role_arn=role.arn)
    cluster(stack, role)
    DbSubnetGroup(stack, "database-subnets", subnet_ids=["a", "b"])
    DbParameterGroup(stack, "parameters", family="postgres17")
    DbInstance(stack, "database", instance_class="db.m7g.large", manage_master_user_password=True)
    GlueCatalogDatabase(stack, "catalog", name="bronze")
    for number in range(4):
        SecretsmanagerSecret(stack, f"secret-{number}", name=f"secret-{number}")
        SqsQueue(stack, f"queue-{number}", name=f"queue-{number}")


def network(stack: TerraformStack) -> Vpc:
    vpc = Vpc(stack, "vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True)
    InternetGateway(stack, "gateway", vpc_id=vpc.id)
    for number in range(6):
        subnet = Subnet(stack, f"subnet-{number}", vpc_id=vpc.id, cidr_block=f"10.0.{number}.0/24")
        table = RouteTable(stack, f"table-{number}", vpc_id=vpc.id)
        RouteTableAssociation(stack, f"in-table-{number}", subnet_id=subnet.id, route_table_id=table.id)
        address = Eip(stack, f"address-{number}", domain="vpc")
        nat = NatGateway(stack, f"nat-{number}", allocation_id=address.id, subnet_id=subnet.id)
        Route(stack, f"out-{number}", route_table_id=table.id, nat_gateway_id=nat.id)
        VpcEndpoint(stack, f"endpoint-{number}", vpc_id=vpc.id, service_name="s3")
        group = SecurityGroup(stack, f"group-{number}", vpc_id=vpc.id, description="group")
        VpcSecurityGroupIngressRule(stack, f"rule-{number}", security_group_id=group.id, ip_protocol="tcp")
    return vpc


def bucket(stack: TerraformStack, number: int) -> None:
    key = KmsKey(stack, f"key-{number}", enable_key_rotation=True)
    KmsAlias(stack, f"alias-{number}", name=f"alias/{number}", target_key_id=key.key_id)
    layer = S3Bucket(stack, f"bucket-{number}", bucket=f"layer-{number}", tags={"layer": str(number)})
    S3BucketVersioningA(stack, f"versions-{number}", bucket=layer.id, versioning_configuration={"status": "Enabled"})
    S3BucketPublicAccessBlock(stack, f"private-{number}", bucket=layer.id, block_public_acls=True)
    S3BucketPolicy(stack, f"tls-{number}", bucket=layer.id, policy="{}")
    abort = {"id": "abort", "status": "Enabled", "abort_incomplete_multipart_upload": [{"days_after_initiation": 7}]}
    S3BucketLifecycleConfiguration(stack, f"lifecycle-{number}", bucket=layer.id, rule=[abort])
    with_key = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}
    S3BucketServerSideEncryptionConfigurationA(
        stack, f"encryption-{number}", bucket=layer.id, rule=[{"apply_server_side_encryption_by_default": with_key}]
    )


def cluster(stack: TerraformStack, role: IamRole) -> None:
    eks = EksCluster(stack, "eks", name="eks", role_arn=role.arn, vpc_config={"subnet_ids": ["a", "b"]})
    for number in range(4):
        EksAddon(stack, f"addon-{number}", cluster_name=eks.name, addon_name=f"addon-{number}")
        template = LaunchTemplate(stack, f"template-{number}", name=f"template-{number}")
        EksNodeGroup(
            stack,
            f"nodes-{number}",
            cluster_name=eks.name,
            node_role_arn=role.arn,
            subnet_ids=["a", "b"],
            scaling_config={"min_size": 1, "max_size": 4, "desired_size": 1},
            launch_template={"id": template.id, "version": "1"},
        )


def services(stack: TerraformStack) -> None:
    KubernetesProvider(stack, "kubernetes", config_path="kubeconfig")
    HelmProvider(stack, "helm", kubernetes={"config_path": "kubeconfig"})
    for number in range(8):
        name = {"name": f"service-{number}"}
        NamespaceV1(stack, f"namespace-{number}", metadata=name)
        ServiceAccountV1(stack, f"account-{number}", metadata=name)
        ConfigMapV1(stack, f"settings-{number}", metadata=name, data={"key": "value"})
        NetworkPolicyV1(
            stack, f"policy-{number}", metadata=name, spec={"pod_selector": {}, "policy_types": ["Ingress"]}
        )
        Manifest(stack, f"manifest-{number}", manifest={"apiVersion": "v1", "kind": "ConfigMap", "metadata": name})
        Release(stack, f"release-{number}", name=f"release-{number}", chart="chart", values=["{}"])


def main(outdir: str, environments: int) -> None:
    app = App(outdir=outdir)
    for number in range(environments):
        cloud(TerraformStack(app, f"cloud-{number}"))
        services(TerraformStack(app, f"services-{number}"))
    app.synth()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
