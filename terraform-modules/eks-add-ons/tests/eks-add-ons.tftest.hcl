mock_provider "helm" {}

mock_provider "kubernetes" {}

variables {
  cluster_name        = "floe-runtime"
  region              = "eu-west-1"
  autoscaler_role_arn = "arn:aws:iam::111122223333:role/floe-runtime-kube-system.cluster-autoscaler"
}

run "volumes" {
  command = plan

  assert {
    condition = (
      kubernetes_storage_class_v1.storage_class.parameters.encrypted == "true" &&
      kubernetes_storage_class_v1.storage_class.volume_binding_mode == "WaitForFirstConsumer"
    )
    error_message = "Volumes are encrypted, and made in the zone of the pod that claims them."
  }
}

run "autoscaler" {
  command = plan

  variables {
    kubernetes_version = "1.34"
    node_selector      = { node-type = "on-demand" }
  }

  assert {
    condition     = jsondecode(helm_release.cluster_autoscaler.values[0]).image.tag == "v1.34.0"
    error_message = "The autoscaler follows the cluster's version."
  }

  assert {
    condition = (
      jsondecode(helm_release.cluster_autoscaler.values[0]).rbac.serviceAccount.annotations["eks.amazonaws.com/role-arn"] ==
      "arn:aws:iam::111122223333:role/floe-runtime-kube-system.cluster-autoscaler"
    )
    error_message = "It acts as the role that may change the node groups' sizes."
  }

  assert {
    condition     = jsondecode(helm_release.cluster_autoscaler.values[0]).nodeSelector == { node-type = "on-demand" }
    error_message = "It runs where it is not interrupted."
  }
}
