mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  bucket_name = "acme-lake"
}

run "one_bucket_by_default" {
  command = apply

  assert {
    condition     = output.bucket_names == { warehouse = "acme-lake" }
    error_message = "One warehouse bucket, of the name that was given."
  }

  assert {
    condition     = aws_s3_bucket.logs.bucket == "acme-lake-logs" && length(aws_s3_bucket.exchange) == 0
    error_message = "A bucket of access logs beside it, and no other."
  }

  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.warehouse : !bucket.force_destroy])
    error_message = "A bucket that holds something stays."
  }

  assert {
    condition     = output.kms_key_arn == aws_kms_key.key[0].arn && aws_kms_key.key[0].deletion_window_in_days == 30
    error_message = "A key of its own, that is there for 30 days more."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.warehouse["warehouse"].restrict_public_buckets
    error_message = "Nothing is public."
  }
}

run "a_bucket_for_each_layer" {
  command = plan

  variables {
    layers       = ["bronze", "gold_2"]
    compute_logs = true
  }

  assert {
    condition     = output.bucket_names == { bronze = "acme-lake-bronze", gold_2 = "acme-lake-gold-2" }
    error_message = "Buckets are called after their layers, without underscores."
  }

  assert {
    condition     = output.compute_logs_bucket_name == "acme-lake-compute-logs"
    error_message = "What was asked for beside them is there."
  }
}

run "an_existing_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
  }

  assert {
    condition     = length(aws_kms_key.key) == 0 && output.kms_key_arn == var.kms_key_arn
    error_message = "No other key is made."
  }
}

run "tiering_is_a_choice" {
  command = plan

  variables {
    lifecycle_rules = { intelligent_tiering = false }
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.warehouse["warehouse"].rule : rule.id
    ] == ["tidy"]
    error_message = "Nothing is moved."
  }
}

run "data_may_be_lost_where_it_is_said" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_s3_bucket.warehouse["warehouse"].force_destroy
    error_message = "The bucket goes with all that it holds."
  }
}
