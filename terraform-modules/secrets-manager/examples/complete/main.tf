# Logins that are made here, and a password that is made anew.

provider "aws" {
  region = "eu-west-1"
}

module "secrets_manager" {
  source = "../.."

  name = "acme-lake"

  secrets = {
    database-marquez = {
      values   = { username = "marquez", database = "marquez" }
      generate = { password = 40 }
    }
    cube = {
      generate   = { api_secret = 40, sql_password = 24 }
      generation = 2
    }
  }
}

output "secret_arns" {
  value = module.secrets_manager.secret_arns
}
