from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput

from alone import PROD, synthesized
from floe_infra.cluster import ExistingEksConfig
from floe_infra.cluster.existing_eks import ExistingEksCluster
from synthesized import data, resources

CONFIG = ExistingEksConfig.model_validate(
    {"name": "shared", "node_groups": {"arm": {"instance_types": ["m6g.large"], "max_size": 5}}}
)


def make(stack: Any) -> None:
    cluster = ExistingEksCluster(stack, "cluster", config=CONFIG, context=PROD)
    cluster.identity("runtime", namespace="floe", service_account="dagster")
    TerraformOutput(stack, "security_group", value=cluster.ref.security_group_id)
    TerraformOutput(stack, "issuer", value=cluster.ref.oidc_issuer)
    [group] = cluster.ref.node_groups
    assert (group.name, group.vcpu, group.max_size) == ("arm", 2, 5)


def test_only_roles_are_made():
    stack = synthesized(make)
    assert set(stack["resource"]) == {"aws_iam_role"}
    assert data(stack, "aws_eks_cluster")["cluster/cluster"]["name"] == "shared"


def test_the_oidc_provider_is_found_by_the_clusters_issuer():
    stack = synthesized(make)
    [cluster] = stack["data"]["aws_eks_cluster"]
    issuer = f"data.aws_eks_cluster.{cluster}.identity[0].oidc[0].issuer"
    [provider] = data(stack, "aws_iam_openid_connect_provider").values()
    assert provider["url"] == stack["output"]["issuer"]["value"] == f"${{{issuer}}}"
    [role] = resources(stack, "aws_iam_role").values()
    assert f'trimprefix({issuer}, "https://")' in role["assume_role_policy"]


def test_pods_share_the_clusters_security_group():
    stack = synthesized(make)
    [cluster] = stack["data"]["aws_eks_cluster"]
    assert stack["output"]["security_group"]["value"] == (
        f"${{data.aws_eks_cluster.{cluster}.vpc_config[0].cluster_security_group_id}}"
    )
