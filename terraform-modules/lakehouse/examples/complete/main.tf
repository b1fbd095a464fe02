# A lakehouse for a team that knows its size: fewer, larger workers, a longer memory for traces, and no spot nodes for
# what must answer. The providers of the cluster log in to the one that is made here.

provider "aws" {
  region = "eu-west-1"

  default_tags {
    tags = { team = "data" }
  }
}

locals {
  login = {
    api_version = "client.authentication.k8s.io/v1"
    command     = "aws"
    args        = ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", module.lakehouse.cluster_name]
  }
}

provider "kubernetes" {
  host                   = module.lakehouse.cluster_endpoint
  cluster_ca_certificate = base64decode(module.lakehouse.cluster_certificate_authority)

  exec {
    api_version = local.login.api_version
    command     = local.login.command
    args        = local.login.args
  }
}

provider "helm" {
  kubernetes = {
    host                   = module.lakehouse.cluster_endpoint
    cluster_ca_certificate = base64decode(module.lakehouse.cluster_certificate_authority)
    exec                   = local.login
  }
}

module "lakehouse" {
  source = "../.."

  name   = "acme-lake"
  layers = ["raw", "curated"]

  vpc = {
    cidr  = "10.20.0.0/16"
    zones = 2
  }

  eks = {
    private_access_cidrs = ["10.8.0.0/16"]
    node_groups = {
      system = {
        instance_types = ["m5.xlarge"]
        min_size       = 3
        max_size       = 6
      }
      workers = {
        instance_types = ["r5.2xlarge", "r5a.2xlarge", "r6i.2xlarge"]
        capacity_type  = "spot"
        min_size       = 2
        max_size       = 12
      }
    }
  }

  rds     = { allocated_storage_gib = 50 }
  polaris = { namespaces = { curated = "marts" } }
  trino = {
    workers        = 3
    max_workers    = 8
    memory_gib     = 48
    fault_tolerant = true
  }
  jaeger = { storage = { size_gib = 100, days = 30 } }

  network_policies = {
    edges = {
      office-to-trino = {
        from  = { ip_blocks = [{ cidr = "10.8.0.0/16" }] }
        to    = { namespace = "query", pod_labels = { "app.kubernetes.io/component" = "coordinator" } }
        ports = [8080]
      }
    }
  }
}

output "catalog_uri" {
  value = module.lakehouse.catalog_uri
}

output "runtime" {
  value = module.lakehouse.runtime
}
