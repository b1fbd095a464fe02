mock_provider "helm" {}

variables {
  namespace        = "catalog"
  warehouse        = "lakehouse"
  region           = "eu-west-1"
  layers           = { bronze = "s3://acme-lake", gold = "s3://acme-lake" }
  default_location = "s3://acme-lake"
  database         = { host = "db.example.com" }
  database_secret  = "acme/login-polaris"
  root_secret      = "acme/polaris-root"
  token_key_secret = "acme/polaris-token-key"
  clients          = { runtime = "acme/catalog-client-runtime", trino = "acme/catalog-client-trino" }
  storage_role_arn = "arn:aws:iam::111122223333:role/acme-catalog-storage"
}

run "a_role_is_lent_and_clients_sign_in" {
  command = plan

  assert {
    condition = jsondecode(local.program["spec.json"]).catalog.storage == {
      storageType      = "S3"
      allowedLocations = ["s3://acme-lake"]
      region           = "eu-west-1"
      roleArn          = "arn:aws:iam::111122223333:role/acme-catalog-storage"
    }
    error_message = "What Polaris lends reaches the layers' bucket and no other."
  }

  assert {
    condition     = jsondecode(local.program["spec.json"]).principals[*].name == ["floe-runtime", "floe-trino"]
    error_message = "Each client is a principal."
  }

  assert {
    condition = [
      for secret in jsondecode(helm_release.secrets.values[0]).manifests : secret.spec.dataFrom[0].extract.key
      ] == [
      "acme/login-polaris",
      "acme/polaris-token-key",
      "acme/polaris-root",
      "acme/catalog-client-runtime",
      "acme/catalog-client-trino",
    ]
    error_message = "Credentials are copied from the secret manager."
  }

  assert {
    condition     = !strcontains(jsonencode(helm_release.server.values), "acme/catalog-client")
    error_message = "The servers know no client's credentials."
  }

  assert {
    condition = (
      jsondecode(helm_release.server.values[0]).persistence.type == "relational-jdbc" &&
      jsondecode(helm_release.server.values[0]).authentication.tokenBroker.type == "symmetric-key"
    )
    error_message = "What Polaris knows is in PostgreSQL, and all servers sign tokens with one key."
  }
}

run "the_buckets_key_is_lent_too" {
  command = plan

  variables {
    kms_key_arn     = "arn:aws:kms:eu-west-1:111122223333:key/1"
    drop_with_purge = false
  }

  assert {
    condition = (
      jsondecode(local.program["spec.json"]).catalog.storage.currentKmsKey ==
      "arn:aws:kms:eu-west-1:111122223333:key/1"
    )
    error_message = "Without it, a lent role could not decrypt."
  }

  assert {
    condition = jsondecode(local.program["spec.json"]).catalog.properties == {
      "polaris.config.drop-with-purge.enabled" = "false"
    }
    error_message = "Tables' files stay when drop_with_purge is false."
  }
}

run "storage_that_is_not_aws" {
  command = plan

  variables {
    storage_role_arn = null
    s3_compatible    = { endpoint = "http://minio:9000", secret = "acme/storage-keys" }
    clients          = {}
  }

  assert {
    condition     = !can(jsondecode(local.program["spec.json"]).catalog.storage.roleArn)
    error_message = "There is no role to lend."
  }

  assert {
    condition     = jsondecode(local.program["spec.json"]).catalog.storage.stsUnavailable
    error_message = "Nothing is lent."
  }

  assert {
    condition     = jsondecode(helm_release.server.values[0]).storage.secret.name == "polaris-storage"
    error_message = "Polaris reads and writes with the keys."
  }
}

run "either_a_role_or_keys" {
  command = plan

  variables {
    s3_compatible = { endpoint = "http://minio:9000", secret = "acme/storage-keys" }
  }

  expect_failures = [var.storage_role_arn]
}

run "the_admin_tool_is_the_servers_version" {
  command = plan

  variables {
    values = { image = { tag = "1.7.1" }, maintenance = { image = { repository = "registry.example.com/admin" } } }
  }

  assert {
    condition = (
      jsondecode(helm_release.bootstrap.values[0]).manifests[0].spec.template.spec.containers[0].image ==
      "registry.example.com/admin:1.7.1"
    )
    error_message = "Also where the chart's values choose them."
  }
}

run "it_starts_anew_when_the_database_moves" {
  command = plan

  variables {
    database = { host = "other.example.com" }
  }

  assert {
    condition = (
      jsondecode(helm_release.server.values[0]).podAnnotations["checksum/database"] ==
      substr(sha256("jdbc:postgresql://other.example.com:5432/polaris?sslmode=require"), 0, 16)
    )
    error_message = "The address is in a Secret, which no pod watches."
  }
}
