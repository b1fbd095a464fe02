mock_provider "helm" {}

variables {
  namespace = "observability"
}

run "nobody_keeps_anything" {
  command = plan

  assert {
    condition     = length(helm_release.secrets) == 0
    error_message = "No secret is read."
  }

  assert {
    condition = {
      for signal, pipeline in jsondecode(helm_release.otel_collector.values[0]).config.service.pipelines :
      signal => pipeline.exporters
    } == { traces = ["nop"], metrics = ["nop"], logs = ["nop"] }
    error_message = "What is sent is taken, and dropped."
  }

  assert {
    condition     = jsondecode(helm_release.otel_collector.values[0]).autoscaling.enabled
    error_message = "Copies are added when they are busy."
  }

  assert {
    condition     = jsondecode(helm_release.otel_collector.values[0]).podDisruptionBudget.enabled
    error_message = "One of two copies stays when nodes are emptied."
  }

  assert {
    condition     = !jsondecode(helm_release.otel_collector.values[0]).serviceAccount.automountServiceAccountToken
    error_message = "The collector asks nothing of the API server."
  }

  assert {
    condition     = output.otlp_grpc == "http://otel-collector.observability.svc.cluster.local:4317"
    error_message = "OTLP/gRPC has its usual port."
  }
}

run "jaeger_takes_traces_alone" {
  command = plan

  variables {
    traces_endpoint = "jaeger.observability.svc.cluster.local:4317"
  }

  assert {
    condition = {
      for signal, pipeline in jsondecode(helm_release.otel_collector.values[0]).config.service.pipelines :
      signal => pipeline.exporters
    } == { traces = ["otlp_grpc/jaeger"], metrics = ["nop"], logs = ["nop"] }
    error_message = "Jaeger takes neither metrics nor logs."
  }
}

run "a_part_of_the_traces" {
  command = plan

  variables {
    sampling_percentage = 12.5
  }

  assert {
    condition = jsondecode(helm_release.otel_collector.values[0]).config.processors.probabilistic_sampler == {
      sampling_percentage = 12.5
    }
    error_message = "Of a hundred traces so many are kept."
  }

  assert {
    condition = contains(
      jsondecode(helm_release.otel_collector.values[0]).config.service.pipelines.traces.processors,
      "probabilistic_sampler"
    )
    error_message = "Traces go through the sampler."
  }
}

run "grafana_cloud" {
  command = plan

  variables {
    grafana_cloud = { zone = "prod-eu-west-2", secret = "acme/grafana-cloud" }
  }

  assert {
    condition = [
      for manifest in jsondecode(helm_release.secrets[0].values[0]).manifests : manifest.spec.dataFrom[0].extract.key
    ] == ["acme/grafana-cloud"]
    error_message = "The token is read from the secret manager."
  }

  assert {
    condition = (
      jsondecode(helm_release.otel_collector.values[0]).config.exporters["otlp_http/grafana_cloud"].endpoint ==
      "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp"
    )
    error_message = "A zone has its own address."
  }

  assert {
    condition = (
      jsondecode(helm_release.otel_collector.values[0]).config.extensions["basicauth/grafana_cloud"].client_auth.password ==
      "$${env:GRAFANA_CLOUD_API_KEY}"
    )
    error_message = "The collector reads the token from its environment; it is in no configuration."
  }
}

run "datadog" {
  command = plan

  variables {
    datadog             = { site = "datadoghq.eu", secret = "acme/datadog", hostname = "acme-prod" }
    sampling_percentage = 10
  }

  assert {
    condition = endswith(
      jsondecode(helm_release.otel_collector.values[0]).image.repository, "/opentelemetry-collector-contrib"
    )
    error_message = "The smaller image knows nothing of Datadog."
  }

  assert {
    condition = !contains(
      jsondecode(helm_release.otel_collector.values[0]).config.service.pipelines.traces.processors,
      "probabilistic_sampler"
    )
    error_message = "Datadog counts requests from all traces, before any is thrown away."
  }

  assert {
    condition = contains(
      jsondecode(helm_release.otel_collector.values[0]).config.service.pipelines["traces/sampled"].processors,
      "probabilistic_sampler"
    )
    error_message = "Then a part of them is kept."
  }
}

run "one_copy" {
  command = plan

  variables {
    replicas     = 1
    max_replicas = null
  }

  assert {
    condition     = !jsondecode(helm_release.otel_collector.values[0]).autoscaling.enabled
    error_message = "Without max_replicas nothing scales."
  }

  assert {
    condition     = !jsondecode(helm_release.otel_collector.values[0]).podDisruptionBudget.enabled
    error_message = "One copy holds no node up."
  }
}
