# A network of two zones that share a NAT gateway.

provider "aws" {
  region = "eu-west-1"
}

module "vpc" {
  source = "../.."

  name  = "acme-lake"
  cidr  = "10.20.0.0/16"
  zones = 2
  nat   = "single"
}

output "private_subnet_ids" {
  value = module.vpc.private_subnet_ids
}
