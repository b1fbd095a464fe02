# Polaris with buckets, a key and a database of its own, in a cluster whose External Secrets Operator reads AWS Secrets
# Manager. Dagster's runs and Trino sign in.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "polaris" {
  source = "../.."

  namespace = "catalog"
  warehouse = "lakehouse"
  region    = "eu-west-1"
  layers = {
    bronze = "s3://acme-prod-bronze"
    silver = "s3://acme-prod-silver"
    gold   = "s3://acme-prod-gold"
  }
  default_location = "s3://acme-prod-bronze"

  database        = { host = "acme-prod.abcdefghijkl.eu-west-1.rds.amazonaws.com" }
  database_secret = "acme-prod/login-polaris"

  root_secret      = "acme-prod/polaris-root"
  token_key_secret = "acme-prod/polaris-token-key"
  clients = {
    runtime = "acme-prod/catalog-client-runtime"
    trino   = "acme-prod/catalog-client-trino"
  }

  storage_role_arn = "arn:aws:iam::111122223333:role/acme-prod-catalog-storage"
  kms_key_arn      = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  service_account_annotations = {
    "eks.amazonaws.com/role-arn" = "arn:aws:iam::111122223333:role/acme-prod-catalog"
  }

  otlp_endpoint = "http://otel-collector.observability.svc.cluster.local:4317"
  values = {
    image = { pullPolicy = "IfNotPresent" }
  }
}

output "catalog_uri" {
  value = module.polaris.uri
}

output "scope" {
  value = module.polaris.scope
}
