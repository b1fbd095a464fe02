"""External Secrets Operator with Vault, or OpenBao."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from ipaddress import IPv4Network
from typing import Any
from urllib.parse import urlsplit

from cdktf import Fn, ITerraformDependable

from floe_infra.fields import is_token
from floe_infra.kubernetes.manifests import Manifests
from floe_infra.kubernetes.objects import (
    PYTHON_IMAGE,
    config_map,
    job,
    labels,
    pod,
    resources,
    service_account,
)
from floe_infra.kubernetes.values import checksum
from floe_infra.needs import Password, reads_by_namespace
from floe_infra.network.edges import Workload
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets import vault_layout
from floe_infra.secrets.config import VaultConfig
from floe_infra.secrets.external_secrets import STORE, ExternalSecrets, aws_provider
from floe_infra.secrets.google_external_secrets import google_provider
from floe_infra.secrets.vault_layout import WRITER

VAULT = "vault"
"""The SecretStore's name, in each namespace."""
_PROGRAM = "provision_vault.py"
_FILES, _LOGIN = "/vault", "/login"
_USER = 65532
_DEADLINE = 900
"""Seconds: the image has to be pulled, and servers may be changing their leader."""
_REQUEST_SECONDS = 120
"""For which the server may be busy, at each request."""


class VaultExternalSecrets(ExternalSecrets):
    """The operator, a job that makes what is not in Vault yet, and for each namespace a store that reads what that
    namespace may read.

    The job logs in with its own service account, as a role that can neither read nor change a value; it runs after
    every change of what is wanted. What the cloud alone keeps, such as a database's own password, is read from there.

    Attributes:
        values: the job.
    """

    values: Manifests

    @classmethod
    def workloads(cls, config: Any) -> tuple[Workload, ...]:
        """The operator's, and the job."""
        return (
            *super().workloads(config),
            Workload(WRITER, config.namespace, labels(WRITER), **cls._reaches(config)),
        )

    @classmethod
    def _reaches(cls, config: VaultConfig) -> dict[str, Any]:
        """The server, by its network where that is known."""
        cidr = config.cidr or _own_network(config.address)
        return {"networks": {cidr: (config.port,)}} if cidr else {"elsewhere": (config.port,)}

    @property
    def _layout(self) -> vault_layout.Layout:
        return vault_layout.layout(self._config, self._site.context)  # type: ignore[arg-type]

    @property
    def _address(self) -> str:
        return self._config.address  # type: ignore[attr-defined,no-any-return]

    @property
    def _ca_certificate(self) -> str | None:
        return self._config.ca_certificate  # type: ignore[attr-defined,no-any-return]

    @property
    def _vault_namespace(self) -> str | None:
        return self._config.vault_namespace  # type: ignore[attr-defined,no-any-return]

    def _make_values(self) -> list[ITerraformDependable]:
        self.values = self._site.manifests(
            self,
            "values",
            name="secret-values",
            namespace=self._config.namespace,
            manifests=self._job(),
            after=[self.operator.release, *self._serve()],
        )
        return [self.values.release]

    def _serve(self) -> list[ITerraformDependable]:
        """Servers of our own, where there are such; the job comes after them."""
        return []

    def _administration(self) -> dict[str, Any]:
        """What the job does besides making values."""
        return {
            "hint": "The server's administrator runs what the foundation's output `vault_setup` prints: "
            "terraform output -raw vault_setup, in the foundation's folder"
        }

    def _job(self) -> list[dict[str, Any]]:
        layout, ca = self._layout, self._ca_certificate
        spec = {
            "address": self._address,
            "auth_mount": layout.auth_mount,
            "role": layout.writer,
            "token_file": f"{_LOGIN}/token",
            "mount": layout.mount,
            "secrets": self._wanted(),
            "vault_namespace": self._vault_namespace,
            "ca_file": f"{_FILES}/ca.crt" if ca else None,
            "patience": _REQUEST_SECONDS,
            **self._administration(),
        }
        given = {
            _PROGRAM: files("floe_infra.secrets.programs").joinpath(_PROGRAM).read_text(encoding="utf-8"),
            "spec.json": json.dumps(spec, indent=1),
            **({"ca.crt": ca} if ca else {}),
        }
        token = {"audience": layout.audience, "expirationSeconds": 600, "path": "token"}
        container = {
            "name": WRITER,
            "image": PYTHON_IMAGE,
            "command": ["python", f"{_FILES}/{_PROGRAM}", f"{_FILES}/spec.json"],
            "volumeMounts": [
                {"name": "files", "mountPath": _FILES, "readOnly": True},
                {"name": "login", "mountPath": _LOGIN, "readOnly": True},
            ],
            "resources": resources(cpu="50m", memory="64Mi"),
        }
        volumes = [
            {"name": "files", "configMap": {"name": WRITER}},
            {"name": "login", "projected": {"sources": [{"serviceAccountToken": token}], "defaultMode": 0o440}},
        ]
        return [
            service_account(WRITER),
            config_map(WRITER, given),
            job(
                WRITER,
                spec=pod(
                    containers=[container],
                    user=_USER,
                    service_account=WRITER,
                    volumes=volumes,
                    placement=self._site.steady.values,
                ),
                deadline=_DEADLINE,
                annotations={"checksum/files": checksum(given)},
            ),
        ]

    def _wanted(self) -> dict[str, Any]:
        """By path below the mount, what each secret holds; of what is made, only how long it is."""
        start = f"{self._layout.mount}/data/"
        return {
            self._site.secrets[name].remote_key.removeprefix(start): {
                key: {"random": value.length} if isinstance(value, Password) else value
                for key, value in content.items()
            }
            for need in self._needs.values()
            for name, content in need.all_secrets.items()
        }

    @property
    def _ours(self) -> set[str]:
        """The secrets in Vault, by name; all others are the cloud's own."""
        return {name for need in self._needs.values() for name in (*need.all_secrets, *need.existing)}

    def _reads(self) -> Mapping[str, Sequence[str]]:
        """By namespace, the keys in Vault that it reads."""
        ours = self._ours
        reads = {
            namespace: [self._site.secrets[name].remote_key for name in names if name in ours]
            for namespace, names in reads_by_namespace(self._needs).items()
        }
        return {namespace: keys for namespace, keys in reads.items() if keys}

    def _providers(self, reader: IdentityRef) -> dict[str, dict[str, Any]]:
        names = reads_by_namespace(self._needs)[reader.namespace]
        stores = {self._store_of(self._site.secrets[name]) for name in names}
        cloud = aws_provider if reader.role_arn else google_provider
        return {
            **({VAULT: self._provider(reader)} if VAULT in stores else {}),
            **({STORE: cloud(self._site, reader)} if STORE in stores else {}),
        }

    def _provider(self, reader: IdentityRef) -> dict[str, Any]:
        """https://external-secrets.io/latest/provider/hashicorp-vault/#kubernetes-authentication"""
        layout, ca, namespace = self._layout, self._ca_certificate, self._vault_namespace
        return {
            "vault": {
                "server": self._address,
                **({"namespace": namespace} if namespace else {}),
                **({"caBundle": _base64(ca)} if ca else {}),
                "path": layout.mount,
                "version": "v2",
                "auth": {
                    "kubernetes": {
                        "mountPath": layout.auth_mount,
                        "role": layout.reader(reader.namespace),
                        "serviceAccountRef": {"name": reader.service_account, "audiences": [layout.audience]},
                    }
                },
            }
        }

    def _store_of(self, source: SecretRef) -> str:
        return VAULT if source.name in self._ours else STORE


def _base64(text: str) -> str:
    return Fn.base64encode(text) if is_token(text) else base64.b64encode(text.encode()).decode()


def _own_network(address: str) -> str | None:
    """Of a server that is named by its address."""
    host = "" if is_token(address) else urlsplit(address).hostname or ""
    try:
        return str(IPv4Network(host)) if host else None
    except ValueError:
        return None
