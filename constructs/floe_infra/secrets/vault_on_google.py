"""What Google Cloud has to do with secrets in Vault: the key that unseals it, and what only Google itself can keep."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_google.kms_crypto_key_iam_member import KmsCryptoKeyIamMember
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.cloud.google_kms import EncryptionKey
from floe_infra.context import Context
from floe_infra.refs import IdentityRef, SealRef, SecretRef
from floe_infra.secrets import google_secret_manager
from floe_infra.secrets.config import OpenBaoConfig

_USE = {"use": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "see": "roles/cloudkms.viewer"}
"""Servers also look at the key when they start (https://openbao.org/docs/configuration/seal/gcpckms/)."""


def let_read(scope: Construct, identity: IdentityRef, secrets: Sequence[SecretRef], context: Context) -> None:  # noqa: ARG001
    """Let the identity read exactly these."""
    google_secret_manager.let_read(scope, identity, secrets)


class UnsealKey(Construct):
    """A key that encrypts nothing but the servers' root key, and that only they may use.

    Attributes:
        key: the key; None when an existing one is used.
        seal: how the servers are told of it.
    """

    def __init__(
        self, scope: Construct, id: str, *, config: OpenBaoConfig, identity: IdentityRef, context: Context
    ) -> None:
        super().__init__(scope, id)
        self.key = None if config.kms_key_name else EncryptionKey(self, "key", context=context, purpose="unseal")
        for word, role in _USE.items():
            name = self.key.name if self.key else config.kms_key_name
            assert name
            KmsCryptoKeyIamMember(self, word, crypto_key_id=name, role=role, member=google.member(identity))
        self.seal = SealRef("gcpckms", self._place(config, context))

    def _place(self, config: OpenBaoConfig, context: Context) -> dict[str, str]:
        if self.key:
            names = (context.account_id, context.region, self.key.ring.name, self.key.key.name)
        else:
            _, project, _, region, _, ring, _, key = (config.kms_key_name or "").split("/")
            names = (project, region, ring, key)
        return dict(zip(("project", "region", "key_ring", "crypto_key"), names, strict=True))
