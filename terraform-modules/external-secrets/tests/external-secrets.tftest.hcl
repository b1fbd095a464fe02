mock_provider "helm" {}

variables {
  region = "eu-west-1"
  stores = {
    catalog = { role_arn = "arn:aws:iam::111122223333:role/acme-catalog-reader" }
    query   = { role_arn = "arn:aws:iam::111122223333:role/acme-query-reader" }
  }
}

run "each_namespace_reads_as_its_own_role" {
  command = plan

  assert {
    condition     = helm_release.stores["catalog"].namespace == "catalog"
    error_message = "Each namespace has a store of its own."
  }

  assert {
    condition = (
      jsondecode(helm_release.stores["query"].values[0]).manifests[0].metadata.annotations["eks.amazonaws.com/role-arn"]
      == var.stores.query.role_arn
    )
    error_message = "A namespace's service account has the namespace's role."
  }

  assert {
    condition = (
      jsondecode(helm_release.stores["query"].values[0]).manifests[1].spec.provider.aws.auth.jwt.serviceAccountRef.name
      == output.service_account
    )
    error_message = "A store reads as its namespace's service account."
  }

  assert {
    condition     = !can(jsondecode(helm_release.operator.values[0]).serviceAccount.annotations)
    error_message = "The operator itself has no role."
  }

  assert {
    condition     = output.namespaces == ["catalog", "query"]
    error_message = "Each namespace has a store."
  }
}

run "one_operator" {
  command = plan

  variables {
    replicas = 1
    stores   = {}
  }

  assert {
    condition     = !jsondecode(helm_release.operator.values[0]).leaderElect
    error_message = "One alone elects nobody."
  }

  assert {
    condition     = length(helm_release.stores) == 0
    error_message = "Without namespaces there are no stores."
  }
}

run "values_of_the_users_own" {
  command = plan

  variables {
    values = { replicaCount = 3 }
  }

  assert {
    condition     = jsondecode(helm_release.operator.values[1]) == { replicaCount = 3 }
    error_message = "Helm lays them over the module's."
  }
}
