"""Jaeger: one program that takes traces in, keeps them and shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.persistent_volume_claim_v1 import (
    PersistentVolumeClaimV1,
    PersistentVolumeClaimV1Metadata,
    PersistentVolumeClaimV1Spec,
    PersistentVolumeClaimV1SpecResources,
)
from constructs import Construct

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import (
    CONTAINER_SECURITY,
    POD_SECURITY,
    disruption_budget,
    labels,
    resources,
    secret_env,
)
from floe_infra.kubernetes.placement import spread
from floe_infra.kubernetes.site import SecretCopy, Site
from floe_infra.kubernetes.values import checksum
from floe_infra.network.edges import Workload
from floe_infra.observability.config import (
    TRACES_SECRET,
    BadgerStorage,
    ElasticsearchStorage,
    JaegerConfig,
    MemoryStorage,
)
from floe_infra.refs import TracesRef

NAME = "jaeger"
_VERSION = "2.19.0"
_USER = 10001
"""In the image."""
_STORE = "main"
_VOLUME = "traces"
_DIRECTORY = "/badger"
_POD_SECURITY = {
    **POD_SECURITY,
    "runAsUser": _USER,
    "runAsGroup": _USER,
    "fsGroup": _USER,
    # Else every file of the volume is looked at whenever a pod starts.
    "fsGroupChangePolicy": "OnRootMismatch",
}


class Jaeger(Construct):
    """Jaeger, and what keeps its traces where that is Jaeger's own.

    Attributes:
        ref: where traces go, and where they are looked at.
        secrets: the login to a storage that is not Jaeger's own, copied.
        volume: the claim of the volume with the traces, or None.
        release: Jaeger.
        disruption_budget: of several copies, or None.
        ready: what sends comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: JaegerConfig,
        site: Site,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        namespace, storage = config.namespace, config.storage
        copy = SecretCopy(TRACES_SECRET, site.secrets[TRACES_SECRET]) if config.secrets else None
        self.secrets = site.copy_secrets(self, "secrets", namespace=namespace, secrets=[copy]) if copy else []
        self.volume = _volume(self, storage, site, namespace) if isinstance(storage, BadgerStorage) else None
        login = _login(copy.ref(namespace).name) if copy else []
        checksums = site.restarts(namespace, copy.ref(namespace).name) if copy else {}
        self.release = site.release(
            self,
            NAME,
            chart=charts.JAEGER,
            namespace=namespace,
            values=_values(config, site, login, checksums),
            user_values=config.values,
            after=[*self.secrets, *([self.volume] if self.volume else []), *after],
        )
        self.disruption_budget = (
            site.manifests(
                self,
                "disruption_budget",
                name=f"{NAME}-disruption-budget",
                namespace=namespace,
                manifests=[disruption_budget(NAME, _SELECTOR)],
                after=after,
            )
            if config.replicas > 1
            else None
        )
        host = f"{NAME}.{namespace}.svc.cluster.local"
        self.ref = TracesRef(otlp_grpc=f"{host}:4317", ui=f"http://{host}:16686")
        self.ready = [self.release.release]

    @staticmethod
    def workloads(config: JaegerConfig) -> tuple[Workload, ...]:
        """Jaeger, and the job that removes old indices."""
        ports = _ports(config.storage.server_urls) if isinstance(config.storage, ElasticsearchStorage) else ()
        jaeger = Workload(
            NAME,
            config.namespace,
            {"app.kubernetes.io/name": NAME, **_SELECTOR},
            serves=(4317,),
            pages=(16686,),
            metrics=(8888,),
            elsewhere=ports,
        )
        if not ports:
            return (jaeger,)
        old = {**_SELECTOR, "app.kubernetes.io/component": _CLEANER}
        return jaeger, Workload(f"{NAME}-{_CLEANER}", config.namespace, old, elsewhere=ports)


_CLEANER = "es-index-cleaner"
_SELECTOR = {"app.kubernetes.io/instance": NAME, "app.kubernetes.io/component": "all-in-one"}


def _volume(scope: Construct, storage: BadgerStorage, site: Site, namespace: str) -> PersistentVolumeClaimV1:
    """A claim is bound when its pod is there. Helm would wait for that before it went on to the pod."""
    return PersistentVolumeClaimV1(
        scope,
        "volume",
        metadata=PersistentVolumeClaimV1Metadata(name=f"{NAME}-{_VOLUME}", namespace=namespace, labels=labels(NAME)),
        spec=PersistentVolumeClaimV1Spec(
            access_modes=["ReadWriteOnce"],
            storage_class_name=site.storage_class,
            resources=PersistentVolumeClaimV1SpecResources(requests={"storage": f"{storage.size_gib}Gi"}),
        ),
        wait_until_bound=False,
        depends_on=site.before(namespace),
    )


def _login(secret: str) -> list[dict[str, Any]]:
    return [
        secret_env("ES_USERNAME", secret=secret, key="username"),
        secret_env("ES_PASSWORD", secret=secret, key="password"),
    ]


def _values(config: JaegerConfig, site: Site, login: list[dict[str, Any]], checksums: dict[str, str]) -> dict[str, Any]:
    configuration = _configuration(config, prefix=site.context.prefix)
    on_disk = isinstance(config.storage, BadgerStorage)
    volumes = [{"name": "tmp", "emptyDir": {}}]
    mounts = [{"name": "tmp", "mountPath": "/tmp"}]
    if on_disk:
        volumes.append({"name": _VOLUME, "persistentVolumeClaim": {"claimName": f"{NAME}-{_VOLUME}"}})
        mounts.append({"name": _VOLUME, "mountPath": _DIRECTORY})
    shared = isinstance(config.storage, ElasticsearchStorage)
    return {
        "fullnameOverride": NAME,
        "jaeger": {
            "image": {"tag": _VERSION},
            "replicas": config.replicas,
            "strategy": {"type": "RollingUpdate" if shared else "Recreate"},
            # The chart does not start pods anew when their configuration changes.
            "podLabels": {
                "floe-infra/configuration": checksum(configuration, config.values.get("userconfig")),
                **checksums,
            },
            "extraEnv": [{"name": "GOMEMLIMIT", "value": f"{config.memory_mib * 4 // 5}MiB"}, *login],
            "extraVolumes": volumes,
            "extraVolumeMounts": mounts,
            "resources": resources(cpu=f"{config.cpu:g}", memory=f"{config.memory_mib}Mi"),
            "serviceAccount": {"automountServiceAccountToken": False},
            "podSecurityContext": _POD_SECURITY,
            "securityContext": CONTAINER_SECURITY,
            "topologySpreadConstraints": spread(**_SELECTOR),
            **site.steady.values,
        },
        "userconfig": configuration,
        **(_cleaner(config.storage, site, login) if isinstance(config.storage, ElasticsearchStorage) else {}),
    }


def _configuration(config: JaegerConfig, *, prefix: str) -> dict[str, Any]:
    """All of it, as it takes the place of the image's own (https://www.jaegertracing.io/docs/latest/configuration/).
    The chart's probes ask `healthcheckv2`."""
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": ["jaeger_storage_exporter"],
                }
            },
            "telemetry": {
                "resource": {"service.name": NAME},
                "metrics": {"readers": [{"pull": {"exporter": {"prometheus": {"host": "0.0.0.0", "port": 8888}}}}]},
            },
        },
        "extensions": {
            "healthcheckv2": {"use_v2": True, "http": {"endpoint": "0.0.0.0:13133"}},
            "jaeger_query": {
                "storage": {"traces": _STORE},
                "http": {"endpoint": "0.0.0.0:16686"},
                "grpc": {"endpoint": "0.0.0.0:16685"},
            },
            "jaeger_storage": {"backends": {_STORE: _backend(config, prefix=prefix)}},
        },
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}}
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 90, "spike_limit_percentage": 10},
            "batch": {},
        },
        "exporters": {"jaeger_storage_exporter": {"trace_storage": _STORE}},
    }


def _ports(urls: Sequence[str]) -> tuple[int, ...]:
    """The servers', in URLs' words or those of their scheme."""
    split = [urlsplit(url) for url in urls]
    return tuple(dict.fromkeys(url.port or (443 if url.scheme == "https" else 80) for url in split))


def _backend(config: JaegerConfig, *, prefix: str) -> dict[str, Any]:
    storage = config.storage
    if isinstance(storage, MemoryStorage):
        return {"memory": {"max_traces": storage.max_traces}}
    if isinstance(storage, BadgerStorage):
        return {
            "badger": {
                "ephemeral": False,
                "directories": {"keys": f"{_DIRECTORY}/keys", "values": f"{_DIRECTORY}/values"},
                "ttl": {"spans": f"{storage.days * 24}h"},
            }
        }
    login = {"auth": {"basic": {"username": "${env:ES_USERNAME}", "password": "${env:ES_PASSWORD}"}}}
    return {
        storage.kind: {
            "server_urls": storage.server_urls,
            **(login if storage.secret is not None else {}),
            "indices": {"index_prefix": prefix if storage.index_prefix is None else storage.index_prefix},
            "max_span_age": f"{storage.days * 24}h",
        }
    }


def _cleaner(storage: ElasticsearchStorage, site: Site, login: list[dict[str, Any]]) -> dict[str, Any]:
    """The job that removes old indices; Jaeger itself only stops to look into them."""
    prefix = site.context.prefix if storage.index_prefix is None else storage.index_prefix
    return {
        "storage": {"elasticsearch": {"url": storage.server_urls[0]}},
        "esIndexCleaner": {
            "enabled": True,
            "image": {"tag": _VERSION},
            "numberOfDays": storage.days,
            "extraEnv": [{"name": "INDEX_PREFIX", "value": prefix}, *login],
            "resources": resources(cpu="50m", memory="64Mi"),
            "podSecurityContext": {**POD_SECURITY, "runAsUser": _USER},
            "securityContext": {**CONTAINER_SECURITY, "runAsUser": _USER},
            **site.steady.values,
        },
    }
