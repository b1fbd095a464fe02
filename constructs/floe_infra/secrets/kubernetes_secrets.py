"""Kubernetes itself as the secret manager: names for what the services stack makes in the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constructs import Construct

from floe_infra.context import Context
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets.config import InClusterSecretsConfig
from floe_infra.secrets.in_files.config import InFilesConfig


class KubernetesSecrets(Construct):
    """Decides what Secrets are called. They are made, and who may read them is said, where the cluster can be reached:
    see `InClusterSecrets`.

    A secret whose generation was raised is another Secret, so that its value is made anew.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: InClusterSecretsConfig | InFilesConfig,
        context: Context,  # noqa: ARG002
    ) -> None:
        super().__init__(scope, id)
        self._generations = config.generations

    def make(self, name: str, content: Mapping[str, str | Password]) -> SecretRef:
        """A Secret to make."""
        generation = self._generations.get(name, 1)
        return SecretRef(
            name=name,
            remote_key=name if generation == 1 else f"{name}-{generation}",
            keys=tuple(content),
            generation=generation,
        )

    def find(self, name: str, existing: ExistingSecret) -> SecretRef:
        """A Secret that somebody else puts into the namespace of the values."""
        return SecretRef(name=name, remote_key=existing.remote_name, keys=existing.keys)

    def grant_read(self, identity: IdentityRef, secrets: Sequence[SecretRef]) -> None:
        """Roles of Kubernetes' own let the namespace's account read."""
