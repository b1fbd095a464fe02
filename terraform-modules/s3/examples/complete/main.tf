# A warehouse of three layers, with everything that the module can make beside it.

provider "aws" {
  region = "eu-west-1"
}

module "s3" {
  source = "../.."

  bucket_name     = "acme-lake"
  layers          = ["bronze", "silver", "gold"]
  preaggregations = true
  exchange        = true
  compute_logs    = true

  lifecycle_rules = {
    noncurrent_versions_days = 14
    intelligent_tiering      = false
  }
}

output "bucket_uris" {
  value = module.s3.bucket_uris
}
