# Terraform's stand-ins for providers know nothing ephemeral: this is the provider itself, which has nothing to ask AWS
# as long as no password is generated.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "111122223333" }
}

variables {
  name    = "acme-prod"
  secrets = { vendor = { values = { user = "acme" }, generation = 3 } }
}

run "kept" {
  command = plan

  assert {
    condition     = aws_secretsmanager_secret.secret["vendor"].name == "acme-prod/vendor"
    error_message = "Names begin with the platform's."
  }

  assert {
    condition = (
      aws_secretsmanager_secret.secret["vendor"].recovery_window_in_days == 30 &&
      aws_kms_key.key[0].deletion_window_in_days == 30 &&
      aws_kms_key.key[0].enable_key_rotation
    )
    error_message = "What was removed can be had back; secrets have a key of their own."
  }

  assert {
    condition = (
      aws_secretsmanager_secret_version.value["vendor"].secret_string_wo_version == 3 &&
      aws_secretsmanager_secret_version.value["vendor"].secret_string_wo == null
    )
    error_message = "The state knows how often a value was written, and not the value."
  }
}

run "disposable" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_secretsmanager_secret.secret["vendor"].recovery_window_in_days == 0
    error_message = "Nothing is left."
  }
}

run "another_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/5678abcd"
  }

  assert {
    condition = (
      length(aws_kms_key.key) == 0 &&
      aws_secretsmanager_secret.secret["vendor"].kms_key_id == "arn:aws:kms:eu-west-1:111122223333:key/5678abcd"
    )
    error_message = "A key that is there already is used."
  }
}
