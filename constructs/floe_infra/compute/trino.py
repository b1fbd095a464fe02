"""Trino: SQL on the lakehouse's tables, and on whatever else the chart's values name as a catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.catalog.clients import trino_properties, trino_secrets
from floe_infra.compute.config import CLIENT, SHARED_SECRET, TrinoConfig
from floe_infra.context import Context
from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import POD_SECURITY, disruption_budget, resources, service_account
from floe_infra.kubernetes.placement import Placement, spread
from floe_infra.kubernetes.release import TIMEOUT
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.network.edges import Workload
from floe_infra.refs import CatalogRef, ComputeRef, LineageRef, StorageRef, TelemetryRef
from floe_infra.sizing.trino import Server, heap_size, quantity
from floe_infra.unknown import most, otherwise

NAME = "trino"
CATALOG = "iceberg"
"""What Trino calls the lakehouse's catalog."""
PORT = 8080
_USER = 1000
"""`trino` in the image."""
_COORDINATOR = {"app.kubernetes.io/instance": NAME, "app.kubernetes.io/component": "coordinator"}
_WORKERS = {"app.kubernetes.io/instance": NAME, "app.kubernetes.io/component": "worker"}
_SHARED_SECRET = {"TRINO_SHARED_SECRET": "{{ .shared_secret }}"}
_EXCHANGE_KEYS = {"EXCHANGE_ACCESS_KEY": "{{ .access_key }}", "EXCHANGE_SECRET_KEY": "{{ .secret_key }}"}

_GRACE_SECONDS = 50
"""A worker that is told to stop waits for as long until the coordinator knows, then for its tasks, then as long again
(https://trino.io/docs/current/admin/graceful-shutdown.html#shutdown-behavior)."""
_AT_ONCE = 25
"""Per cent of the workers that may be away, when nodes are emptied or Trino is changed."""


class Trino(Construct):
    """A coordinator that stays where it is, and workers that may be taken away.

    It asks nobody who they are: whoever reaches it inside the cluster may do in the tables what Trino may. The
    `values` of the chart can tell it to (`server.config.authenticationType`), which wants TLS in front of it.

    Workers fill their nodes. So a change replaces a part of them where they are, rather than waiting for room for more
    of them; and the coordinator, of which there is never more than one, goes before the next one comes. A worker's
    share of a query that outlasts its notice is lost, and with it the query, unless that is `fault_tolerant`.

    Pods start anew with another secret, since its name is another one then, and the chart sees to all else.

    Args:
        storage: where the tables are, and the bucket for intermediate results.
        catalog: where Trino finds the tables; without one, it has what the chart's `values` name.
        telemetry: where it sends traces.
        lineage: where it tells what was made of what.
        worker_nodes: where workers run; on the site's spot nodes, or steady ones, when left out.

    Attributes:
        ref: what other parts take.
        secrets: the credentials, copied.
        objects: the service account, which the chart would give a token for the API server, and the workers'
            disruption budget, which it does not have.
        release: Trino.
        ready: what queries comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: TrinoConfig,
        site: Site,
        storage: StorageRef | None,
        catalog: CatalogRef | None,
        telemetry: TelemetryRef | None = None,
        lineage: LineageRef | None = None,
        worker_nodes: Placement | None = None,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        namespace, memory = config.namespace, config.memory
        copies = _copies(config, site, storage, catalog)
        secrets = [copy.ref(namespace).name for copy in copies]
        host = f"{NAME}.{namespace}.svc.cluster.local"
        self.ref = ComputeRef(
            engine="trino",
            memory_mib=memory.server.limit_mib,
            cpu=config.coordinator_cpu if memory.coordinator_works else config.cpu,
            host=host,
            port=PORT,
            catalog=CATALOG if catalog else None,
        )
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=copies)
        self.objects = site.manifests(
            self,
            "objects",
            name=f"{NAME}-objects",
            namespace=namespace,
            manifests=_objects(config, site),
            after=after,
        )
        self.release = site.release(
            self,
            NAME,
            chart=charts.TRINO,
            namespace=namespace,
            values={
                **_pods(
                    config,
                    site,
                    worker_nodes or (site.interruptible if config.spot else site.steady),
                    site.restarting("annotations", namespace, *secrets),
                ),
                "envFrom": [{"secretRef": {"name": name}} for name in secrets],
                "server": _servers(config, site, storage),
                "additionalConfigProperties": _lines(_properties(config, telemetry)),
                "additionalExchangeManagerProperties": _lines(_exchange(config, storage, site.context)),
                # The chart's own, of generated data, are taken away.
                "catalogs": {"tpch": None, "tpcds": None, **_catalogs(config, catalog, storage)},
                "resourceGroups": _resource_groups(config),
                "eventListenerProperties": _lines(_listener(lineage, host, platform=site.context.prefix)),
            },
            user_values=config.values,
            timeout=_timeout(config),
            after=[*self.secrets, self.objects.release, *after],
        )
        self.ready = [self.release.release]

    @staticmethod
    def workloads(config: TrinoConfig) -> tuple[Workload, ...]:
        """The coordinator, which alone is asked and alone tells lineage, and the workers."""
        worker, port, parts = f"{NAME}-worker", (PORT,), ("storage", "catalog", "telemetry")
        coordinator = Workload(
            f"{NAME}-coordinator",
            config.namespace,
            _COORDINATOR,
            serves=port,
            takes=(*parts, "lineage"),
            calls={worker: port},
        )
        calls = {coordinator.name: port, worker: port}
        return coordinator, Workload(worker, config.namespace, _WORKERS, pages=port, takes=parts, calls=calls)


def _copies(
    config: TrinoConfig, site: Site, storage: StorageRef | None, catalog: CatalogRef | None
) -> list[SecretCopy]:
    """What becomes environment variables, in which Trino fills in `${ENV:…}` when it starts, or does not start."""
    copies = [SecretCopy(SHARED_SECRET, site.secrets[SHARED_SECRET], _SHARED_SECRET)]
    if catalog and storage:
        found = trino_secrets(catalog, storage, client=CLIENT)
        copies += [SecretCopy(f"{NAME}-{source.name}", source, data) for source, data in found]
    if config.fault_tolerant and storage and storage.secret:
        copies.append(SecretCopy(f"{NAME}-exchange", storage.secret, _EXCHANGE_KEYS))
    return copies


def _objects(config: TrinoConfig, site: Site) -> list[dict[str, Any]]:
    identity = site.identities.get("compute")
    account = service_account(CLIENT, identity.annotations if identity else None)
    several = config.memory.most_servers > 1
    return [account, *([disruption_budget(f"{NAME}-worker", _WORKERS, f"{_AT_ONCE}%")] if several else [])]


def _pods(config: TrinoConfig, site: Site, worker_nodes: Placement, annotations: dict[str, Any]) -> dict[str, Any]:
    memory = config.memory
    return {
        "fullnameOverride": NAME,
        "image": {"tag": config.version},
        "serviceAccount": {"create": False, "name": CLIENT},
        "securityContext": {**POD_SECURITY, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER},
        "containerSecurityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "service": {"type": "ClusterIP", "port": PORT},
        "coordinator": {
            **_server(memory.coordinator, config.coordinator_cpu, includeCoordinator=memory.coordinator_works),
            **site.steady.values,
            **annotations,
            "deployment": {"strategy": {"type": "Recreate"}},
        },
        "worker": {
            **_server(memory.worker, config.cpu),
            **worker_nodes.values,
            **annotations,
            "deployment": {
                "progressDeadlineSeconds": TIMEOUT + config.notice_seconds,
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": 0, "maxUnavailable": f"{_AT_ONCE}%"},
                },
            },
            "topologySpreadConstraints": spread(**_WORKERS),
            "gracefulShutdown": {"enabled": True, "gracePeriodSeconds": _GRACE_SECONDS},
            "terminationGracePeriodSeconds": config.notice_seconds,
        },
    }


def _timeout(config: TrinoConfig) -> int:
    """Seconds that a change may take, with a worker's notice for each part of the workers."""
    workers = config.memory.most_servers
    parts = ceil(workers / most(workers * _AT_ONCE // 100, 1))
    return TIMEOUT + parts * config.notice_seconds


def _servers(config: TrinoConfig, site: Site, storage: StorageRef | None) -> dict[str, Any]:
    exchange = storage.exchange if storage and config.fault_tolerant else None
    return {
        # Lower-case letters, digits and underscores; lineage shows it.
        "node": {"environment": site.context.prefix.replace("-", "_")},
        "workers": config.workers,
        "config": {"query": {"maxMemory": config.memory.query}},
        "autoscaling": _autoscaling(config),
        "exchangeManager": {"name": "filesystem", "baseDir": [exchange.uri]} if exchange else {},
    }


def _server(server: Server, cpu: float, **scheduler: bool) -> dict[str, Any]:
    """The memory of one server, as `floe-infra sizing` shows it."""
    return {
        "jvm": {"maxHeapSize": heap_size(server.heap_mib)},
        "config": {
            "memory": {"heapHeadroomPerNode": server.headroom},
            "query": {"maxMemoryPerNode": server.per_node},
            **({"nodeScheduler": scheduler} if scheduler else {}),
        },
        "resources": resources(cpu=f"{cpu:g}", memory=quantity(server.limit_mib)),
        # Five minutes: on a node that has just started, everything else starts at the same time.
        "startupProbe": {"periodSeconds": 2, "failureThreshold": 150},
    }


def _autoscaling(config: TrinoConfig) -> dict[str, Any]:
    """By processors alone: a JVM gives no memory back, so by memory there would only ever be more workers."""
    if not otherwise(config.max_workers, 0) > config.workers:
        return {"enabled": False}
    return {
        "enabled": True,
        "maxReplicas": config.max_workers,
        "targetCPUUtilizationPercentage": 60,
        "targetMemoryUtilizationPercentage": "",
        # One by one, and not for a short break: each takes its part of the running queries along.
        "behavior": {
            "scaleDown": {
                "stabilizationWindowSeconds": 600,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
            }
        },
    }


def _properties(config: TrinoConfig, telemetry: TelemetryRef | None) -> dict[str, str]:
    """Of all servers, besides those that the chart has values for."""
    tracing = {"tracing.enabled": "true", "otel.exporter.endpoint": telemetry.otlp_grpc} if telemetry else {}
    return {
        "internal-communication.shared-secret": "${ENV:TRINO_SHARED_SECRET}",
        # Behind whatever ends TLS, links lead back there.
        "http-server.process-forwarded": "true",
        "query.max-total-memory": config.memory.total,
        **tracing,
        **({"retry-policy": "TASK"} if config.fault_tolerant else {}),
    }


def _catalogs(config: TrinoConfig, catalog: CatalogRef | None, storage: StorageRef | None) -> dict[str, str]:
    if catalog is None or storage is None:
        return {}
    properties = trino_properties(catalog, storage, release=config.release)
    return {CATALOG: "\n".join(_lines(properties))}


def _exchange(config: TrinoConfig, storage: StorageRef | None, context: Context) -> dict[str, str]:
    """How to get at the bucket for intermediate results. What Trino puts there is encrypted with a key that lives as
    long as the query (https://trino.io/docs/current/admin/fault-tolerant-execution.html#encryption). It therefore takes
    S3 without TLS, which our buckets turn away, unless an endpoint says otherwise
    (https://github.com/trinodb/trino/issues/15253)."""
    if not config.fault_tolerant:
        return {}
    if storage is None or storage.exchange is None:
        raise LookupError("There is no bucket for intermediate results: `storage.exchange` is false.")
    prefix, domain = "exchange.s3", "amazonaws.com.cn" if context.partition == "aws-cn" else "amazonaws.com"
    keys = {
        f"{prefix}.aws-access-key": "${ENV:EXCHANGE_ACCESS_KEY}",
        f"{prefix}.aws-secret-key": "${ENV:EXCHANGE_SECRET_KEY}",
    }
    return {
        f"{prefix}.region": storage.region,
        f"{prefix}.endpoint": otherwise(storage.endpoint, f"https://s3.{storage.region}.{domain}"),
        **({f"{prefix}.path-style-access": "true"} if storage.path_style else {}),
        **(keys if storage.secret else {}),
    }


def _resource_groups(config: TrinoConfig) -> dict[str, Any]:
    if config.resource_groups is None:
        return {}
    document = json.dumps(config.resource_groups, ensure_ascii=False, indent=2)
    return {"type": "configmap", "resourceGroupsConfig": document}


def _listener(lineage: LineageRef | None, host: str, *, platform: str) -> dict[str, str]:
    """What tells OpenLineage of each query that changes something
    (https://trino.io/docs/current/admin/event-listeners-openlineage.html). Without its receiver, only lineage is lost.
    """
    if lineage is None:
        return {}
    prefix = "openlineage-event-listener"
    return {
        "event-listener.name": "openlineage",
        f"{prefix}.trino.uri": f"http://{host}:{PORT}",
        f"{prefix}.namespace": platform,
        f"{prefix}.transport.type": "HTTP",
        f"{prefix}.transport.url": lineage.url,
        f"{prefix}.transport.endpoint": lineage.path,
    }


def _lines(properties: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in properties.items()]
