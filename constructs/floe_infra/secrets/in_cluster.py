"""External Secrets Operator without a cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdktf import ITerraformDependable

from floe_infra.kubernetes.manifests import Manifests
from floe_infra.kubernetes.objects import labels
from floe_infra.needs import Password, reads_by_namespace
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets.external_secrets import ExternalSecrets
from floe_infra.terraform import keep


class InClusterSecrets(ExternalSecrets):
    """The operator, the values that it makes, and for each namespace a store that reads what that namespace may read.

    Values are made once, in the operator's own namespace, and stay: neither Terraform nor Helm knows them, and nothing
    that is changed here makes them anew but a raised generation. A namespace's `secret-reader` may get exactly the
    Secrets that it needs from there, by name.

    Attributes:
        values: the Secrets' recipes; None where none is wanted.
    """

    in_cloud = False
    values: Manifests | None = None

    def _make_values(self) -> list[ITerraformDependable]:
        wanted = {name: content for need in self._needs.values() for name, content in need.all_secrets.items()}
        if not wanted:
            return []
        lengths = {each.length for content in wanted.values() for each in _made(content).values()}
        self.values = self._site.manifests(
            self,
            "values",
            name="secret-values",
            namespace=self._config.namespace,
            manifests=[
                *(_generator(length) for length in sorted(lengths)),
                *(_secret(self._site.secrets[name], content) for name, content in wanted.items()),
            ],
            after=[self.operator.release],
        )
        keep(self.values.release, self._site.context)
        return [self.values.release]

    def _provider(self, reader: IdentityRef) -> dict[str, Any]:
        """The cluster's own API server; every namespace has its certificate
        (https://external-secrets.io/latest/provider/kubernetes/)."""
        return {
            "kubernetes": {
                "remoteNamespace": self._config.namespace,
                "server": {"caProvider": {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"}},
                "auth": {"serviceAccount": {"name": reader.service_account}},
            }
        }

    def _permissions(self, reader: IdentityRef) -> list[dict[str, Any]]:
        names = reads_by_namespace(self._needs)[reader.namespace]
        metadata = {
            "name": f"secret-reader-{reader.namespace}",
            "namespace": self._config.namespace,
            "labels": labels("secret-reader"),
        }
        return [
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": metadata,
                "rules": [
                    {
                        "apiGroups": [""],
                        "resources": ["secrets"],
                        "resourceNames": [self._site.secrets[name].remote_key for name in names],
                        "verbs": ["get"],
                    }
                ],
            },
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": metadata["name"]},
                "subjects": [{"kind": "ServiceAccount", "name": reader.service_account, "namespace": reader.namespace}],
            },
        ]


def _made(content: Mapping[str, str | Password]) -> dict[str, Password]:
    return {key: value for key, value in content.items() if isinstance(value, Password)}


def _generator(length: int) -> dict[str, Any]:
    """Makes another value each time it is asked (https://external-secrets.io/latest/api/generator/password/)."""
    return {
        "apiVersion": "generators.external-secrets.io/v1alpha1",
        "kind": "Password",
        "metadata": {"name": _generator_name(length)},
        "spec": {"length": length, "digits": length // 4, "symbols": 0, "noUpper": False, "allowRepeat": True},
    }


def _generator_name(length: int) -> str:
    return f"letters-and-digits-{length}"


def _secret(ref: SecretRef, content: Mapping[str, str | Password]) -> dict[str, Any]:
    """Immutable: the operator, which would make new values for a Secret that somebody has edited, or after its own
    records were lost, leaves it as it is."""
    known = {key: _as_template(value) for key, value in content.items() if isinstance(value, str)}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": ref.remote_key},
        "spec": {
            "refreshPolicy": "CreatedOnce",
            "refreshInterval": "0s",
            "target": {
                "name": ref.remote_key,
                "creationPolicy": "Owner",
                "immutable": True,
                "template": {"engineVersion": "v2", "mergePolicy": "Merge", "data": known},
            },
            "dataFrom": [_generated(key, password) for key, password in _made(content).items()],
        },
    }


def _generated(key: str, password: Password) -> dict[str, Any]:
    """Under this key; the generator calls it `password`."""
    return {
        "sourceRef": {
            "generatorRef": {
                "apiVersion": "generators.external-secrets.io/v1alpha1",
                "kind": "Password",
                "name": _generator_name(password.length),
            }
        },
        "rewrite": [{"regexp": {"source": "^password$", "target": key}}],
    }


def _as_template(text: str) -> str:
    """That comes out of Go's templates as it went in."""
    return text.replace("{{", "{{ `{{` }}")
