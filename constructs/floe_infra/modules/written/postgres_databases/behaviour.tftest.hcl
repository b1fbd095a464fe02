mock_provider "helm" {}

variables {
  namespace    = "database"
  database     = { host = "db.example.com" }
  admin_secret = "acme/database-admin"
  applications = {
    marquez = "acme/login-marquez"
    nessie  = "acme/login-nessie"
  }
}

run "one_login_for_each_application" {
  command = plan

  assert {
    condition = [
      for manifest in jsondecode(helm_release.secrets.values[0]).manifests : manifest.spec.dataFrom[0].extract.key
    ] == ["acme/database-admin", "acme/login-marquez", "acme/login-nessie"]
    error_message = "The administrator's login is read, and each application's."
  }

  assert {
    condition = jsondecode(helm_release.job.values[0]).manifests[1].spec.template.spec.containers[0].command == [
      "sh", "/programs/databases.sh", "/etc/databases/marquez", "/etc/databases/nessie",
    ]
    error_message = "The job is told of each application."
  }

  assert {
    condition = {
      for variable in jsondecode(helm_release.job.values[0]).manifests[1].spec.template.spec.containers[0].env :
      variable.name => variable.value if can(variable.value)
    } == { PGHOST = "db.example.com", PGPORT = "5432", PGDATABASE = "postgres", PGSSLMODE = "require" }
    error_message = "It logs in over TLS, to the database that every server has."
  }

  assert {
    condition     = output.server == { host = "db.example.com", port = 5432, ssl_mode = "require" }
    error_message = "The server goes on to those whose databases are on it."
  }
}

run "no_password_outside_of_secrets" {
  command = plan

  assert {
    condition = alltrue([
      for variable in jsondecode(helm_release.job.values[0]).manifests[1].spec.template.spec.containers[0].env :
      can(variable.valueFrom.secretKeyRef) if contains(["PGUSER", "PGPASSWORD"], variable.name)
    ])
    error_message = "The administrator's login is in a Secret."
  }

  assert {
    condition     = !jsondecode(helm_release.job.values[0]).manifests[1].spec.template.spec.automountServiceAccountToken
    error_message = "The job asks nothing of the API server."
  }
}
