# Trino on Polaris' tables, its workers on spot nodes, in a cluster whose External Secrets Operator reads AWS Secrets
# Manager.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "trino" {
  source = "../.."

  name      = "acme-prod"
  namespace = "query"
  region    = "eu-west-1"

  catalog = {
    type      = "rest"
    uri       = "http://polaris.catalog.svc.cluster.local:8181/api/catalog"
    warehouse = "lakehouse"
    oauth2 = {
      secret = "acme-prod/catalog-client-trino"
      scope  = "PRINCIPAL_ROLE:data_engineer"
    }
    vended_credentials = true
  }

  shared_secret = "acme-prod/trino-shared-secret"

  workers     = 3
  max_workers = 12
  memory_gib  = 28
  cpu         = 7

  node_selector        = { "node-type" = "on-demand" }
  worker_node_selector = { "node-type" = "spot" }
  worker_tolerations   = [{ key = "spot", value = "true", effect = "NoSchedule" }]

  fault_tolerant = true
  exchange_uri   = "s3://acme-prod-exchange"
  service_account_annotations = {
    "eks.amazonaws.com/role-arn" = "arn:aws:iam::111122223333:role/acme-prod-trino"
  }

  resource_groups = {
    rootGroups = [{
      name                 = "all"
      maxQueued            = 100
      hardConcurrencyLimit = 10
      softMemoryLimit      = "80%"
    }]
    selectors = [{ group = "all" }]
  }

  otlp_endpoint   = "http://otel-collector.observability.svc.cluster.local:4317"
  openlineage_url = "http://marquez.observability.svc.cluster.local:5000"

  values = {
    server = { coordinatorExtraConfig = "query.max-run-time=2h" }
  }
}

output "trino" {
  value = "http://${module.trino.host}:${module.trino.port}"
}

output "catalog" {
  value = module.trino.catalog
}
