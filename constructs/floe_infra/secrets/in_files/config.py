"""How encrypted files become secrets in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from floe_infra.fields import Finding, GoogleKmsKey, KmsKeyArn, KubernetesName, Matches
from floe_infra.model import ANYWHERE, Kind
from floe_infra.needs import Needs

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

Folder = Annotated[
    str,
    Matches(
        r"(?!/|~)[^\s$%`\"'\\][^$%`\"'\\\n]*",
        "a folder's path from this file's own folder",
        "a path that begins elsewhere is another one on the next machine",
    ),
]
AgeRecipient = Annotated[
    str,
    Matches(
        r"age1[ac-hj-np-z02-9]{58}",
        "a public key of age's: age1 and 58 letters and digits",
        "`age-keygen -y` prints it; the private one begins with AGE-SECRET-KEY-",
    ),
]


class InFilesConfig(Kind):
    """What holds for every kind that takes values from files."""

    kind: str
    namespace: KubernetesName
    files: Folder
    generations: dict[str, Annotated[int, Field(ge=1, le=1000)]] = {}
    """By secret (`polaris-root`, `database-marquez`, …), 1 when left out; one that is raised is read from Secrets with
    this number behind their names, so that whatever reads it waits for the new value, and starts anew with it."""
    values: dict[str, Any] = {}
    """Merged into the chart's values."""

    construct: ClassVar = "floe_infra.secrets.in_files.names:SecretNames"
    clouds: ClassVar = ANYWHERE

    _beside: Path = PrivateAttr(Path())

    def model_post_init(self, context: Any) -> None:
        """Whoever reads the configuration from a file says in which folder that is; else it is the working one."""
        self._beside = (context or {}).get("folder", Path())

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._beside / self.files


class SealedSecretsConfig(InFilesConfig):
    """Sealed Secrets: a controller in the cluster has the private key to what `kubeseal` makes of a Secret."""

    kind: Literal["sealed_secrets"] = "sealed_secrets"
    """Sealed Secrets, with files of yours."""
    namespace: KubernetesName = "sealed-secrets"
    """The controller's namespace. You make it beforehand, and put the controller's key there."""
    files: Folder = "sealed-secrets"
    """The folder of the sealed files, from the folder of this file; each holds one SealedSecret. `certificate.pem` in
    there is what to seal with."""

    service: ClassVar = "floe_infra.secrets.in_files.sealed_secrets:SealedSecrets"

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """A namespace, in which the key is already."""
        return Needs(namespace=self.namespace, existing_namespace=True)


class SopsConfig(InFilesConfig):
    """SOPS: an operator in the cluster decrypts what `sops` encrypted, with a key of the cloud's or one of age's."""

    kind: Literal["sops"] = "sops"
    """SOPS, with files of yours."""
    namespace: KubernetesName = "sops"
    """The operator's namespace. With age alone you make it beforehand, and put the private key there."""
    files: Folder = "sops"
    """The folder of the encrypted files, from the folder of this file; each holds one SopsSecret."""
    kms_key_arn: KmsKeyArn | None = None
    """On AWS, the key that the files are encrypted to, which the operator may decrypt with as itself."""
    kms_key_name: GoogleKmsKey | None = None
    """On Google, likewise."""
    age: Annotated[list[AgeRecipient], Field(max_length=50)] = []
    """Public keys of age's that the files are encrypted to. Without a key of the cloud's the operator uses one of them;
    beside one, they are for people."""
    age_secret: KubernetesName = "sops-age"
    """Without a key of the cloud's: the Secret in the operator's namespace with the private key, in `keys.txt`."""

    service: ClassVar = "floe_infra.secrets.in_files.sops:Sops"

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """A namespace, in which the key is already unless the cloud has it; an identity to decrypt as."""
        account = "sops-secrets-operator" if self.kms else None
        return Needs(namespace=self.namespace, service_account=account, existing_namespace=not self.kms)

    @property
    def kms(self) -> str | None:
        """The cloud's key, if there is one."""
        return self.kms_key_arn or self.kms_key_name

    def findings(self) -> Iterator[Finding]:
        """Somebody must be able to decrypt."""
        if self.kms_key_arn and self.kms_key_name:
            yield Finding(("kms_key_name",), "there are keys of two clouds", "one of kms_key_arn and kms_key_name")
        if not self.kms and not self.age:
            allowed = "kms_key_arn on AWS, kms_key_name on Google, or age anywhere"
            yield Finding((), "says of no key that the files are encrypted to", allowed)
