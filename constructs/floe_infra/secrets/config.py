"""How secrets get into the cluster. Never their values: no file of ours holds any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from floe_infra.fields import (
    Cidr,
    Finding,
    GoogleKmsKey,
    HttpUrl,
    KmsKeyArn,
    KubernetesName,
    Matches,
    NoBoolean,
    is_token,
)
from floe_infra.model import ANYWHERE, Disabled, Kind, Model
from floe_infra.needs import Needs
from floe_infra.secrets.in_files.config import SealedSecretsConfig, SopsConfig

if TYPE_CHECKING:
    from floe_infra.config.platform import PlatformConfig

SecretName = Annotated[
    str,
    Matches(
        r"[A-Za-z0-9/_+=.@-]{1,512}",
        "the name of a secret in the cloud's secret manager: letters, digits and any of /_+=.@-",
        "the name, not the ARN, and never the secret itself",
    ),
]
"""https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""


class OperatorConfig(Kind):
    """What holds wherever External Secrets Operator reads from."""

    kind: str
    namespace: KubernetesName

    replicas: Annotated[int, Field(ge=1, le=5)] = 2
    """Copies of the operator and its webhook; one of the operator's is at work."""
    refresh_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """Minutes after which a change in the secret manager is seen."""
    generations: dict[str, Annotated[int, Field(ge=1, le=1000)]] = {}
    """By secret (`polaris-root`, `database-marquez`, …), 1 when left out; raise one to have its value made anew."""
    values: dict[str, Any] = {}
    """Merged into the chart's values."""

    construct: ClassVar[str | None] = None  # here too, for mypy looks no further than to the next class

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """A namespace; each namespace's own account reads its secrets, the operator itself reads none."""
        return Needs(namespace=self.namespace)


class ExternalSecretsConfig(OperatorConfig):
    """External Secrets Operator: Kubernetes Secrets are copies of what the cloud's secret manager holds."""

    kind: Literal["external_secrets"] = "external_secrets"
    """External Secrets Operator, with AWS Secrets Manager."""
    namespace: KubernetesName = "external-secrets"
    """The operator's namespace."""
    kms_key_arn: KmsKeyArn | None = None
    """An existing key to encrypt with; a new one, rotated yearly, when left out."""

    construct: ClassVar = "floe_infra.secrets.aws_secrets_manager:AwsSecretsManager"
    service: ClassVar = "floe_infra.secrets.external_secrets:ExternalSecrets"
    clouds: ClassVar = frozenset({"aws"})


class SecretManagerConfig(OperatorConfig):
    """External Secrets Operator on Google Cloud: Kubernetes Secrets are copies of what Secret Manager holds."""

    kind: Literal["secret_manager"] = "secret_manager"
    """External Secrets Operator, with Google Secret Manager."""
    namespace: KubernetesName = "external-secrets"
    """The operator's namespace."""
    kms_key_name: GoogleKmsKey | None = None
    """An existing key in the same region to encrypt with, which Secret Manager's service agent may use; Google's own
    when left out. It cannot be changed later."""

    construct: ClassVar = "floe_infra.secrets.google_secret_manager:GoogleSecretManager"
    service: ClassVar = "floe_infra.secrets.google_external_secrets:GoogleExternalSecrets"
    clouds: ClassVar = frozenset({"gcp"})


class InClusterSecretsConfig(OperatorConfig):
    """External Secrets Operator without a cloud: it makes the values itself, in a namespace that nobody else reads, and
    other namespaces have copies of exactly what they need."""

    kind: Literal["in_cluster"] = "in_cluster"
    """External Secrets Operator, with values made in the cluster."""
    namespace: KubernetesName = "secrets"
    """The namespace of the operator and of all values. Secrets of your own go there as well."""

    construct: ClassVar = "floe_infra.secrets.kubernetes_secrets:KubernetesSecrets"
    service: ClassVar = "floe_infra.secrets.in_cluster:InClusterSecrets"
    clouds: ClassVar = ANYWHERE


VAULT_PATH = "[A-Za-z0-9_.=@-]+(/[A-Za-z0-9_.=@-]+)*"
VAULT_PATHS = "words of letters, digits and any of _.=@-, with single slashes between them"
VaultPath = Annotated[str, Matches(VAULT_PATH, VAULT_PATHS, "policies name paths, and read + and * as placeholders")]
Certificates = Annotated[
    str,
    Matches(
        r"\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+",
        "one certificate or several in PEM, from -----BEGIN CERTIFICATE----- on",
        "give what anybody may see, and never a private key",
    ),
]


class VaultConfig(OperatorConfig):
    """External Secrets Operator with a server that is there already: HashiCorp Vault, or OpenBao.

    Its administrator runs what the foundation's output `vault_setup` prints, once and after each change of it: one role
    for each namespace, which reads its secrets by name, and one that makes values where there are none.
    """

    kind: Literal["vault"] = "vault"
    """External Secrets Operator, with a Vault or OpenBao of yours."""
    namespace: KubernetesName = "external-secrets"
    """The namespace of the operator, and of the job that makes values."""
    address: HttpUrl
    """The server's URL, such as `https://vault.example.com:8200`, as pods reach it. Without https everybody on the way
    sees values and logins."""
    ca_certificate: Certificates | None = None
    """Whoever signed the server's certificate; those whom everybody trusts when left out."""
    vault_namespace: VaultPath | None = None
    """The namespace in the server, where it has such (Vault Enterprise, OpenBao)."""
    mount: VaultPath = "secret"
    """Where the key-value engine is, version 2."""
    path: VaultPath | None = None
    """Below which the platform's secrets are; `<name>/<environment>` when left out."""
    auth_mount: VaultPath = "kubernetes"
    """Where the auth method is that knows this cluster: of type `kubernetes`, or `jwt`."""
    audience: Annotated[str, Matches(r"[A-Za-z0-9:/._-]{1,128}", "a name or URL that tokens are for")] = "vault"
    """Whom tokens for the server are made for: what is stolen elsewhere does not log in here."""
    cidr: Cidr | None = None
    """The network that the server is in; network policies let nobody out to its port elsewhere. When left out they let
    the operator and the job out to that port wherever it is."""

    construct: ClassVar = "floe_infra.secrets.vault:VaultSecrets"
    service: ClassVar = "floe_infra.secrets.vault_external_secrets:VaultExternalSecrets"
    clouds: ClassVar = ANYWHERE

    def findings(self) -> Iterator[Finding]:
        """An address alone."""
        if not is_token(self.address) and urlsplit(self.address).path.strip("/"):
            yield Finding(("address",), "holds a path", "scheme, host and port", "`mount` and `path` say what is where")

    @property
    def port(self) -> int:
        """The server's TCP port."""
        parts = urlsplit(self.address)
        return parts.port or (443 if parts.scheme == "https" else 80)


class ServedTlsConfig(Model):
    """A certificate for a server in the cluster, such as cert-manager makes."""

    secret: KubernetesName
    """A Secret in the servers' namespace, with `tls.crt` and `tls.key`, for
    `openbao-active.<namespace>.svc.cluster.local`. The servers wait until it is there."""
    ca_certificate: Certificates
    """Whoever signed it."""


class OpenBaoConfig(OperatorConfig):
    """External Secrets Operator with an OpenBao of our own, the open fork of Vault: servers of which each has all data,
    that a key of the cloud's unseals, and whose root token nobody ever sees.
    """

    kind: Literal["openbao"] = "openbao"
    """External Secrets Operator, with OpenBao in the cluster."""
    namespace: KubernetesName = "secrets"
    """The namespace of the operator and of the servers."""
    servers: Annotated[Literal[1, 3, 5], NoBoolean] = 3
    """Servers, each on a node of its own; more than half of them must be there for anything to work. Before they become
    fewer, those that go have to be told to the others (`bao operator raft remove-peer`)."""
    memory_mib: Annotated[int, Field(ge=256, le=16384)] = 512
    """Memory of each, in MiB."""
    cpu: Annotated[float, Field(ge=0.1, le=8)] = 0.25
    """Processors that each requests."""
    storage_gib: Annotated[int, Field(ge=1, le=1024)] = 10
    """Disk of each, in GiB. It is not removed with the servers."""
    kms_key_arn: KmsKeyArn | None = None
    """On AWS, an existing key to unseal with; a new one, rotated yearly, when left out. Without it everything in the
    servers is lost."""
    kms_key_name: GoogleKmsKey | None = None
    """On Google, likewise."""
    tls: ServedTlsConfig | None = None
    """Serve TLS. When left out, values go through the cluster's network unencrypted, though nobody but the operator is
    let in."""
    server_values: dict[str, Any] = {}
    """Merged into the values of OpenBao's chart; `values` are the operator's."""

    construct: ClassVar = "floe_infra.secrets.vault:OpenBaoSecrets"
    service: ClassVar = "floe_infra.secrets.vault_server:OpenBao"
    clouds: ClassVar = frozenset({"aws", "gcp"})

    def needs(self, platform: PlatformConfig) -> Needs:  # noqa: ARG002
        """The servers' own account unseals them."""
        return Needs(namespace=self.namespace, service_account="openbao", unseals=True)


SecretsConfig = Annotated[
    ExternalSecretsConfig
    | SecretManagerConfig
    | VaultConfig
    | OpenBaoConfig
    | InClusterSecretsConfig
    | SealedSecretsConfig
    | SopsConfig
    | Disabled,
    Field(discriminator="kind"),
]
