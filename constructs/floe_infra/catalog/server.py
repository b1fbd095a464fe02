"""What the catalogs that run in the cluster have in common: both charts come from one family."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from floe_infra.catalog import programs
from floe_infra.catalog.config import NessieConfig, PolarisConfig
from floe_infra.kubernetes.objects import PYTHON_IMAGE, config_map, job, pod, resources
from floe_infra.kubernetes.site import Site
from floe_infra.kubernetes.values import checksum
from floe_infra.network.edges import Workload
from floe_infra.refs import StorageRef, TelemetryRef
from floe_infra.unknown import otherwise

_NOBODY = 65534
_DEADLINE = 900
"""Seconds: the image has to be pulled, and the servers may be busy."""


def server_values(
    config: PolarisConfig | NessieConfig, *, name: str, site: Site, storage: StorageRef, telemetry: TelemetryRef | None
) -> dict[str, Any]:
    """Values that both charts take alike."""
    identity = site.identities.get("catalog")
    most = otherwise(config.max_replicas, config.replicas)
    return {
        "fullnameOverride": name,
        "replicaCount": config.replicas,
        "autoscaling": {
            "enabled": most > config.replicas,
            "minReplicas": config.replicas,
            "maxReplicas": most,
            "targetCPUUtilizationPercentage": 70,
        },
        **site.steady.values,
        "resources": resources(cpu=f"{config.cpu:g}", memory=f"{config.memory_gib}Gi"),
        "serviceAccount": {
            "create": True,
            "name": name,
            "annotations": dict(identity.annotations) if identity else {},
        },
        "extraEnv": [
            *([{"name": "AWS_REGION", "value": storage.region}] if storage.scheme == "s3" else []),
            # Per cent of the container's memory for the heap; the images' 80 leave too little of a small one.
            {"name": "JAVA_MAX_MEM_RATIO", "value": "70"},
        ],
        "tracing": {
            "enabled": telemetry is not None,
            **({"endpoint": telemetry.otlp_grpc, "attributes": {"service.name": name}} if telemetry else {}),
        },
        "serviceMonitor": {"enabled": False},
        "ingress": {"enabled": False, "tls": []},
    }


def server_workload(name: str, namespace: str, *, port: int, management_port: int) -> Workload:
    """Its pods carry both charts' selector labels."""
    return Workload(
        name,
        namespace,
        {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name},
        serves=(port,),
        metrics=(management_port,),
        takes=("storage", "database", "telemetry"),
    )


def namespaces(config: PolarisConfig | NessieConfig, storage: StorageRef) -> dict[str, str]:
    """The catalog's namespaces, by layer."""
    return {layer: config.namespaces.get(layer, layer) for layer in storage.layers}


def namespace_location(storage: StorageRef, layer: str, namespace: str) -> str:
    """Where a layer's tables go, also when all layers share one bucket."""
    return f"{storage.layers[layer].uri}/{namespace}/"


def program_job(
    name: str, *, program: str, spec: str, site: Site, credentials: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """A job that runs one of our programs with its `spec.json`, again whenever one of them has changed.

    Args:
        name: the job's and the ConfigMap's.
        program: the file in `programs`.
        credentials: by directory, the Secret whose keys `client_id` and `client_secret` lie there as files; the volumes
            are called after the directories' own names.
    """
    data = {program: files(programs).joinpath(program).read_text(encoding="utf-8"), "spec.json": spec}
    items = [{"key": key, "path": key} for key in ("client_id", "client_secret")]
    secrets = {f"credentials-{each[0].rpartition('/')[2]}": each for each in (credentials or {}).items()}
    container = {
        "name": name,
        "image": PYTHON_IMAGE,
        "command": ["python", f"/program/{program}", "/program/spec.json"],
        "volumeMounts": [
            {"name": "program", "mountPath": "/program", "readOnly": True},
            *({"name": volume, "mountPath": directory, "readOnly": True} for volume, (directory, _) in secrets.items()),
        ],
        "resources": resources(cpu="50m", memory="64Mi"),
    }
    volumes = [
        {"name": "program", "configMap": {"name": name}},
        *(
            {"name": volume, "secret": {"secretName": secret, "defaultMode": 0o440, "items": items}}
            for volume, (_, secret) in secrets.items()
        ),
    ]
    pods = pod(containers=[container], user=_NOBODY, volumes=volumes, placement=site.steady.values)
    return [
        config_map(name, data),
        job(name, spec=pods, deadline=_DEADLINE, annotations={"checksum/program": checksum(data)}),
    ]
