mock_provider "aws" {}

variables {
  layers = {
    bronze = "s3://acme-lake-bronze"
    gold   = "s3://acme-lake"
  }
}

run "a_database_for_each_layer" {
  command = plan

  assert {
    condition     = output.database_names == { bronze = "lakehouse_bronze", gold = "lakehouse_gold" }
    error_message = "Databases are called after their layers."
  }

  assert {
    condition     = aws_glue_catalog_database.database["gold"].location_uri == "s3://acme-lake/lakehouse_gold/"
    error_message = "Each database has a place of its own, in one bucket too."
  }
}

run "called_otherwise" {
  command = plan

  variables {
    database_prefix = "acme_prod"
  }

  assert {
    condition     = aws_glue_catalog_database.database["bronze"].name == "acme_prod_bronze"
    error_message = "Names begin as it was said."
  }
}
