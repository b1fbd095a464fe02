"""Vault, or OpenBao: names for what the services stack makes there, and what the cloud has to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constructs import Construct

from floe_infra.context import Context
from floe_infra.model import load
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import IdentityRef, SealRef, SecretRef
from floe_infra.secrets import vault_layout
from floe_infra.secrets.config import OpenBaoConfig, VaultConfig


class _Vault(Construct):
    """Decides where secrets are. They are made where the server can be reached: see `VaultExternalSecrets`.

    A secret that the cloud makes for itself, such as a database's own password, stays in the cloud's secret manager,
    and is read there.
    """

    def __init__(self, scope: Construct, id: str, *, config: VaultConfig | OpenBaoConfig, context: Context) -> None:
        super().__init__(scope, id)
        self._generations, self._context = config.generations, context
        self._layout = vault_layout.layout(config, context)
        self._ours: set[str] = set()
        self._reads: dict[str, list[str]] = {}

    def make(self, name: str, content: Mapping[str, str | Password]) -> SecretRef:
        """A secret to make."""
        self._ours.add(name)
        generation = self._generations.get(name, 1)
        key = self._layout.key(name, generation)
        return SecretRef(name=name, remote_key=key, keys=tuple(content), generation=generation)

    def find(self, name: str, existing: ExistingSecret) -> SecretRef:
        """A secret that somebody else keeps, below the same mount."""
        self._ours.add(name)
        return SecretRef(name=name, remote_key=self._layout.existing(existing.remote_name), keys=existing.keys)

    def in_cloud(self, secrets: Sequence[SecretRef]) -> bool:
        """Whether the cloud made any of these for itself."""
        return any(secret.name not in self._ours for secret in secrets)

    def grant_read(self, identity: IdentityRef, secrets: Sequence[SecretRef]) -> None:
        """Policies of Vault's let the namespace's account read what is there; the cloud's own, what is in the cloud."""
        self._reads[identity.namespace] = [secret.remote_key for secret in secrets if secret.name in self._ours]
        if theirs := [secret for secret in secrets if secret.name not in self._ours]:
            load(f"{_on_cloud(identity)}:let_read")(self, identity, theirs, self._context)


class VaultSecrets(_Vault):
    """Secrets in a server that is there already.

    Attributes:
        setup: what its administrator runs.
    """

    def __init__(self, scope: Construct, id: str, *, config: VaultConfig, context: Context) -> None:
        super().__init__(scope, id, config=config, context=context)
        self._vault_namespace = config.vault_namespace

    @property
    def setup(self) -> str:
        """Once it is known who reads what."""
        reads = {namespace: keys for namespace, keys in self._reads.items() if keys}
        return vault_layout.setup(self._layout, reads, self._vault_namespace)


class OpenBaoSecrets(_Vault):
    """Secrets in servers of our own, and the cloud's key that unseals them.

    Attributes:
        seal: the key; None before somebody may use it.
    """

    seal: SealRef | None = None

    def __init__(self, scope: Construct, id: str, *, config: OpenBaoConfig, context: Context) -> None:
        super().__init__(scope, id, config=config, context=context)
        self._config = config

    def let_unseal(self, identity: IdentityRef) -> None:
        """Let the servers' account use the key."""
        key = load(f"{_on_cloud(identity)}:UnsealKey")(
            self, "unseal", config=self._config, identity=identity, context=self._context
        )
        self.seal = key.seal


def _on_cloud(identity: IdentityRef) -> str:
    """The module for the cloud whose identity this is: no other cloud's bindings are loaded."""
    return f"floe_infra.secrets.vault_on_{'aws' if identity.role_arn else 'google'}"
