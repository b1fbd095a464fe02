mock_provider "helm" {}

variables {
  namespaces = ["catalog", "query"]
  edges = {
    trino-to-polaris = {
      from  = { namespace = "query", pod_labels = { app = "trino" } }
      to    = { namespace = "catalog", pod_labels = { app = "polaris" } }
      ports = [8181]
    }
    trino-to-s3 = {
      from  = { namespace = "query", pod_labels = { app = "trino" } }
      to    = { network = "internet" }
      ports = [443]
    }
    superset-to-trino = {
      from = { namespace = "superset" }
      to   = { namespace = "query", pod_labels = { app = "trino" } }
    }
  }
}

run "an_edge_is_a_policy_at_each_end" {
  command = plan

  assert {
    condition = [for policy in jsondecode(helm_release.policies["query"].values[0]).manifests : policy.metadata.name] == [
      "default-deny",
      "dns",
      "trino-to-polaris-egress",
      "trino-to-s3-egress",
      "superset-to-trino-ingress",
    ]
    error_message = "Where it comes from one for egress, where it goes to one for ingress."
  }

  assert {
    condition = [for policy in jsondecode(helm_release.policies["catalog"].values[0]).manifests : policy.metadata.name] == [
      "default-deny",
      "dns",
      "trino-to-polaris-ingress",
    ]
    error_message = "What another namespace's pods may do is not said here."
  }

  assert {
    condition = jsondecode(helm_release.policies["catalog"].values[0]).manifests[2].spec.ingress == [{
      from = [{
        namespaceSelector = { matchLabels = { "kubernetes.io/metadata.name" = "query" } }
        podSelector       = { matchLabels = { app = "trino" } }
      }]
      ports = [{ protocol = "TCP", port = 8181 }]
    }]
    error_message = "In are let the pods with these labels, in this namespace, to this port."
  }
}

run "what_no_edge_allows_is_refused" {
  command = plan

  assert {
    condition = jsondecode(helm_release.policies["query"].values[0]).manifests[0].spec == {
      podSelector = {}
      policyTypes = ["Ingress", "Egress"]
    }
    error_message = "The first policy selects all pods, and allows nothing."
  }
}

run "the_internet_is_without_private_networks" {
  command = plan

  assert {
    condition = alltrue([
      for network in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"] :
      contains(jsondecode(helm_release.policies["query"].values[0]).manifests[3].spec.egress[0].to[0].ipBlock.except, network)
    ])
    error_message = "Neither networks of ours, nor where a node's credentials are, belong to it."
  }
}

run "the_api_server_is_where_it_is_said_to_be" {
  command = plan

  variables {
    namespaces = ["query"]
    edges = {
      api-server-to-operator = {
        from  = { network = "api_server" }
        to    = { namespace = "query" }
        ports = [9443]
      }
    }
    api_server_cidrs = ["10.0.0.0/16"]
  }

  assert {
    condition = (
      jsondecode(helm_release.policies["query"].values[0]).manifests[2].spec.ingress[0].from
      == [{ ipBlock = { cidr = "10.0.0.0/16", except = [] } }]
    )
    error_message = "It is let in from its own addresses."
  }
}

run "without_edges" {
  command = plan

  variables {
    edges = {}
  }

  assert {
    condition     = length(jsondecode(helm_release.policies["catalog"].values[0]).manifests) == 2
    error_message = "Names are all that is left."
  }
}
