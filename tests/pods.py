"""What pods keep to: Kubernetes' Pod Security Standards, images that do not move, sizes, and no token without need.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Object = dict[str, Any]

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_HOST = ("hostNetwork", "hostPID", "hostIPC")


def template_of(each: Object) -> Object | None:
    """What a pod is made after; a pod itself."""
    template: Object | None = None
    match each["kind"]:
        case "Pod":
            template = each
        case "CronJob":
            template = each["spec"]["jobTemplate"]["spec"]["template"]
        case "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job":
            template = each["spec"]["template"]
    return template


def pod_problems(pod: Object, *, restricted: bool = True) -> Iterator[str]:
    """What a pod's `spec` does not keep to; of the standards, `baseline` at least."""
    yield from (f"uses the node's ({key})" for key in _HOST if pod.get(key))
    for volume in pod.get("volumes") or []:
        kinds = set(volume) - {"name"}
        if "hostPath" in kinds or (restricted and not kinds <= _VOLUMES):
            yield f"the volume {volume['name']} is a {', '.join(sorted(kinds))}"
    for container in [*(pod.get("initContainers") or []), *pod["containers"]]:
        problems = [
            *_baseline(container),
            *(_restricted(container, pod.get("securityContext") or {}) if restricted else ()),
            *_image(container["image"]),
            *_sizes(container.get("resources") or {}),
        ]
        yield from (f"container {container['name']}: {problem}" for problem in problems)


def _baseline(container: Object) -> Iterator[str]:
    security = container.get("securityContext") or {}
    if security.get("privileged"):
        yield "is privileged"
    if any(port.get("hostPort") for port in container.get("ports") or []):
        yield "has a port of the node's"
    if added := set(_capabilities(security, "add")) - {"NET_BIND_SERVICE"}:
        yield f"adds {', '.join(sorted(added))}"


def _restricted(container: Object, of_pod: Object) -> Iterator[str]:
    own = container.get("securityContext") or {}
    security = {**of_pod, **own}
    if security.get("runAsNonRoot") is not True or security.get("runAsUser") == 0:
        yield "may run as root (runAsNonRoot)"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges (allowPrivilegeEscalation)"
    if "ALL" not in _capabilities(own, "drop"):
        yield "keeps capabilities"
    if (security.get("seccompProfile") or {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "may make any system call (seccompProfile)"


def _capabilities(security: Object, which: str) -> list[str]:
    return (security.get("capabilities") or {}).get(which) or []


def _image(image: str) -> Iterator[str]:
    last = image.rpartition("/")[2]
    if "@" not in last and last.partition(":")[2] in ("", "latest"):
        yield f"{image} is whatever is newest"


def _sizes(resources: Object) -> Iterator[str]:
    """No limit of CPU is asked for: it slows down what a node has room for."""
    wanted = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
    absent = [f"{kind}.{resource}" for kind, resource in wanted if resource not in (resources.get(kind) or {})]
    if absent:
        yield f"has no {', '.join(absent)}"


def mounts_token(pod: Object, accounts: Mapping[str, Object]) -> bool:
    """Whether Kubernetes gives a pod a token for the API server; what a pod says comes before its account."""
    account = accounts.get(pod.get("serviceAccountName") or pod.get("serviceAccount") or "default", {})
    said = pod.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True))
    return said is not False
