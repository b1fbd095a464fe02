# A cluster in a network of its own: nodes that nothing may interrupt, and spot nodes for everything else.

provider "aws" {
  region = "eu-west-1"
}

module "vpc" {
  source = "../../../vpc"

  name = "floe-runtime"
}

module "eks" {
  source = "../.."

  cluster_name = "floe-runtime"
  vpc_id       = module.vpc.vpc_id
  subnet_ids   = module.vpc.private_subnet_ids

  node_groups = {
    system = {
      instance_types = ["m5.xlarge"]
      min_size       = 3
      max_size       = 6
    }
    workers = {
      instance_types = ["m5.2xlarge", "m5a.2xlarge", "m6i.2xlarge"]
      capacity_type  = "spot"
      min_size       = 2
      max_size       = 10
      labels         = { team = "data" }
    }
  }
}

output "cluster_endpoint" {
  value = module.eks.cluster_endpoint
}
