# The operator in its own namespace, and stores for the namespaces of a catalog and a query engine.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "external_secrets" {
  source = "../.."

  region = "eu-west-1"
  stores = {
    catalog = { role_arn = "arn:aws:iam::111122223333:role/acme-prod-catalog-secret-reader" }
    query   = { role_arn = "arn:aws:iam::111122223333:role/acme-prod-query-secret-reader" }
  }

  node_selector = { "node-type" = "on-demand" }
  values = {
    webhook = { certManager = { enabled = true } }
  }
}

output "secret_store" {
  value = module.external_secrets.secret_store
}
