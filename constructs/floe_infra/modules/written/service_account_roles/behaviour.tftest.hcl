mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/role" }
  }
}

variables {
  name              = "acme-prod"
  oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D"
  oidc_issuer       = "https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D"

  bucket_arns             = { bronze = "arn:aws:s3:::acme-bronze", gold = "arn:aws:s3:::acme-gold" }
  exchange_bucket_arn     = "arn:aws:s3:::acme-exchange"
  compute_logs_bucket_arn = "arn:aws:s3:::acme-compute-logs"
  buckets_kms_key_arn     = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"

  service_accounts = {
    catalog = { namespace = "catalog", service_account = "polaris", storage = "lend" }
    query   = { namespace = "query", service_account = "trino", storage = "read_write", exchange = true }
    runtime = { namespace = "floe", service_account = "dagster", compute_logs = true }
    secrets = {
      namespace       = "query"
      service_account = "secret-reader"
      secrets = {
        arns         = ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/trino-AbCdEf"]
        kms_key_arns = ["arn:aws:kms:eu-west-1:111122223333:key/5678abcd"]
      }
    }
  }
}

run "one_service_account_and_no_other" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.service_account["query"].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = var.oidc_provider_arn }
      Condition = {
        StringEquals = {
          "oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D:sub" = "system:serviceaccount:query:trino"
          "oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D:aud" = "sts.amazonaws.com"
        }
      }
    }]
    error_message = "IAM trusts a token for STS, of this service account in this namespace."
  }
}

run "exactly_what_is_named" {
  command = plan

  assert {
    condition     = keys(aws_iam_role_policy.read_write) == ["query"] && keys(aws_iam_role_policy.exchange) == ["query"]
    error_message = "The query engine uses the warehouse, and the bucket for intermediate results."
  }

  assert {
    condition = data.aws_iam_policy_document.read_write["query"].statement[0].resources == toset([
      "arn:aws:s3:::acme-bronze", "arn:aws:s3:::acme-gold",
    ])
    error_message = "Buckets are named."
  }

  assert {
    condition     = keys(aws_iam_role_policy.compute_logs) == ["runtime"]
    error_message = "What runs print goes to its bucket."
  }

  assert {
    condition     = keys(aws_iam_role.lent) == ["catalog"] && keys(aws_iam_role_policy.lend) == ["catalog"]
    error_message = "The catalog lends out a role that may use the warehouse, and may do nothing else."
  }

  assert {
    condition = (
      jsondecode(aws_iam_role_policy.secrets["secrets"].policy).Statement[0].Resource ==
      ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/trino-AbCdEf"]
    )
    error_message = "Secrets are named."
  }

  assert {
    condition = (
      jsondecode(aws_iam_role_policy.secrets["secrets"].policy).Statement[1].Condition.StringEquals["kms:ViaService"] ==
      "secretsmanager.eu-west-1.amazonaws.com"
    )
    error_message = "Their key is used by way of Secrets Manager alone."
  }
}

run "secrets_with_a_key_that_nobody_told" {
  command = plan

  variables {
    service_accounts = {
      secrets = {
        namespace       = "query"
        service_account = "secret-reader"
        secrets         = { arns = ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:vendor-AbCdEf"] }
      }
    }
  }

  assert {
    condition = (
      jsondecode(aws_iam_role_policy.secrets["secrets"].policy).Statement[1].Resource ==
      ["arn:aws:kms:eu-west-1:111122223333:key/*"]
    )
    error_message = "Any key of the account, still by way of Secrets Manager alone."
  }
}
