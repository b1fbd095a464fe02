mock_provider "helm" {}

mock_provider "kubernetes" {}

variables {
  name       = "acme-prod"
  namespaces = { catalog = "restricted", floe = "baseline" }
}

run "pods_are_held_to_a_standard" {
  command = plan

  assert {
    condition = (
      kubernetes_namespace_v1.namespace["catalog"].metadata[0].labels["pod-security.kubernetes.io/enforce"] == "restricted" &&
      kubernetes_namespace_v1.namespace["floe"].metadata[0].labels["pod-security.kubernetes.io/enforce"] == "baseline"
    )
    error_message = "What a namespace's pods must not do is enforced."
  }

  assert {
    condition = (
      kubernetes_namespace_v1.namespace["floe"].metadata[0].labels["pod-security.kubernetes.io/warn"] == "restricted"
    )
    error_message = "What falls short of the strictest standard is warned of."
  }

  assert {
    condition = jsondecode(helm_release.limits["catalog"].values[0]).manifests[*].kind == [
      "LimitRange", "ResourceQuota",
    ]
    error_message = "A container that names no size gets a small one, and there is an end to what all may have."
  }
}

run "a_smaller_quota" {
  command = plan

  variables {
    quota = { pods = 10 }
  }

  assert {
    condition = jsondecode(helm_release.limits["catalog"].values[0]).manifests[1].spec.hard == {
      pods              = "10"
      "requests.cpu"    = "400"
      "requests.memory" = "1600Gi"
    }
    error_message = "A mistake in one namespace takes no more than this of the cluster."
  }
}

run "no_quota" {
  command = plan

  variables {
    quota = null
  }

  assert {
    condition     = jsondecode(helm_release.limits["catalog"].values[0]).manifests[*].kind == ["LimitRange"]
    error_message = "There may be no end."
  }
}
