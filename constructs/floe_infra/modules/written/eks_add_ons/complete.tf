# What a cluster of the module `eks` lacks, on nodes that nothing may interrupt.

provider "kubernetes" {
  config_path = "~/.kube/config"
}

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "eks_add_ons" {
  source = "../.."

  cluster_name        = "floe-runtime"
  region              = "eu-west-1"
  autoscaler_role_arn = "arn:aws:iam::111122223333:role/floe-runtime-kube-system.cluster-autoscaler"
  node_selector       = { node-type = "on-demand" }
}

output "storage_class" {
  value = module.eks_add_ons.storage_class
}
