# Nessie with buckets and a database of its own, in a cluster whose External Secrets Operator reads AWS Secrets Manager.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "nessie" {
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
  database_secret = "acme-prod/login-nessie"

  storage_role_arn = "arn:aws:iam::111122223333:role/acme-prod-catalog-storage"
  service_account_annotations = {
    "eks.amazonaws.com/role-arn" = "arn:aws:iam::111122223333:role/acme-prod-catalog"
  }

  otlp_endpoint = "http://otel-collector.observability.svc.cluster.local:4317"
  values = {
    image = { pullPolicy = "IfNotPresent" }
  }
}

output "catalog_uri" {
  value = module.nessie.uri
}
