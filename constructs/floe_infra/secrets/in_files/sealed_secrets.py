"""The Sealed Secrets controller, with files that only it can read."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Any, ClassVar

from cdktf import ITerraformDependable

from floe_infra.config.document import Document
from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import resources
from floe_infra.kubernetes.release import Release
from floe_infra.network.edges import Workload
from floe_infra.secrets.in_files.config import InFilesConfig
from floe_infra.secrets.in_files.sealed_file import CERTIFICATE, SealedFile
from floe_infra.secrets.in_files.service import SecretsInFiles
from floe_infra.secrets.in_files.wanted import Wanted

NAME = "sealed-secrets-controller"
"""What kubeseal looks for."""
_TRIES = 18
"""Each after twice the time, from 5 ms on: for ten minutes at least. By itself the controller gives up within a second,
before somebody can have brought its key, or another backend's Secret of the same name is gone
(https://github.com/bitnami/sealed-secrets/blob/main/pkg/controller/controller.go)."""


class SealedSecrets(SecretsInFiles):
    """The controller, which makes Secrets in the namespaces that read some, and in no other.

    Its key is in its namespace before it comes, so files can be sealed before there is a cluster, and outlive one. It
    makes none itself, unless it finds none.
    """

    resource: ClassVar = "bitnami.com/v1alpha1/sealedsecrets"
    composes: ClassVar = True

    @classmethod
    def workloads(cls, config: InFilesConfig) -> tuple[Workload, ...]:
        """The controller calls the API server and nobody else; it is called for metrics alone."""
        selector = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
        controller = Workload(NAME, config.namespace, selector, metrics=(8081,), api_server=True)
        return (controller, *super().workloads(config))

    def command(self, wanted: Wanted) -> str:
        """Plain values go from kubectl to kubeseal, and into no file."""
        values = [f'--from-file={key}="$VALUES/{given.name}"' for key, given in wanted.given.items()]
        make = f"kubectl create secret generic {wanted.name} -n {wanted.namespace} --dry-run=client -o yaml"
        certificate, place = (quote(str(each)) for each in (self.folder.path / CERTIFICATE, self.folder.place(wanted)))
        seal = f"kubeseal --cert {certificate} --format yaml > {place}"
        return f"{' '.join([make, *values])} | {seal}"

    def _operate(self, after: Sequence[ITerraformDependable]) -> Release:
        return self._site.release(
            self,
            NAME,
            chart=charts.SEALED_SECRETS,
            namespace=self._config.namespace,
            values=self._values(),
            user_values=self._config.values,
            after=after,
        )

    def _read(self, document: Document, checksum: str) -> SealedFile:
        return SealedFile(document, checksum)

    def _values(self) -> dict[str, Any]:
        """The chart's pods are restricted already. Its cluster-wide role, which reads and writes every Secret there is,
        gives way to one in each namespace; and nobody asks the controller for its certificate, which is in a file."""
        return {
            "fullnameOverride": NAME,
            "nameOverride": NAME,
            "keyrenewperiod": "0",
            "watchForSecrets": True,
            "maxRetries": _TRIES,
            "additionalNamespaces": [self._config.namespace, *self.namespaces],
            "rbac": {"clusterRole": False, "namespacedRoles": True, "serviceProxier": {"create": False}},
            "resources": resources(cpu="50m", memory="128Mi"),
            "metrics": {"serviceMonitor": {"enabled": False}},
            **self._site.steady.values,
        }
