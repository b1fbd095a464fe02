# Roles for a catalog, a query engine and the engine's secrets, of a cluster, a warehouse and a secret of its own.

provider "aws" {
  region = "eu-west-1"
}

module "vpc" {
  source = "../../../vpc"

  name  = "acme-lake"
  zones = 2
  nat   = "single"
}

module "eks" {
  source = "../../../eks"

  cluster_name = "acme-lake"
  vpc_id       = module.vpc.vpc_id
  subnet_ids   = module.vpc.private_subnet_ids
  node_groups  = { system = { instance_types = ["m5.large"] } }
}

module "s3" {
  source = "../../../s3"

  bucket_name = "acme-lake"
  layers      = ["bronze", "silver", "gold"]
  exchange    = true
}

module "secrets_manager" {
  source = "../../../secrets-manager"

  name    = "acme-lake"
  secrets = { trino = { generate = { shared_secret = 96 } } }
}

module "service_account_roles" {
  source = "../.."

  name              = "acme-lake"
  oidc_provider_arn = module.eks.oidc_provider_arn
  oidc_issuer       = module.eks.oidc_issuer

  bucket_arns         = module.s3.bucket_arns
  exchange_bucket_arn = module.s3.exchange_bucket_arn
  buckets_kms_key_arn = module.s3.kms_key_arn

  service_accounts = {
    catalog = {
      namespace       = "catalog"
      service_account = "polaris"
      storage         = "lend"
    }
    query = {
      namespace       = "query"
      service_account = "trino"
      storage         = "read_write"
      exchange        = true
    }
    query-secrets = {
      namespace       = "query"
      service_account = "secret-reader"
      secrets = {
        arns         = [module.secrets_manager.secret_arns["trino"]]
        kms_key_arns = [module.secrets_manager.kms_key_arn]
      }
    }
  }
}

output "annotations" {
  value = module.service_account_roles.annotations
}
