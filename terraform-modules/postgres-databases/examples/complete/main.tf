# Databases for Nessie and Marquez on a server that the cluster reaches. Their logins, and the administrator's, are in AWS
# Secrets Manager, from where External Secrets Operator reads them.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "postgres_databases" {
  source = "../.."

  namespace = "database"

  database = {
    host = "acme-prod.abcdefghijkl.eu-west-1.rds.amazonaws.com"
    name = "dagster"
  }
  admin_secret = "acme-prod/database-admin"
  applications = {
    dagster = "acme-prod/login-dagster"
    marquez = "acme-prod/login-marquez"
    nessie  = "acme-prod/login-nessie"
  }

  node_selector = { "node-type" = "on-demand" }
}

output "server" {
  value = module.postgres_databases.server
}
