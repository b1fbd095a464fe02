# A server in a network of its own, reached by one security group.

provider "aws" {
  region = "eu-west-1"
}

module "vpc" {
  source = "../../../vpc"

  name  = "acme-lake"
  zones = 2
  nat   = "single"
}

resource "aws_security_group" "client" {
  name        = "acme-lake-client"
  description = "May ask the database"
  vpc_id      = module.vpc.vpc_id
}

# What asks: an instance, a task or a function brings one of these.
resource "aws_network_interface" "client" {
  subnet_id       = module.vpc.private_subnet_ids[0]
  security_groups = [aws_security_group.client.id]
}

module "rds" {
  source = "../.."

  instance_class          = "db.t3.medium"
  database_name           = "dagster"
  vpc_id                  = module.vpc.vpc_id
  subnet_ids              = module.vpc.private_subnet_ids
  allowed_security_groups = { client = aws_security_group.client.id }
  backup_retention_days   = 14
}

output "host" {
  value = module.rds.host
}
