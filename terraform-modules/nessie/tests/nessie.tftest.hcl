mock_provider "helm" {}

variables {
  namespace        = "catalog"
  warehouse        = "lakehouse"
  region           = "eu-west-1"
  layers           = { bronze = "s3://acme-bronze", gold = "s3://acme-gold" }
  default_location = "s3://acme-bronze"
  database         = { host = "db.example.com" }
  database_secret  = "acme/login-nessie"
  storage_role_arn = "arn:aws:iam::111122223333:role/acme-catalog-storage"
}

run "two_servers_that_scale" {
  command = plan

  assert {
    condition     = jsondecode(helm_release.server.values[0]).autoscaling.enabled
    error_message = "Servers are added when they are busy."
  }

  assert {
    condition     = jsondecode(helm_release.server.values[0]).podDisruptionBudget.enabled
    error_message = "One of two servers stays when nodes are emptied."
  }

  assert {
    condition = (
      jsondecode(helm_release.server.values[0]).jdbc.jdbcUrl ==
      "jdbc:postgresql://db.example.com:5432/nessie?sslmode=require"
    )
    error_message = "Its versions are in PostgreSQL, over TLS."
  }
}

run "one_server" {
  command = plan

  variables {
    replicas     = 1
    max_replicas = null
    namespaces   = { gold = "marts" }
  }

  assert {
    condition     = !jsondecode(helm_release.server.values[0]).autoscaling.enabled
    error_message = "Without max_replicas nothing scales."
  }

  assert {
    condition     = output.namespaces == { bronze = "bronze", gold = "marts" }
    error_message = "A layer's namespace may be called otherwise."
  }
}

run "values_of_the_users_own" {
  command = plan

  variables {
    values = { image = { pullPolicy = "Always" } }
  }

  assert {
    condition     = jsondecode(helm_release.server.values[1]) == { image = { pullPolicy = "Always" } }
    error_message = "Helm lays them over the module's."
  }
}
