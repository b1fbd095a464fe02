from __future__ import annotations

import json
from typing import Any

import pytest
from cdktf import TerraformOutput

from alone import DISPOSABLE, PROD, synthesized
from floe_infra.cluster import EksConfig
from floe_infra.cluster.eks import EksCluster
from floe_infra.refs import NetworkRef
from synthesized import data, resources

NETWORK = NetworkRef(id="vpc-0", cidr="10.0.0.0/16", private_subnet_ids=("subnet-a", "subnet-b"))
POLICY = "arn:aws:iam::aws:policy/"


def eks(*, context: Any = PROD, **fields: Any) -> dict[str, Any]:
    def make(stack: Any) -> None:
        config = EksConfig.model_validate(fields)
        ref = EksCluster(stack, "cluster", config=config, context=context, network=NETWORK).ref
        TerraformOutput(stack, "security_group", value=ref.security_group_id)
        TerraformOutput(stack, "certificate_authority", value=ref.certificate_authority)
        TerraformOutput(stack, "issuer", value=ref.oidc_issuer)

    return synthesized(make)


def only(stack: Any, type: str) -> dict[str, Any]:
    [block] = resources(stack, type).values()
    return block


def group(stack: Any, name: str) -> dict[str, Any]:
    return resources(stack, "aws_eks_node_group")[f"cluster/node_groups/{name}/node_group"]


def policies(stack: Any, path: str) -> list[str]:
    attached = resources(stack, "aws_iam_role_policy_attachment")
    return [block["policy_arn"].removeprefix(POLICY) for at, block in attached.items() if at.startswith(f"{path}/")]


def awaited(block: dict[str, Any]) -> str:
    return " ".join(block.get("depends_on", []))


def test_the_api_server_is_private():
    vpc = only(eks(), "aws_eks_cluster")["vpc_config"]
    assert (vpc["endpoint_private_access"], vpc["endpoint_public_access"]) == (True, False)
    assert "public_access_cidrs" not in vpc
    assert vpc["subnet_ids"] == ["subnet-a", "subnet-b"]


def test_public_access_for_those_named_only():
    vpc = only(eks(public_access_cidrs=["203.0.113.0/24"]), "aws_eks_cluster")["vpc_config"]
    assert (vpc["endpoint_private_access"], vpc["endpoint_public_access"]) == (True, True)
    assert vpc["public_access_cidrs"] == ["203.0.113.0/24"]


def test_private_access_from_connected_networks():
    rule = only(eks(private_access_cidrs=["10.9.0.0/16", "10.8.0.0/16"]), "aws_vpc_security_group_ingress_rule")
    assert rule["for_each"] == '${toset(["10.9.0.0/16", "10.8.0.0/16"])}'
    assert (rule["from_port"], rule["to_port"], rule["ip_protocol"]) == (443, 443, "tcp")
    assert "aws_vpc_security_group_ingress_rule" not in eks()["resource"]


def test_secrets_are_encrypted_and_everything_is_logged_into_a_group_made_first():
    stack = eks(log_retention_days=90)
    cluster, logs = only(stack, "aws_eks_cluster"), only(stack, "aws_cloudwatch_log_group")
    assert cluster["encryption_config"]["resources"] == ["secrets"]
    assert cluster["encryption_config"]["provider"]["key_arn"] == logs["kms_key_id"]
    assert cluster["enabled_cluster_log_types"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    assert (logs["name"], logs["retention_in_days"]) == ("/aws/eks/acme-prod/cluster", 90)
    assert "aws_cloudwatch_log_group" in awaited(cluster)
    assert "AmazonEKSClusterPolicy" in awaited(cluster)


def test_who_may_act():
    access = only(eks(), "aws_eks_cluster")["access_config"]
    assert access == {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": True}
    assert "aws_eks_access_entry" not in eks()["resource"]


def test_administrators_by_arn_so_that_one_can_go():
    stack = eks(admin_arns=["arn:aws:iam::111122223333:role/admin"])
    entry, policy = (only(stack, f"aws_eks_access_{kind}") for kind in ("entry", "policy_association"))
    assert entry["for_each"] == policy["for_each"] == '${toset(["arn:aws:iam::111122223333:role/admin"])}'
    assert entry["principal_arn"] == policy["principal_arn"] == "${each.value}"
    assert policy["policy_arn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert policy["access_scope"] == {"type": "cluster"}


def test_roles_have_what_they_need_and_no_more():
    stack = eks()
    assert policies(stack, "cluster/control_plane/role") == ["AmazonEKSClusterPolicy"]
    assert policies(stack, "cluster/node_role") == ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"]
    assert policies(stack, "cluster/identities/vpc_cni") == ["AmazonEKS_CNI_Policy"]
    assert policies(stack, "cluster/identities/ebs_csi") == ["AmazonEBSCSIDriverPolicyV2"]
    trust = resources(stack, "aws_iam_role")["cluster/control_plane/role/role"]["assume_role_policy"]
    assert '"aws:SourceArn" = "arn:aws:eks:eu-west-1:111122223333:cluster/acme-prod"' in trust


def test_iam_trusts_the_clusters_service_accounts():
    provider = only(eks(), "aws_iam_openid_connect_provider")
    assert provider["client_id_list"] == ["sts.amazonaws.com"]
    assert provider["url"].endswith(".identity[0].oidc[0].issuer}")
    assert "thumbprint_list" not in provider


def test_addons_come_in_the_order_in_which_they_can_become_ready():
    stack = eks()
    addons = {block["addon_name"]: block for block in resources(stack, "aws_eks_addon").values()}
    for name in ("vpc-cni", "kube-proxy"):
        assert "aws_eks_node_group" not in awaited(addons[name])
        assert f"cluster_{name.replace('-', '_')}_addon" in awaited(group(stack, "workers"))
    for name in ("coredns", "aws-ebs-csi-driver", "metrics-server"):
        assert "node_groups_system" in awaited(addons[name])
        assert "node_groups_workers" not in awaited(addons[name])
    assert "AmazonEKS_CNI_Policy" in awaited(addons["vpc-cni"])
    assert "AmazonEKSWorkerNodePolicy" in awaited(group(stack, "system"))


def test_network_policies_hold():
    addons = {block["addon_name"]: block for block in resources(eks(), "aws_eks_addon").values()}
    assert json.loads(addons["vpc-cni"]["configuration_values"]) == {"enableNetworkPolicy": "true"}
    assert only(eks(), "aws_eks_cluster")["bootstrap_self_managed_addons"] is False
    for block in addons.values():
        assert block["resolve_conflicts_on_create"] == block["resolve_conflicts_on_update"] == "OVERWRITE"


def test_addons_follow_the_kubernetes_version_unless_pinned():
    stack = eks(version="1.34", addon_versions={"coredns": "v1.12.1-eksbuild.2"})
    versions = data(stack, "aws_eks_addon_version")
    assert {(block["addon_name"], block["kubernetes_version"]) for block in versions.values()} == {
        (name, "1.34") for name in ("vpc-cni", "kube-proxy", "aws-ebs-csi-driver", "metrics-server")
    }
    addons = {block["addon_name"]: block["addon_version"] for block in resources(stack, "aws_eks_addon").values()}
    assert addons["coredns"] == "v1.12.1-eksbuild.2"
    assert "aws_eks_addon_version" in addons["vpc-cni"]


def test_spot_workers():
    workers = group(eks(), "workers")
    assert workers["capacity_type"] == "SPOT"
    assert workers["labels"] == {"node-type": "spot"}
    assert workers["taint"] == [{"effect": "NO_SCHEDULE", "key": "spot", "value": "true"}]
    assert len(workers["instance_types"]) == 5


def test_on_demand_system():
    system = group(eks(), "system")
    assert (system["capacity_type"], system["labels"]) == ("ON_DEMAND", {"node-type": "on-demand"})
    assert system["taint"] == []
    assert system["scaling_config"] == {"desired_size": 3, "max_size": 6, "min_size": 3}


def test_the_number_of_nodes_is_the_autoscalers():
    lifecycle = group(eks(), "workers")["lifecycle"]
    assert lifecycle["ignore_changes"] == ["scaling_config[0].desired_size"]


def test_a_new_group_comes_before_the_old_one_goes():
    workers = group(eks(), "workers")
    assert workers["lifecycle"]["create_before_destroy"] is True
    assert (workers["node_group_name_prefix"], "node_group_name" in workers) == ("workers-", False)
    assert workers["update_config"] == {"max_unavailable_percentage": 33}


def test_another_order_of_spot_types_changes_nothing():
    types = ["m5.large", "m6i.large", "m5a.large"]
    system = {"instance_types": types}
    groups = [
        {"system": system, "workers": {"instance_types": order, "capacity_type": "spot"}}
        for order in (types, types[::-1])
    ]
    one, other = (eks(node_groups=each) for each in groups)
    assert one == other
    assert group(one, "system")["instance_types"] == types


@pytest.mark.parametrize(
    ("type", "image"), [("m5.large", "AL2023_x86_64_STANDARD"), ("m7g.large", "AL2023_ARM_64_STANDARD")]
)
def test_images_of_the_architecture(type, image):
    assert group(eks(node_groups={"system": {"instance_types": [type]}}), "system")["ami_type"] == image


def test_machines():
    template = resources(eks(), "aws_launch_template")["cluster/node_groups/system/launch_template"]
    assert template["name"] == "acme-prod-system"
    assert template["metadata_options"] == {
        "http_endpoint": "enabled",
        "http_put_response_hop_limit": 1,
        "http_tokens": "required",
    }
    [disk] = template["block_device_mappings"]
    assert disk["ebs"] == {
        "delete_on_termination": "true",
        "encrypted": "true",
        "volume_size": 50,
        "volume_type": "gp3",
    }
    assert template["monitoring"] == {"enabled": True}
    tags = {each["resource_type"]: each["tags"] for each in template["tag_specifications"]}
    assert set(tags) == {"instance", "volume", "network-interface"}
    assert all('.tags, {"Name" = "acme-prod-system"})}' in each for each in tags.values())


def test_ref():
    stack = eks()
    [address] = stack["resource"]["aws_eks_cluster"]
    values = {name: output["value"] for name, output in stack["output"].items()}
    assert values == {
        "security_group": f"${{aws_eks_cluster.{address}.vpc_config[0].cluster_security_group_id}}",
        "certificate_authority": f"${{aws_eks_cluster.{address}.certificate_authority[0].data}}",
        "issuer": f"${{aws_eks_cluster.{address}.identity[0].oidc[0].issuer}}",
    }


def test_an_existing_key_is_used_and_none_made():
    key = "arn:aws:kms:eu-west-1:111122223333:key/0a1b"
    stack = eks(kms_key_arn=key)
    assert "aws_kms_key" not in stack["resource"]
    assert only(stack, "aws_eks_cluster")["encryption_config"]["provider"]["key_arn"] == key


def test_the_key_is_kept_unless_both_keys_are_turned():
    assert only(eks(), "aws_kms_key")["lifecycle"] == {"prevent_destroy": True}
    assert "lifecycle" not in only(eks(context=DISPOSABLE), "aws_kms_key")


def test_only_arguments_that_both_major_versions_of_the_provider_know():
    stack = eks()
    for blocks in stack["resource"].values():
        assert not [block for block in blocks.values() if "region" in block]
    assert "deletion_protection" not in only(stack, "aws_eks_cluster")


def test_output_has_nothing_of_this_machine_or_moment():
    first, second = (json.dumps(eks(), sort_keys=True) for _ in range(2))
    assert first == second


def test_the_autoscaler_changes_the_sizes_of_this_clusters_groups_and_nothing_else():
    stack = eks()
    [policy] = [
        block["policy"]
        for path, block in resources(stack, "aws_iam_role_policy").items()
        if path.endswith("autoscaler_policy")
    ]
    look, _, scale = policy.partition('"Sid" = "Scale"')
    assert '"autoscaling:SetDesiredCapacity"' in scale
    assert '{"aws:ResourceTag/k8s.io/cluster-autoscaler/acme-prod" = "owned"}' in scale
    assert '"Resource" = "*"' not in scale
    assert not {"Create", "Delete", "Update", "Put"} & set(look.replace(":", " ").split())
    assert '"Action" = "eks:DescribeNodegroup"' in look
    assert '"Resource" = "arn:aws:eks:eu-west-1:111122223333:nodegroup/acme-prod/*"' in look
