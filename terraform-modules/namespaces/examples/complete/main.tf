# Namespaces of a lakehouse: what runs in them is restricted, but for a chart that is not made for it.

provider "kubernetes" {
  config_path = "~/.kube/config"
}

provider "helm" {
  kubernetes = {
    config_path = "~/.kube/config"
  }
}

module "namespaces" {
  source = "../.."

  name = "acme-prod"
  namespaces = {
    catalog = "restricted"
    query   = "restricted"
    floe    = "baseline"
  }
  quota = { pods = 50, cpu = 40, memory_gib = 160 }
}

output "names" {
  value = module.namespaces.names
}
