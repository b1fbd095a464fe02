"""Google Secret Manager: secrets whose values Terraform makes and forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_google.data_google_secret_manager_secret import DataGoogleSecretManagerSecret
from cdktf_cdktf_provider_google.secret_manager_secret import (
    SecretManagerSecret,
    SecretManagerSecretReplication,
    SecretManagerSecretReplicationUserManaged,
    SecretManagerSecretReplicationUserManagedReplicas,
    SecretManagerSecretReplicationUserManagedReplicasCustomerManagedEncryption,
)
from cdktf_cdktf_provider_google.secret_manager_secret_iam_member import SecretManagerSecretIamMember
from cdktf_cdktf_provider_google.secret_manager_secret_version import SecretManagerSecretVersion
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.context import Context
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets import ephemeral
from floe_infra.secrets.config import SecretManagerConfig
from floe_infra.terraform import keep

_READ = "roles/secretmanager.secretAccessor"
_UNDELETE_SECONDS = 30 * 86_400
"""For which a value that was replaced or removed can be had back."""


class GoogleSecret(Construct):
    """A secret in the platform's region, named `<name>-<environment>-<secret>`, and its value once it is written.

    Args:
        name: the secret's name within the platform.
        kms_key_name: a key to encrypt with; Google's own when None.

    Attributes:
        secret: the secret itself, without a value.
        version: its newest value.
    """

    version: SecretManagerSecretVersion | None = None

    def __init__(
        self, scope: Construct, id: str, *, name: str, context: Context, kms_key_name: str | None = None
    ) -> None:
        super().__init__(scope, id)
        self._name = name
        keeps = context.keeps_data
        replica = SecretManagerSecretReplicationUserManagedReplicas(
            location=context.region,
            customer_managed_encryption=SecretManagerSecretReplicationUserManagedReplicasCustomerManagedEncryption(
                kms_key_name=kms_key_name
            )
            if kms_key_name
            else None,
        )
        self.secret = SecretManagerSecret(
            self,
            "secret",
            secret_id=f"{context.prefix}-{name}",
            replication=SecretManagerSecretReplication(
                user_managed=SecretManagerSecretReplicationUserManaged(replicas=[replica])
            ),
            version_destroy_ttl=f"{_UNDELETE_SECONDS}s" if keeps else None,
            deletion_protection=keeps,
            depends_on=[google.api(self, "secretmanager")],
        )
        keep(self.secret, context)

    def write(
        self, values: ephemeral.Expressions, *, generation: int, after: Sequence[ITerraformDependable] = ()
    ) -> SecretRef:
        """Give it a value, as a JSON object: written once, and again only when the generation is raised.

        Args:
            values: Terraform's expressions, by key.
            after: what must be there before.
        """
        self.version = SecretManagerSecretVersion(
            self,
            "value",
            secret=self.secret.id,
            secret_data_wo=ephemeral.encode(values),
            secret_data_wo_version=generation,
            # Else there would be no value between the old one and the new.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
            depends_on=list(after),
        )
        return SecretRef(name=self._name, remote_key=self.secret.secret_id, keys=tuple(values), generation=generation)


class GoogleSecretManager(Construct):
    """The platform's secrets in the project's Secret Manager.

    A value is made by Terraform's `random` provider, passes through Terraform's memory while it applies (`ephemeral`),
    and is written by an argument that no plan and no state holds (`secret_data_wo`).

    Attributes:
        secrets: by name.
    """

    def __init__(self, scope: Construct, id: str, *, config: SecretManagerConfig, context: Context) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        self.secrets: dict[str, GoogleSecret] = {}

    def make(self, name: str, content: Mapping[str, str | Password]) -> SecretRef:
        """A secret with what is known and what is made while applying."""
        secret = GoogleSecret(self, name, name=name, context=self._context, kms_key_name=self._config.kms_key_name)
        self.secrets[name] = secret
        return secret.write(ephemeral.random(self, name, content), generation=self._config.generations.get(name, 1))

    def find(self, name: str, existing: ExistingSecret) -> SecretRef:
        """A secret that somebody else keeps, in the same project."""
        found = DataGoogleSecretManagerSecret(self, f"{name}_existing", secret_id=existing.remote_name)
        return SecretRef(name=name, remote_key=found.secret_id, keys=existing.keys)

    def grant_read(self, identity: IdentityRef, secrets: Sequence[SecretRef]) -> None:
        """Let the identity read exactly these."""
        let_read(self, identity, secrets)


def let_read(scope: Construct, identity: IdentityRef, secrets: Sequence[SecretRef]) -> None:
    """Let the identity read exactly these. Secret Manager decrypts by itself, so readers need no key."""
    scope = Construct(scope, f"read_{identity.namespace}_{identity.service_account}")
    for secret in secrets:
        SecretManagerSecretIamMember(
            scope, secret.name, secret_id=secret.remote_key, role=_READ, member=google.member(identity)
        )
