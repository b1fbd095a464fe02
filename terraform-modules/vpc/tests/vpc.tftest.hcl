mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/flow-logs" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:flow-logs" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd" }
  }
}

run "three_zones_by_default" {
  command = apply

  assert {
    condition     = length(output.private_subnet_ids) == 3 && length(output.public_subnet_ids) == 3
    error_message = "A private and a public subnet in each zone."
  }

  assert {
    condition = [for subnet in aws_subnet.private : subnet.cidr_block] == [
      "10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18",
    ]
    error_message = "Each private subnet is a quarter of the network."
  }

  assert {
    condition     = [for subnet in aws_subnet.public : subnet.availability_zone] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    error_message = "Each subnet is in a zone of its own."
  }

  assert {
    condition     = [for route in aws_route.private_route : route.nat_gateway_id] == aws_nat_gateway.nat[*].id
    error_message = "Each zone goes out through its own NAT gateway."
  }

  assert {
    condition     = length(aws_vpc_endpoint.s3_endpoint.route_table_ids) == 4
    error_message = "All subnets reach S3 without the internet."
  }
}

run "one_gateway_for_all" {
  command = apply

  variables {
    zones = 2
    nat   = "single"
  }

  assert {
    condition = (
      length(aws_nat_gateway.nat) == 1 &&
      alltrue([for route in aws_route.private_route : route.nat_gateway_id == aws_nat_gateway.nat[0].id])
    )
    error_message = "Both zones go out through the same NAT gateway."
  }
}

run "subnets_of_ones_own" {
  command = plan

  variables {
    zones = 2
    subnets = {
      private = ["10.0.0.0/20", "10.0.16.0/20"]
      public  = ["10.0.32.0/24", "10.0.33.0/24"]
    }
  }

  assert {
    condition     = aws_subnet.public[*].cidr_block == ["10.0.32.0/24", "10.0.33.0/24"]
    error_message = "The subnets are those that were given."
  }
}

run "too_few_zones" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a"] }
  }

  expect_failures = [data.aws_availability_zones.available]
}
