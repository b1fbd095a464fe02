"""How secrets get into the cluster. Never their values: no file of ours holds any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import GoogleKmsKey, KmsKeyArn, KubernetesName, Matches
from floe_infra.model import ANYWHERE, Disabled, Kind
from floe_infra.needs import Needs

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


SecretsConfig = Annotated[
    ExternalSecretsConfig | SecretManagerConfig | InClusterSecretsConfig | Disabled, Field(discriminator="kind")
]
