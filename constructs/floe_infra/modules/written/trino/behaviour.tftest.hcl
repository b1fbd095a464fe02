mock_provider "helm" {}

variables {
  namespace     = "query"
  region        = "eu-west-1"
  shared_secret = "acme/trino-shared-secret"
  catalog = {
    type      = "rest"
    uri       = "http://polaris:8181/api/catalog"
    warehouse = "lakehouse"
    oauth2 = {
      secret = "acme/catalog-client-trino"
      scope  = "PRINCIPAL_ROLE:data_engineer"
    }
    vended_credentials = true
  }
}

run "a_rest_catalog_that_vends_credentials" {
  command = plan

  assert {
    condition = strcontains(
      jsondecode(helm_release.trino.values[0]).catalogs.iceberg,
      "iceberg.rest-catalog.vended-credentials-enabled=true",
    )
    error_message = "Credentials for the buckets come from the catalog."
  }

  assert {
    condition     = !strcontains(jsondecode(helm_release.trino.values[0]).catalogs.iceberg, "web-identity")
    error_message = "Trino's own are then not asked for."
  }

  assert {
    condition = (
      jsondecode(helm_release.secrets.values[0]).manifests[1].spec.dataFrom[0].extract.key ==
      "acme/catalog-client-trino"
    )
    error_message = "Trino's login is read from the secret manager."
  }

  assert {
    condition = alltrue([
      jsondecode(helm_release.trino.values[0]).securityContext.runAsNonRoot,
      !jsondecode(helm_release.trino.values[0]).containerSecurityContext.allowPrivilegeEscalation,
      !jsondecode(helm_release.objects.values[0]).manifests[0].automountServiceAccountToken,
    ])
    error_message = "Pods are restricted, and have no token of Kubernetes."
  }
}

run "memory" {
  command = plan

  variables {
    memory_gib             = 28
    coordinator_memory_gib = 8
    workers                = 5
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).worker.jvm.maxHeapSize == "21504M"
    error_message = "Three quarters of a worker's memory are heap."
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).worker.config.memory.heapHeadroomPerNode == "6452MB"
    error_message = "Three tenths of the heap are headroom."
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).worker.config.query.maxMemoryPerNode == "7526MB"
    error_message = "One query gets half of what is left."
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).server.config.query.maxMemory == "37630MB"
    error_message = "One query gets that of each of the five workers."
  }
}

run "a_coordinator_alone" {
  command = plan

  variables {
    workers                 = 0
    max_memory_per_node_gib = 4
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).coordinator.config.nodeScheduler.includeCoordinator
    error_message = "Without workers the coordinator does the work."
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).coordinator.config.query.maxMemoryPerNode == "4GB"
    error_message = "What one query may use there is then said of the coordinator."
  }

  assert {
    condition     = length(jsondecode(helm_release.objects.values[0]).manifests) == 1
    error_message = "A single server has no disruption budget, which would keep its node from being emptied."
  }
}

run "workers_that_scale" {
  command = plan

  variables {
    workers     = 2
    max_workers = 20
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).server.autoscaling.maxReplicas == 20
    error_message = "Their number follows the load."
  }

  assert {
    condition     = jsondecode(helm_release.objects.values[0]).manifests[1].spec.maxUnavailable == "25%"
    error_message = "Three quarters of the workers stay when nodes are emptied."
  }

  assert {
    condition     = helm_release.trino.timeout == 900 + 4 * 120
    error_message = "A change has the time that each quarter of the workers is given to stop."
  }
}

run "fault_tolerance" {
  command = plan

  variables {
    fault_tolerant = true
    exchange_uri   = "s3://acme-exchange"
  }

  assert {
    condition     = contains(jsondecode(helm_release.trino.values[0]).additionalConfigProperties, "retry-policy=TASK")
    error_message = "Lost parts of queries are repeated."
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).server.exchangeManager.baseDir == ["s3://acme-exchange"]
    error_message = "Intermediate results go to a bucket of their own."
  }
}

run "glue" {
  command = plan

  variables {
    catalog       = { type = "glue" }
    trino_version = "483"
  }

  assert {
    condition     = strcontains(jsondecode(helm_release.trino.values[0]).catalogs.iceberg, "iceberg.catalog.type=glue")
    error_message = "Tables are found in Glue."
  }

  assert {
    condition     = strcontains(jsondecode(helm_release.trino.values[0]).catalogs.iceberg, "s3.auth-type=WEB_IDENTITY")
    error_message = "Trino acts as its service account, and not as the node that it runs on."
  }

  assert {
    condition     = length(jsondecode(helm_release.secrets.values[0]).manifests) == 1
    error_message = "There is no login to copy."
  }
}

run "no_catalog" {
  command = plan

  variables {
    catalog = { type = "none" }
    values  = { catalogs = { memory = "connector.name=memory" } }
  }

  assert {
    condition     = jsondecode(helm_release.trino.values[0]).catalogs == { tpch = null, tpcds = null }
    error_message = "Generated data is no catalog."
  }

  assert {
    condition     = output.catalog == null
    error_message = "There is none to name in SQL."
  }
}
