mock_provider "helm" {}

mock_provider "kubernetes" {}

variables {
  namespace = "observability"
}

run "on_a_volume" {
  command = plan

  assert {
    condition     = kubernetes_persistent_volume_claim_v1.traces[0].spec[0].resources[0].requests.storage == "20Gi"
    error_message = "Traces are on a volume of 20 GiB."
  }

  assert {
    condition = jsondecode(helm_release.jaeger.values[0]).userconfig.extensions.jaeger_storage.backends.main == {
      badger = {
        ephemeral   = false
        directories = { keys = "/badger/keys", values = "/badger/values" }
        ttl         = { spans = "168h" }
      }
    }
    error_message = "They are kept for seven days."
  }

  assert {
    condition     = jsondecode(helm_release.jaeger.values[0]).jaeger.strategy.type == "Recreate"
    error_message = "The old pod lets the volume go before the new one starts."
  }

  assert {
    condition = (
      jsondecode(helm_release.jaeger.values[0]).jaeger.podSecurityContext.runAsNonRoot &&
      jsondecode(helm_release.jaeger.values[0]).jaeger.securityContext.readOnlyRootFilesystem &&
      !jsondecode(helm_release.jaeger.values[0]).jaeger.serviceAccount.automountServiceAccountToken
    )
    error_message = "Pods are not root, have no token, and write to nothing but the volume."
  }

  assert {
    condition     = length(helm_release.secrets) == 0 && length(helm_release.disruption_budget) == 0
    error_message = "One copy with a storage of its own needs no login, and keeps no node from being emptied."
  }

  assert {
    condition     = output.otlp_grpc == "jaeger.observability.svc.cluster.local:4317"
    error_message = "This is where traces go."
  }
}

run "in_memory" {
  command = plan

  variables {
    storage = { kind = "memory", max_traces = 500 }
  }

  assert {
    condition     = length(kubernetes_persistent_volume_claim_v1.traces) == 0
    error_message = "There is no volume."
  }

  assert {
    condition = jsondecode(helm_release.jaeger.values[0]).userconfig.extensions.jaeger_storage.backends.main == {
      memory = { max_traces = 500 }
    }
    error_message = "The oldest of 500 traces makes room for a new one."
  }
}

run "in_opensearch" {
  command = plan

  variables {
    storage = {
      kind        = "opensearch"
      server_urls = ["https://search.example.com:9200"]
      secret      = "acme/search"
    }
    replicas = 2
  }

  assert {
    condition = (
      jsondecode(helm_release.jaeger.values[0]).userconfig.extensions.jaeger_storage.backends.main.opensearch.auth.basic ==
      { username = "$${env:ES_USERNAME}", password = "$${env:ES_PASSWORD}" }
    )
    error_message = "The login is in the environment, and Jaeger fills it in."
  }

  assert {
    condition = {
      for each in jsondecode(helm_release.jaeger.values[0]).jaeger.extraEnv :
      each.name => each.valueFrom.secretKeyRef if can(each.valueFrom)
      } == {
      ES_USERNAME = { name = "traces-storage", key = "username" }
      ES_PASSWORD = { name = "traces-storage", key = "password" }
    }
    error_message = "There it comes from a Secret."
  }

  assert {
    condition = (
      jsondecode(helm_release.secrets[0].values[0]).manifests[0].spec.dataFrom[0].extract.key == "acme/search"
    )
    error_message = "The Secret is copied from the secret manager."
  }

  assert {
    condition = (
      jsondecode(helm_release.jaeger.values[0]).esIndexCleaner.enabled &&
      jsondecode(helm_release.jaeger.values[0]).esIndexCleaner.numberOfDays == 14
    )
    error_message = "Indices are removed after fourteen days."
  }

  assert {
    condition     = length(helm_release.disruption_budget) == 1
    error_message = "One of two copies stays when nodes are emptied."
  }
}

run "in_elasticsearch_without_a_login" {
  command = plan

  variables {
    storage = { kind = "elasticsearch", server_urls = ["http://search:9200"], index_prefix = "lake" }
  }

  assert {
    condition = jsondecode(helm_release.jaeger.values[0]).userconfig.extensions.jaeger_storage.backends.main == {
      elasticsearch = {
        server_urls  = ["http://search:9200"]
        indices      = { index_prefix = "lake" }
        max_span_age = "336h"
      }
    }
    error_message = "Nobody logs in."
  }
}

run "values_of_the_users_own" {
  command = plan

  variables {
    values = { userconfig = { processors = { batch = { send_batch_size = 2048 } } } }
  }

  assert {
    condition     = jsondecode(helm_release.jaeger.values[1]) == var.values
    error_message = "Helm lays them over the module's."
  }

  assert {
    condition = jsondecode(helm_release.jaeger.values[0]).jaeger.podLabels["floe-infra/configuration"] == substr(
      sha256(jsonencode([jsondecode(helm_release.jaeger.values[0]).userconfig, var.values.userconfig])), 0, 16
    )
    error_message = "Pods start anew with either configuration."
  }
}
