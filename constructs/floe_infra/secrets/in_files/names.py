"""What Secrets are called whose values are in files, and the cloud's key that the files are encrypted to."""

from __future__ import annotations

from cdktf import Fn
from constructs import Construct

from floe_infra.context import Context
from floe_infra.refs import IdentityRef
from floe_infra.secrets.in_files.config import InFilesConfig
from floe_infra.secrets.kubernetes_secrets import KubernetesSecrets


class SecretNames(KubernetesSecrets):
    """The cloud has none of these secrets. An operator in the cluster makes them all, and reads for nobody.

    Attributes:
        decrypt: what lets the operator decrypt, if that is the cloud's to say.
    """

    decrypt: Construct | None = None

    def __init__(self, scope: Construct, id: str, *, config: InFilesConfig, context: Context) -> None:
        super().__init__(scope, id, config=config, context=context)
        self._key_arn: str | None = getattr(config, "kms_key_arn", None)
        self._key_name: str | None = getattr(config, "kms_key_name", None)

    def let_decrypt(self, operator: IdentityRef) -> None:
        """Let the operator decrypt with the key that the files are encrypted to, and nothing besides. The key is
        somebody's: its policy, or its project, decides whether the account's identities can be let in at all."""
        if self._key_arn:
            self.decrypt = self._on_aws(operator, self._key_arn)
        elif self._key_name:
            self.decrypt = self._on_google(operator, self._key_name)

    def _on_aws(self, operator: IdentityRef, key_arn: str) -> Construct:
        from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy

        statement = {"Sid": "Decrypt", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key_arn]}
        policy = Fn.jsonencode({"Version": "2012-10-17", "Statement": [statement]})
        return IamRolePolicy(self, "decrypt", name="decrypt", role=operator.role, policy=policy)

    def _on_google(self, operator: IdentityRef, key_name: str) -> Construct:
        from cdktf_cdktf_provider_google.kms_crypto_key_iam_member import KmsCryptoKeyIamMember

        from floe_infra.cloud.google import member

        role = "roles/cloudkms.cryptoKeyDecrypter"
        return KmsCryptoKeyIamMember(self, "decrypt", crypto_key_id=key_name, role=role, member=member(operator))
