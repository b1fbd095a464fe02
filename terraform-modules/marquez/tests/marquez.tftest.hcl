mock_provider "helm" {}

variables {
  namespace       = "observability"
  database        = { host = "db.example.com" }
  database_secret = "acme/login-marquez"
}

run "two_servers_and_pages" {
  command = plan

  assert {
    condition = [for each in jsondecode(helm_release.marquez.values[0]).manifests : "${each.kind} ${each.metadata.name}"] == [
      "ConfigMap marquez",
      "Deployment marquez",
      "Service marquez",
      "PodDisruptionBudget marquez",
      "Deployment marquez-web",
      "Service marquez-web",
    ]
    error_message = "One of two servers stays when nodes are emptied."
  }

  assert {
    condition = alltrue([
      for each in jsondecode(helm_release.marquez.values[0]).manifests : (
        each.spec.template.spec.securityContext.runAsNonRoot &&
        !each.spec.template.spec.automountServiceAccountToken &&
        each.spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem
      ) if each.kind == "Deployment"
    ])
    error_message = "Pods are not root, have no token, and write to nothing."
  }

  assert {
    condition = jsondecode(jsondecode(helm_release.marquez.values[0]).manifests[0].data["marquez.yml"]).db.url == (
      "$${DATABASE_URL}"
    )
    error_message = "The database's address and login are taken from the environment."
  }

  assert {
    condition = jsondecode(helm_release.marquez.values[0]).manifests[1].spec.template.spec.containers[0].env[0] == {
      name  = "DATABASE_URL"
      value = "jdbc:postgresql://db.example.com:5432/marquez?sslmode=require"
    }
    error_message = "Lineage is in PostgreSQL, over TLS."
  }

  assert {
    condition = !can(
      jsondecode(jsondecode(helm_release.marquez.values[0]).manifests[0].data["marquez.yml"]).dbRetention
    )
    error_message = "Lineage is kept for ever."
  }

  assert {
    condition     = "${output.url}${output.path}" == "http://marquez.observability.svc.cluster.local:5000/api/v1/lineage"
    error_message = "This is where OpenLineage events go."
  }
}

run "one_server" {
  command = plan

  variables {
    replicas = 1
  }

  assert {
    condition = !contains(
      jsondecode(helm_release.marquez.values[0]).manifests[*].kind,
      "PodDisruptionBudget"
    )
    error_message = "A single server does not keep nodes from being emptied."
  }
}

run "lineage_that_is_removed" {
  command = plan

  variables {
    retention_days = 90
  }

  assert {
    condition = jsondecode(
      jsondecode(helm_release.marquez.values[0]).manifests[0].data["marquez.yml"]
    ).dbRetention.retentionDays == 90
    error_message = "Lineage goes after 90 days."
  }
}

run "nodes" {
  command = plan

  variables {
    node_selector = { node-type = "on-demand", "kubernetes.io/arch" = "arm64" }
  }

  assert {
    condition = jsondecode(helm_release.marquez.values[0]).manifests[1].spec.template.spec.nodeSelector == {
      node-type            = "on-demand"
      "kubernetes.io/arch" = "amd64"
    }
    error_message = "The images are built for this architecture only."
  }
}
