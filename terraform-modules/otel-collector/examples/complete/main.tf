# A collector that keeps traces in Jaeger and sends everything to Grafana Cloud, whose token is in AWS Secrets Manager, from
# where External Secrets Operator reads it.

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "otel_collector" {
  source = "../.."

  namespace = "observability"

  traces_endpoint = "jaeger.observability.svc.cluster.local:4317"
  grafana_cloud = {
    zone   = "prod-eu-west-2"
    secret = "acme-prod/grafana-cloud"
  }
  sampling_percentage = 20

  replicas     = 2
  max_replicas = 10
  memory_mib   = 1024

  node_selector = { "node-type" = "on-demand" }
}

output "otlp_grpc" {
  value = module.otel_collector.otlp_grpc
}
