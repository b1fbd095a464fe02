# Marquez with a database of its own, in a cluster whose External Secrets Operator reads AWS Secrets Manager.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "marquez" {
  source = "../.."

  namespace       = "observability"
  database        = { host = "acme-prod.abcdefghijkl.eu-west-1.rds.amazonaws.com" }
  database_secret = "acme-prod/login-marquez"

  replicas       = 3
  retention_days = 365
  node_selector  = { node-type = "on-demand" }
}

output "openlineage_url" {
  value = "${module.marquez.url}${module.marquez.path}"
}
