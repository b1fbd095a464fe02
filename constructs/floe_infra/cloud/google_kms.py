"""Keys in Google's Key Management Service."""

from __future__ import annotations

from cdktf_cdktf_provider_google.kms_crypto_key import KmsCryptoKey
from cdktf_cdktf_provider_google.kms_crypto_key_iam_member import KmsCryptoKeyIamMember
from cdktf_cdktf_provider_google.kms_key_ring import KmsKeyRing
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.context import Context
from floe_infra.terraform import keep

_DAY = 86_400
_ROTATION_DAYS = 90
"""What Google recommends (https://cloud.google.com/kms/docs/key-rotation#how_often_to_rotate_keys)."""


class EncryptionKey(Construct):
    """A symmetric key in the platform's region, rotated every 90 days.

    Nothing in KMS is ever really gone: a key ring that Terraform has destroyed is still there, and its name stays taken
    (https://cloud.google.com/kms/docs/faq#cannot_delete).

    Args:
        purpose: what it encrypts; the key's name.

    Attributes:
        name: `projects/…/cryptoKeys/<purpose>`, by which services know it.
        ring: `<name>-<environment>-<purpose>-<digits>`, with nothing else in it.
        key: the key itself. When it is destroyed, what it encrypted is lost some days later.
    """

    def __init__(self, scope: Construct, id: str, *, context: Context, purpose: str) -> None:
        super().__init__(scope, id)
        self.ring = KmsKeyRing(
            self,
            "ring",
            name=f"{context.prefix}-{purpose}-{google.digits(self)}",
            location=context.region,
            depends_on=[google.api(self, "cloudkms")],
        )
        self.key = KmsCryptoKey(
            self,
            "key",
            name=purpose,
            key_ring=self.ring.id,
            rotation_period=f"{_ROTATION_DAYS * _DAY}s",
            destroy_scheduled_duration=f"{(30 if context.keeps_data else 1) * _DAY}s",
        )
        keep(self.key, context)
        self.name = self.key.id

    def let_use(self, id: str, member: str) -> KmsCryptoKeyIamMember:
        """Let a service's own account encrypt and decrypt; what the service encrypts comes after the result."""
        role = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
        return KmsCryptoKeyIamMember(self, id, crypto_key_id=self.key.id, role=role, member=member)
