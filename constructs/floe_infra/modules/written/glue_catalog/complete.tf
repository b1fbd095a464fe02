# A database for each of three layers, in buckets of their own.

provider "aws" {
  region = "eu-west-1"
}

module "s3" {
  source = "../../../s3"

  bucket_name = "acme-lake"
  layers      = ["bronze", "silver", "gold"]
}

module "glue_catalog" {
  source = "../.."

  database_prefix = "acme"
  layers          = module.s3.bucket_uris
}

output "database_names" {
  value = module.glue_catalog.database_names
}
