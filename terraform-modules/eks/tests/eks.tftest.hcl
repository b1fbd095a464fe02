mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_eks_addon_version" {
    defaults = { version = "v1.0.0-eksbuild.1" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/role" }
  }

  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::111122223333:oidc-provider/issuer" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:cluster" }
  }

  mock_resource "aws_eks_cluster" {
    defaults = {
      certificate_authority = [{ data = "Q0E=" }]
      identity              = [{ oidc = [{ issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/1" }] }]
    }
  }
}

variables {
  cluster_name = "floe-runtime"
  vpc_id       = "vpc-0a1b2c3d4e5f60718"
  subnet_ids   = ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"]

  node_groups = {
    workers = {
      instance_types = ["m5.xlarge"]
      min_size       = 2
      max_size       = 10
    }
  }
}

run "one_group_is_enough" {
  command = plan

  assert {
    condition = (
      aws_eks_node_group.node_group["workers"].scaling_config[0].desired_size == 2 &&
      aws_eks_node_group.node_group["workers"].scaling_config[0].max_size == 10 &&
      aws_eks_node_group.node_group["workers"].capacity_type == "ON_DEMAND" &&
      aws_eks_node_group.node_group["workers"].ami_type == "AL2023_x86_64_STANDARD"
    )
    error_message = "Two nodes at the start, that nothing interrupts."
  }

  assert {
    condition     = aws_eks_node_group.node_group["workers"].labels == tomap({ node-type = "on-demand" })
    error_message = "Nodes say what they are."
  }

  assert {
    condition     = length(aws_eks_node_group.node_group["workers"].taint) == 0
    error_message = "Everything may run there."
  }

  assert {
    condition = (
      aws_eks_cluster.cluster.vpc_config[0].endpoint_private_access &&
      !aws_eks_cluster.cluster.vpc_config[0].endpoint_public_access
    )
    error_message = "Nobody reaches the API server over the internet."
  }
}

run "spot_nodes_on_arm" {
  command = plan

  variables {
    node_groups = {
      system = { instance_types = ["m5.xlarge"] }
      spot = {
        instance_types = ["m7g.xlarge", "m6g.xlarge", "m8g.xlarge"]
        capacity_type  = "spot"
        desired_size   = 2
        labels         = { team = "data" }
        taints         = [{ key = "dedicated", value = "trino", effect = "NoExecute" }]
      }
    }
  }

  assert {
    condition = (
      aws_eks_node_group.node_group["spot"].ami_type == "AL2023_ARM_64_STANDARD" &&
      aws_eks_node_group.node_group["spot"].capacity_type == "SPOT" &&
      aws_eks_node_group.node_group["spot"].instance_types == tolist(["m6g.xlarge", "m7g.xlarge", "m8g.xlarge"]) &&
      aws_eks_node_group.node_group["spot"].scaling_config[0].desired_size == 2
    )
    error_message = "Images are for the processor; the order of spot types does not matter."
  }

  assert {
    condition     = aws_eks_node_group.node_group["spot"].labels == tomap({ node-type = "spot", team = "data" })
    error_message = "Labels come beside the one that says what they are."
  }

  assert {
    condition = toset([for taint in aws_eks_node_group.node_group["spot"].taint : "${taint.key}=${taint.value}:${taint.effect}"]) == toset([
      "spot=true:NO_SCHEDULE", "dedicated=trino:NO_EXECUTE",
    ])
    error_message = "Only what says that it may be interrupted gets there."
  }
}

run "who_may_do_what" {
  command = plan

  variables {
    public_access_cidrs  = ["203.0.113.0/24"]
    private_access_cidrs = ["10.8.0.0/16"]
    admin_arns           = ["arn:aws:iam::111122223333:role/admin"]
    addon_versions       = { coredns = "v1.12.1-eksbuild.2" }
  }

  assert {
    condition     = aws_eks_cluster.cluster.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "The office reaches the API server."
  }

  assert {
    condition     = aws_eks_access_entry.cluster_admin["arn:aws:iam::111122223333:role/admin"].cluster_name == "floe-runtime"
    error_message = "Administrators are named."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.cluster_private_access["10.8.0.0/16"].from_port == 443
    error_message = "The connected network reaches it too."
  }

  assert {
    condition = (
      aws_eks_addon.coredns.addon_version == "v1.12.1-eksbuild.2" &&
      length(data.aws_eks_addon_version.coredns) == 0 &&
      length(data.aws_eks_addon_version.vpc_cni) == 1
    )
    error_message = "A version that was pinned is not looked up."
  }
}
