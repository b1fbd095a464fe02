# A query engine that reads a catalog and buckets, and whom a dashboard's pods and an ingress controller may ask.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

locals {
  trino   = { namespace = "query", pod_labels = { "app.kubernetes.io/name" = "trino" } }
  polaris = { namespace = "catalog", pod_labels = { "app.kubernetes.io/name" = "polaris" } }
}

module "network_policies" {
  source = "../.."

  namespaces = ["catalog", "query"]

  edges = {
    trino-to-polaris = {
      from  = local.trino
      to    = local.polaris
      ports = [8181]
    }
    trino-to-trino = {
      from  = local.trino
      to    = local.trino
      ports = [8080]
    }

    # S3 at its public addresses, PostgreSQL in the VPC.
    trino-to-s3 = {
      from  = local.trino
      to    = { network = "internet" }
      ports = [443]
    }
    polaris-to-postgresql = {
      from  = local.polaris
      to    = { ip_blocks = [{ cidr = "10.0.0.0/16", except = ["10.0.255.0/24"] }] }
      ports = [5432]
    }

    # Namespaces that are not closed themselves: each has the end that lies in ours.
    superset-to-trino = {
      from  = { namespace = "superset" }
      to    = local.trino
      ports = [8080]
    }
    ingress-to-trino = {
      from  = { namespace = "ingress-nginx", pod_labels = { "app.kubernetes.io/component" = "controller" } }
      to    = local.trino
      ports = [8080]
    }
    prometheus-to-polaris = {
      from  = { namespace = "monitoring" }
      to    = local.polaris
      ports = [8182]
    }

    # An operator in one of the namespaces asks the API server, which calls the operator's webhook.
    operator-to-api-server = {
      from  = { namespace = "query", pod_labels = { "app.kubernetes.io/name" = "trino-operator" } }
      to    = { network = "api_server" }
      ports = [443, 6443]
    }
    api-server-to-operator = {
      from  = { network = "api_server" }
      to    = { namespace = "query", pod_labels = { "app.kubernetes.io/name" = "trino-operator" } }
      ports = [9443]
    }
  }

  api_server_cidrs = ["10.0.0.0/16", "172.20.0.0/16"]
}

output "namespaces" {
  value = module.network_policies.namespaces
}
