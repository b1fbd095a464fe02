mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/monitoring" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd" }
  }

  mock_resource "aws_db_instance" {
    defaults = { master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds" }] }
  }
}

variables {
  instance_class = "db.t3.medium"
  database_name  = "dagster"
  vpc_id         = "vpc-0a1b2c3d4e5f60718"
  subnet_ids     = ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"]
}

run "safe_by_default" {
  command = apply

  assert {
    condition     = aws_db_instance.instance.identifier == "dagster" && aws_db_instance.instance.db_name == "dagster"
    error_message = "The server is called after its database."
  }

  assert {
    condition = (
      aws_db_instance.instance.multi_az &&
      aws_db_instance.instance.storage_encrypted &&
      aws_db_instance.instance.manage_master_user_password &&
      !aws_db_instance.instance.publicly_accessible
    )
    error_message = "A standby, encrypted, nobody knows the password, private."
  }

  assert {
    condition = (
      aws_db_instance.instance.deletion_protection &&
      !aws_db_instance.instance.skip_final_snapshot &&
      aws_db_instance.instance.final_snapshot_identifier == "dagster-final"
    )
    error_message = "The server is not removed by mistake, and leaves a snapshot."
  }

  assert {
    condition     = aws_db_parameter_group.parameter_group.family == "postgres16"
    error_message = "Parameters are those of the major version."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.allowed) == 0
    error_message = "Nobody reaches it yet."
  }

  assert {
    condition     = output.secret_arn == "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds"
    error_message = "The secret is where RDS keeps it."
  }
}

run "a_minor_version_stays" {
  command = plan

  variables {
    engine_version = "17.4"
  }

  assert {
    condition = (
      !aws_db_instance.instance.auto_minor_version_upgrade &&
      aws_db_parameter_group.parameter_group.name == "dagster-postgres17"
    )
    error_message = "RDS raises no version that was named."
  }
}

run "who_may_ask" {
  command = plan

  variables {
    allowed_security_groups = { cluster = "sg-0a1b2c3d4e5f60718" }
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.allowed["cluster"].referenced_security_group_id == "sg-0a1b2c3d4e5f60718" &&
      aws_vpc_security_group_ingress_rule.allowed["cluster"].from_port == 5432
    )
    error_message = "The group reaches PostgreSQL."
  }
}

run "for_trying_things_out" {
  command = plan

  variables {
    deletion_protection  = false
    performance_insights = false
  }

  assert {
    condition     = !aws_db_instance.instance.deletion_protection && aws_db_instance.instance.skip_final_snapshot
    error_message = "The server goes at once."
  }

  assert {
    condition     = !aws_db_instance.instance.performance_insights_enabled
    error_message = "No insights."
  }
}
