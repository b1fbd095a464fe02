"""Kubernetes objects of our own, safe by default: no root, no token, nothing to write to, no more than is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

POD_SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
"""What the `restricted` Pod Security Standard asks for, and a root file system that nobody writes to."""

PYTHON_IMAGE = "docker.io/library/python:3.13-slim"
"""Runs the programs that use nothing but Python's standard library."""


def labels(name: str) -> dict[str, str]:
    """The labels that select a service's pods (https://kubernetes.io/docs/reference/labels-annotations-taints/)."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "floe-infra"}


def resources(*, cpu: str, memory: str) -> dict[str, Any]:
    """Requests, and as the limit of memory the same: what is over it would be taken from others. Processors have no
    limit, as they can be shared."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def secret_env(name: str, *, secret: str, key: str) -> dict[str, Any]:
    """An environment variable from a key of a Secret."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def secrets_of(pod: Mapping[str, Any]) -> list[str]:
    """The names of the Secrets that a pod reads, by its `spec`."""
    containers = [*pod.get("initContainers", []), *pod.get("containers", [])]
    variables = [variable.get("valueFrom", {}) for each in containers for variable in each.get("env", [])]
    sources = [source for each in containers for source in each.get("envFrom", [])]
    return [
        *(volume["secret"]["secretName"] for volume in pod.get("volumes", []) if "secret" in volume),
        *(variable["secretKeyRef"]["name"] for variable in variables if "secretKeyRef" in variable),
        *(source["secretRef"]["name"] for source in sources if "secretRef" in source),
    ]


def config_map(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    """Files, or values, that are no secret."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels(name)},
        "data": dict(data),
    }


def service_account(name: str, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An account whose pods get no token for the API server."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "labels": labels(name), "annotations": dict(annotations or {})},
        "automountServiceAccountToken": False,
    }


def pod(
    *,
    containers: Sequence[Mapping[str, Any]],
    init_containers: Sequence[Mapping[str, Any]] = (),
    user: int,
    service_account: str | None = None,
    volumes: Sequence[Mapping[str, Any]] = (),
    placement: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A pod's `spec`.

    Args:
        containers: each without its `securityContext`, unless it needs another one.
        init_containers: likewise, what runs before them.
        user: the user's and group's number; never 0.
        volumes: an `emptyDir` at `/tmp` is there besides, in every container.
        placement: node selector and tolerations.
    """
    return {
        **({"serviceAccountName": service_account} if service_account else {}),
        "automountServiceAccountToken": False,
        "securityContext": {**POD_SECURITY, "runAsUser": user, "runAsGroup": user, "fsGroup": user},
        **({"initContainers": [_container(each) for each in init_containers]} if init_containers else {}),
        "containers": [_container(each) for each in containers],
        "volumes": [{"name": "tmp", "emptyDir": {}}, *volumes],
        **(placement or {}),
        **more,
    }


def _container(given: Mapping[str, Any]) -> dict[str, Any]:
    mounts = [{"name": "tmp", "mountPath": "/tmp"}, *given.get("volumeMounts", [])]
    return {"securityContext": CONTAINER_SECURITY, **given, "volumeMounts": mounts}


def job(name: str, *, spec: Mapping[str, Any], deadline: int, annotations: Mapping[str, str]) -> dict[str, Any]:
    """A Job that runs after each change of the release it belongs to, and fails the release when it fails.

    It is a hook, since a Job cannot be changed: Helm takes the last one away before it makes the next. What has failed
    stays there, for `kubectl logs`, for a day.

    Args:
        spec: of its pods; see `pod`.
        deadline: seconds after which it has failed.
        annotations: of its pods; a checksum in here makes a change of what the pods mount a change of the release.
    """
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": labels(name),
            "annotations": {
                "helm.sh/hook": "post-install,post-upgrade",
                "helm.sh/hook-delete-policy": "before-hook-creation",
            },
        },
        "spec": {
            "backoffLimit": 6,
            "activeDeadlineSeconds": deadline,
            "ttlSecondsAfterFinished": 24 * 60 * 60,
            "template": {
                "metadata": {"labels": labels(name), "annotations": dict(annotations)},
                "spec": {"restartPolicy": "Never", **spec},
            },
        },
    }


def deployment(
    name: str, *, replicas: int, spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Pods that are all the same and keep nothing.

    Args:
        spec: of the pods; see `pod`.
        annotations: of the pods; a checksum in here starts them anew when what they mount changes.
    """
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels(name)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels(name)},
            "template": {
                "metadata": {"labels": labels(name), "annotations": dict(annotations or {})},
                "spec": dict(spec),
            },
        },
    }


def service(name: str, *, port: int, protocol: str = "http") -> dict[str, Any]:
    """The address of the pods with this name, which listen on this port and speak this protocol."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": labels(name)},
        "spec": {
            "selector": labels(name),
            "ports": [{"name": protocol, "port": port, "targetPort": port, "appProtocol": protocol}],
        },
    }


def volume_claim(name: str, *, gib: int, storage_class: str | None, keep: bool) -> dict[str, Any]:
    """A disk for one pod, that can grow. The cluster's default class without `storage_class`.

    Args:
        keep: leave it where it is when its release goes (https://helm.sh/docs/howto/charts_tips_and_tricks/).
    """
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "labels": labels(name),
            "annotations": {"helm.sh/resource-policy": "keep"} if keep else {},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            **({"storageClassName": storage_class} if storage_class else {}),
            "resources": {"requests": {"storage": f"{gib}Gi"}},
        },
    }


def disruption_budget(name: str, selector: Mapping[str, str], at_once: int | str = 1) -> dict[str, Any]:
    """Nodes are emptied of so many of these pods at a time. One that is broken anyway holds nobody up.

    Args:
        at_once: pods, or a part of them such as `25%`.
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "labels": labels(name)},
        "spec": {
            "maxUnavailable": at_once,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": dict(selector)},
        },
    }
