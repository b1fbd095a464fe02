# Jaeger with its traces in an OpenSearch that is there already, whose login is in AWS Secrets Manager.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

provider "kubernetes" {
  config_path = "~/.kube/config"
}

module "jaeger" {
  source = "../.."

  namespace = "observability"
  storage = {
    kind         = "opensearch"
    server_urls  = ["https://search.example.com:9200"]
    secret       = "acme-prod/search"
    index_prefix = "acme-prod"
    days         = 30
  }
  replicas = 2

  # Jaeger itself fills in what is in its environment: `$$` is how Terraform writes a `$` before a brace.
  values = {
    userconfig = {
      service = {
        telemetry = {
          resource = { "service.instance.id" = "$${env:HOSTNAME}" }
        }
      }
    }
  }
}

output "otlp_endpoint" {
  value = module.jaeger.otlp_grpc
}

output "traces" {
  value = module.jaeger.ui
}
