"""The SOPS operator, with files that it can decrypt by a key of the cloud's or one of age's."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from shlex import quote
from typing import Any, ClassVar

from cdktf import ITerraformDependable

from floe_infra.config.document import Document
from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import CONTAINER_SECURITY, resources, service_account
from floe_infra.kubernetes.release import Release
from floe_infra.network.edges import Workload
from floe_infra.secrets.in_files.config import InFilesConfig, SopsConfig
from floe_infra.secrets.in_files.service import SecretsInFiles
from floe_infra.secrets.in_files.sops_file import SopsFile, encrypt
from floe_infra.secrets.in_files.wanted import REFERENCE, Given, Wanted

NAME = "sops-secrets-operator"
_KEYS = "/etc/sops-age"
_GROUP = "isindir.github.com"
_TOKEN = {"automountServiceAccountToken": True}
"""The chart's pods say nothing of it themselves."""
_RBAC = "rbac.authorization.k8s.io"


class Sops(SecretsInFiles):
    """The operator. It sees SopsSecrets and Secrets everywhere, as it knows no list of namespaces, and writes Secrets
    only in those that read some.

    Attributes:
        access: its account and what that may do.
    """

    resource: ClassVar = f"{_GROUP}/v1alpha3/sopssecrets"
    composes: ClassVar = False
    as_typed: ClassVar = r"sed 's/[\\\"]/\\&/g'"
    _config: SopsConfig

    @classmethod
    def workloads(cls, config: InFilesConfig) -> tuple[Workload, ...]:
        """The operator calls the API server, and the cloud's keys if it has one there."""
        assert isinstance(config, SopsConfig)
        selector = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
        operator = Workload(
            NAME, config.namespace, selector, metrics=(8080,), api_server=True, cloud=config.kms is not None
        )
        return (operator, *super().workloads(config))

    def command(self, wanted: Wanted) -> str:
        """Plain values go from their files to sops, and into no other file."""
        place = quote(str(self.folder.place(wanted)))
        options = f"--filename-override {place} --input-type json --output-type yaml"
        return f"printf %s '{_plain(wanted)}' | {encrypt(self._config)} {options} > {place}"

    def _operate(self, after: Sequence[ITerraformDependable]) -> Release:
        config, site = self._config, self._site
        identity = site.identities.get("secrets")
        self.access = site.manifests(
            self,
            "access",
            name=f"{NAME}-access",
            namespace=config.namespace,
            manifests=[
                {**service_account(NAME, identity.annotations if identity else {}), **_TOKEN},
                *self._permissions(),
            ],
            after=after,
        )
        return site.release(
            self,
            NAME,
            chart=charts.SOPS_SECRETS_OPERATOR,
            namespace=config.namespace,
            values=self._values(),
            user_values=config.values,
            after=[self.access.release],
        )

    def _read(self, document: Document, checksum: str) -> SopsFile:
        return SopsFile(document, checksum, config=self._config)

    def _permissions(self) -> list[dict[str, Any]]:
        """The chart's own lets the operator do anything with every Secret, ConfigMap and lease of the cluster."""
        watch = ["get", "list", "watch"]
        return [
            _role(
                "ClusterRole",
                NAME,
                _rule(_GROUP, "sopssecrets", *watch),
                _rule(_GROUP, "sopssecrets/status", "get", "update", "patch"),
                _rule(_GROUP, "sopssecrets/finalizers", "update"),
                _rule("", "secrets", *watch),
            ),
            _binding("ClusterRoleBinding", NAME, self._config.namespace),
            _role(
                "Role",
                NAME,
                _rule("coordination.k8s.io", "leases", "get", "create", "update"),
                _rule("", "events", "create", "patch"),
                _rule("events.k8s.io", "events", "create", "patch"),
                namespace=self._config.namespace,
            ),
            _binding("RoleBinding", NAME, self._config.namespace, namespace=self._config.namespace),
            *(
                manifest
                for namespace in self.namespaces
                for manifest in (
                    _role(
                        "Role",
                        f"{NAME}-writer",
                        _rule("", "secrets", "create", "update", "patch", "delete"),
                        namespace=namespace,
                    ),
                    _binding("RoleBinding", f"{NAME}-writer", self._config.namespace, namespace=namespace),
                )
            ),
        ]

    def _values(self) -> dict[str, Any]:
        config = self._config
        age = {
            "secretsAsFiles": [{"name": "age", "mountPath": _KEYS, "secretName": config.age_secret}],
            "extraEnv": [{"name": "SOPS_AGE_KEY_FILE", "value": f"{_KEYS}/keys.txt"}],
        }
        return {
            "fullnameOverride": NAME,
            "nameOverride": NAME,
            "image": {"pullPolicy": "IfNotPresent"},
            "serviceAccount": {"enabled": True, "name": NAME},
            "rbac": {"enabled": False},
            "requeueAfter": 1,
            "resources": resources(cpu="50m", memory="128Mi"),
            "securityContext": {
                "enabled": True,
                "container": {"enabled": True, "customContainerSecurityContext": CONTAINER_SECURITY},
            },
            **({} if config.kms else age),
            **self._site.steady.values,
        }


def _plain(wanted: Wanted) -> str:
    """The file before it is encrypted, as JSON within a shell's single quotes, which it leaves for each value. What has
    quotes or backslashes of its own is to be put in as JSON writes it."""

    def value(given: Given) -> str:
        if given.text is None:
            return f"@{{{given.name}}}"
        return REFERENCE.sub(lambda it: f"@{{{given.source}.{it[1]}}}".join('""' if it[2] else ["", ""]), given.text)

    document = {
        "apiVersion": SopsFile.api_version,
        "kind": SopsFile.kind,
        "metadata": {"name": wanted.name, "namespace": wanted.namespace},
        "spec": {
            "secretTemplates": [
                {"name": wanted.name, "stringData": {key: value(given) for key, given in wanted.given.items()}}
            ]
        },
    }
    text = json.dumps(document).replace("'", r"'\''")
    return re.sub(r"@\{([\w.-]+)\}", r"""'"$(cat "$VALUES/\1")"'""", text)


def _rule(group: str, resource: str, *verbs: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}


def _role(kind: str, name: str, *rules: dict[str, Any], namespace: str | None = None) -> dict[str, Any]:
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": _metadata(name, namespace), "rules": list(rules)}


def _binding(kind: str, name: str, operator: str, *, namespace: str | None = None) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": _metadata(name, namespace),
        "roleRef": {"apiGroup": _RBAC, "kind": kind.removesuffix("Binding"), "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": operator}],
    }


def _metadata(name: str, namespace: str | None) -> dict[str, str]:
    return {"name": name, **({"namespace": namespace} if namespace else {})}
