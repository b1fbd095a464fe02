"""How a platform's secrets lie in Vault, and who may do what there: both stacks go by it, and whoever administers a
server that is there already."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from floe_infra.context import Context
from floe_infra.grants import READER
from floe_infra.secrets.config import OpenBaoConfig, VaultConfig

WRITER = "vault-writer"
"""The job that makes values, and its service account."""
_TOKEN_SECONDS = 600
"""How long a login lasts: operator and job log in anew for each of their rounds."""


@dataclass(frozen=True)
class Layout:
    """Names of paths, policies and roles.

    A secret is at `<mount>/<path>/<name>/<generation>`: what is made anew is another secret, so that nothing that was
    ever written has to be written over, and a policy that names the secret holds for all its generations.

    Attributes:
        prefix: begins the names of policies and roles, of which each two are called the same.
        namespace: Kubernetes' one, of the job that makes values.
        mount: of the key-value engine, version 2.
        path: below which the platform's own secrets are.
        auth_mount: of the auth method that knows the cluster.
        audience: whom tokens of service accounts are made for.
    """

    prefix: str
    namespace: str
    mount: str
    path: str
    auth_mount: str
    audience: str

    @property
    def writer(self) -> str:
        """The policy and role of the job that makes values."""
        return f"{self.prefix}-writer"

    def reader(self, namespace: str) -> str:
        """The policy and role of a namespace; the dot, which no namespace holds, keeps them apart from all others."""
        return f"{self.readers}{namespace}"

    @property
    def readers(self) -> str:
        """Begins the names of all namespaces' policies and roles, and of nothing else."""
        return f"{self.prefix}."

    def key(self, name: str, generation: int) -> str:
        """Where a secret of the platform's is, as the API has it."""
        return f"{self._data}/{self.path}/{name}/{generation}"

    def existing(self, remote_name: str) -> str:
        """Where somebody else's is."""
        return f"{self._data}/{remote_name}"

    @property
    def _data(self) -> str:
        return f"{self.mount}/data"

    def may_read(self, keys: Sequence[str]) -> str:
        """The policy that lets read exactly these, and later generations of what is the platform's."""
        ours = f"{self._data}/{self.path}/"
        paths = [f"{key.rpartition('/')[0]}/+" if key.startswith(ours) else key for key in keys]
        return policy({path: ["read"] for path in paths})

    @property
    def may_write(self) -> str:
        """The policy that lets make what is not there, and see what is: values can be neither read nor replaced."""
        return policy(
            {
                f"{self._data}/{self.path}/*": ["create"],
                f"{self.mount}/metadata/{self.path}/*": ["read"],
            }
        )

    def read_role(self, namespace: str) -> dict[str, Any]:
        """The role of a namespace's reader."""
        return self._role(self.reader(namespace), namespace, READER)

    @property
    def write_role(self) -> dict[str, Any]:
        """The role of the job."""
        return self._role(self.writer, self.namespace, WRITER)

    def _role(self, policy: str, namespace: str, service_account: str) -> dict[str, Any]:
        """https://openbao.org/api-docs/auth/kubernetes/#createupdate-role"""
        return {
            "bound_service_account_names": [service_account],
            "bound_service_account_namespaces": [namespace],
            "audience": self.audience,
            "token_policies": [policy],
            "token_ttl": _TOKEN_SECONDS,
            "token_max_ttl": _TOKEN_SECONDS,
        }


def layout(config: VaultConfig | OpenBaoConfig, context: Context) -> Layout:
    """Of a platform."""
    if isinstance(config, OpenBaoConfig):
        return Layout(
            prefix=context.prefix,
            namespace=config.namespace,
            mount="secret",
            path=context.path,
            auth_mount="kubernetes",
            audience="openbao",
        )
    return Layout(
        prefix=context.prefix,
        namespace=config.namespace,
        mount=config.mount,
        path=config.path or context.path,
        auth_mount=config.auth_mount,
        audience=config.audience,
    )


def policy(paths: Mapping[str, Sequence[str]]) -> str:
    """A policy, as Vault writes it: what may be done with each path."""
    rules = [
        f"path {json.dumps(path)} {{ capabilities = {json.dumps(list(capabilities))} }}"
        for path, capabilities in paths.items()
    ]
    return "".join(f"{rule}\n" for rule in rules)


def setup(layout: Layout, reads: Mapping[str, Sequence[str]], vault_namespace: str | None) -> str:
    """What the administrator of a server runs, with Vault's command line or OpenBao's.

    Args:
        reads: by namespace, the keys of the secrets that it reads.
    """
    policies = {layout.writer: layout.may_write}
    roles = {layout.writer: layout.write_role}
    for namespace, keys in reads.items():
        policies[layout.reader(namespace)] = layout.may_read(keys)
        roles[layout.reader(namespace)] = layout.read_role(namespace)
    blocks = [
        f"# What {layout.prefix} may do: for the administrator of Vault, or of OpenBao with `bao` instead of `vault`.\n"
        f"# It can be run again. There must be key-value secrets, version 2, at {layout.mount}, and at\n"
        f"# auth/{layout.auth_mount} a method that knows the cluster.\n"
        "set -eu\n",
        *([f"export VAULT_NAMESPACE={vault_namespace}\n"] if vault_namespace else []),
        *(f"vault policy write {name} - <<'EOF'\n{text}EOF\n" for name, text in policies.items()),
        *(_write_role(layout.auth_mount, name, role) for name, role in roles.items()),
    ]
    return "".join(blocks)


def _write_role(auth_mount: str, name: str, role: Mapping[str, Any]) -> str:
    return f"vault write auth/{auth_mount}/role/{name} - <<'EOF'\n{json.dumps(role)}\nEOF\n"
