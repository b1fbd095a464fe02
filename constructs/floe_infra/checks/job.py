"""The same checks in the cluster: a job that runs the same program as Dagster's pods run theirs.

Its pod has Dagster's service account, and so the cloud's identity, and Dagster's labels, and so its network policies:
no policy of its own is wanted, and what is allowed to it is what is allowed to them. Credentials come from the Secrets
that Dagster reads. One that is missing does not keep the pod from starting: the check says so, which tells more than a
pod that waits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from floe_infra.checks import program
from floe_infra.checks.program.credentials import Secret
from floe_infra.checks.program.run import Check
from floe_infra.kubernetes.objects import PYTHON_IMAGE, config_map, pod, resources, secret_env

NAME = "floe-infra-check"
_PACKAGE = "floe_checks"
_DOCUMENT = "checks.json"
_USER = 65534
_KEPT = 3600
"""Seconds for which a finished job can be looked at."""
_STARTING = 300
"""Seconds for a node to come and the image to be pulled."""

Manifest = dict[str, Any]


def manifests(
    place: Mapping[str, Any],
    document: str,
    checks: Sequence[Check],
    *,
    id: str,
    arguments: Sequence[str],
    timeout: float,
) -> list[Manifest]:
    """What `kubectl apply` takes.

    Args:
        place: what `spec.job` says.
        document: as it was deployed, `checks` being the checks in it.
        id: ends the job's name, as no job can be changed.
        arguments: for the program.
        timeout: seconds for each check.
    """
    data = {_DOCUMENT: document, **_program()}
    made = [_service_account(place), config_map(NAME, data), _job(f"{NAME}-{id}", place, checks, arguments, timeout)]
    return [_placed(each, place["namespace"]) for each in made]


def _service_account(place: Mapping[str, Any]) -> Manifest:
    """Dagster's own, which its chart makes, and takes over if it is there before it
    (https://github.com/helm/helm/pull/7649)."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": place["service_account"],
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {
                "meta.helm.sh/release-name": "floe-dagster",
                "meta.helm.sh/release-namespace": place["namespace"],
                **place["annotations"],
            },
        },
    }


def _job(
    name: str, place: Mapping[str, Any], checks: Sequence[Check], arguments: Sequence[str], timeout: float
) -> Manifest:
    container = {
        "name": NAME,
        "image": PYTHON_IMAGE,
        "command": ["python", "-m", _PACKAGE, f"{_PACKAGE}/{_DOCUMENT}", *arguments],
        "workingDir": "/program",
        "env": list(_variables(checks)),
        "volumeMounts": [{"name": "program", "mountPath": f"/program/{_PACKAGE}", "readOnly": True}],
        "resources": resources(cpu="100m", memory="128Mi"),
    }
    spec = pod(
        containers=[container],
        user=_USER,
        service_account=place["service_account"],
        volumes=[{"name": "program", "configMap": {"name": NAME}}],
        placement=place["placement"],
        restartPolicy="Never",
    )
    labels = {**place["labels"], "app.kubernetes.io/component": NAME, "app.kubernetes.io/managed-by": "floe-infra"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": _STARTING + round(2 * timeout),
            "ttlSecondsAfterFinished": _KEPT,
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _variables(checks: Sequence[Check]) -> Iterator[Manifest]:
    """Of every secret that the checks read, each once."""
    wanted = {
        entry.variable: (secret.kubernetes_name, entry.kubernetes_key)
        for check in checks
        for secret in _secrets(check.what)
        for entry in secret.entries
        if secret.kubernetes_name
    }
    for variable, (secret, key) in wanted.items():
        read = secret_env(variable, secret=secret, key=key)
        read["valueFrom"]["secretKeyRef"]["optional"] = True
        yield read


def _secrets(what: Any) -> Iterator[Secret]:
    if isinstance(what, Secret):
        yield what
    elif dataclasses.is_dataclass(what):
        for field in dataclasses.fields(what):
            yield from _secrets(getattr(what, field.name))


def _program() -> dict[str, str]:
    """The package's files."""
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(files(program).iterdir(), key=lambda file: file.name)
        if file.name.endswith(".py")
    }


def _placed(manifest: Manifest, namespace: str) -> Manifest:
    return {**manifest, "metadata": {"namespace": namespace, **manifest["metadata"]}}
