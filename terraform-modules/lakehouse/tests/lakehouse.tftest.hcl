mock_provider "helm" {}

mock_provider "kubernetes" {}

# Terraform's stand-ins for providers know nothing ephemeral: this is the provider itself, which has nothing to ask AWS.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_module {
  target = module.secrets_manager
  outputs = {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
    secret_arns = {
      polaris-root           = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/polaris-root-AbCdEf"
      polaris-token-key      = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/polaris-token-key-AbCdEf"
      catalog-client-runtime = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/catalog-client-runtime-AbCdEf"
      catalog-client-trino   = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/catalog-client-trino-AbCdEf"
      database-polaris       = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/database-polaris-AbCdEf"
      trino-shared-secret    = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/trino-shared-secret-AbCdEf"
      database-marquez       = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/database-marquez-AbCdEf"
      cube                   = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/cube-AbCdEf"
      database-dagster       = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/database-dagster-AbCdEf"
    }
    secret_names = {
      polaris-root           = "acme-prod/polaris-root"
      polaris-token-key      = "acme-prod/polaris-token-key"
      catalog-client-runtime = "acme-prod/catalog-client-runtime"
      catalog-client-trino   = "acme-prod/catalog-client-trino"
      database-polaris       = "acme-prod/database-polaris"
      trino-shared-secret    = "acme-prod/trino-shared-secret"
      database-marquez       = "acme-prod/database-marquez"
      cube                   = "acme-prod/cube"
      database-dagster       = "acme-prod/database-dagster"
    }
  }
}

override_data {
  target = module.vpc.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.eks.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.s3.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.rds.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.service_account_roles.data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

override_data {
  target = module.eks.data.aws_eks_addon_version.vpc_cni
  values = { version = "v1.0.0-eksbuild.1" }
}

override_data {
  target = module.eks.data.aws_eks_addon_version.kube_proxy
  values = { version = "v1.0.0-eksbuild.1" }
}

override_data {
  target = module.eks.data.aws_eks_addon_version.coredns
  values = { version = "v1.0.0-eksbuild.1" }
}

override_data {
  target = module.eks.data.aws_eks_addon_version.aws_ebs_csi_driver
  values = { version = "v1.0.0-eksbuild.1" }
}

override_data {
  target = module.eks.data.aws_eks_addon_version.metrics_server
  values = { version = "v1.0.0-eksbuild.1" }
}

override_data {
  target = module.vpc.data.aws_availability_zones.available
  values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
}

variables {
  name = "acme-prod"
}

run "wired" {
  command = plan

  assert {
    condition     = output.catalog_uri == "http://polaris.catalog.svc.cluster.local:8181/api/catalog"
    error_message = "The catalog is where its namespace is."
  }

  assert {
    condition     = output.catalog_warehouse == "acme_prod"
    error_message = "The warehouse is called like the lakehouse."
  }

  assert {
    condition     = output.query_host == "trino.query.svc.cluster.local"
    error_message = "Trino is in its own namespace."
  }

  assert {
    condition     = keys(output.bucket_uris) == ["bronze", "gold", "silver"]
    error_message = "Each layer has a bucket."
  }

  assert {
    condition     = module.vpc.vpc_cidr == "10.0.0.0/16" && module.s3.exchange_bucket_name == null
    error_message = "What nobody decides on is as the parts have it."
  }

  assert {
    condition     = module.secrets_manager.secret_names["cube"] == "acme-prod/cube"
    error_message = "What works with the tables finds its secrets."
  }
}

run "other_names" {
  command = plan

  variables {
    layers     = ["raw"]
    namespaces = { query = "sql", floe = "pipelines" }
    trino      = { fault_tolerant = true }
  }

  assert {
    condition     = output.query_host == "trino.sql.svc.cluster.local" && output.runtime.namespace == "pipelines"
    error_message = "Namespaces may be called otherwise."
  }

  assert {
    condition     = output.bucket_uris == { raw = "s3://acme-prod-raw" }
    error_message = "So may layers."
  }

  assert {
    condition     = module.s3.exchange_bucket_name == "acme-prod-exchange"
    error_message = "Fault-tolerant execution has its bucket."
  }
}

run "what_a_part_refuses" {
  command = plan

  variables {
    vpc = { zones = 4 }
  }

  expect_failures = [var.vpc]
}
