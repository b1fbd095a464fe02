"""`terraform-modules/external-secrets`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from floe_infra.context import Context
from floe_infra.fields import AwsRegion, KubernetesName
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Each, Module, Output, Outputs, Tokens
from floe_infra.modules.inputs import RoleArn
from floe_infra.modules.site import SiteInputs, site
from floe_infra.refs import IdentityRef
from floe_infra.secrets.config import ExternalSecretsConfig

if TYPE_CHECKING:
    from constructs import Construct


class StoreInputs(Model):
    """A namespace whose secrets are read."""

    role_arn: RoleArn
    """The role that reads them. It trusts the namespace's service account `secret-reader`, and may do
    `secretsmanager:GetSecretValue` and `secretsmanager:DescribeSecret` with what the namespace may read."""


class ExternalSecretsInputs(Model):
    """What the module asks for besides what the configuration does."""

    namespace: KubernetesName = "external-secrets"
    """The operator's Kubernetes namespace, which is there already."""
    region: AwsRegion
    """Where the secrets are: the region of AWS Secrets Manager."""
    stores: dict[KubernetesName, StoreInputs]
    """The namespaces that secrets are read for, which are there already. Each gets a SecretStore of its own, `cloud`,
    which reads as the namespace's own role: the operator has no rights in AWS."""


def _build(scope: Construct, _: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.grants import READER
    from floe_infra.secrets.external_secrets import STORE, ExternalSecrets

    region = replace(context, region=tokens.text("var.region"))
    role = tokens.text("each.value.role_arn")
    made = ExternalSecrets(
        scope,
        "module",
        config=tokens.of(ExternalSecretsConfig, "var", generations={}, values=tokens.entries("var.values")),
        site=site("external-secrets", tokens, region),
        readers={
            MEMBER: IdentityRef(
                namespace=MEMBER,
                service_account=READER,
                role="",
                role_arn=role,
                annotations={"eks.amazonaws.com/role-arn": role},
            )
        },
        needs={},
    )
    return {
        "namespaces": Output([MEMBER], "The namespaces that have a store."),
        "secret_store": Output(
            STORE, "The SecretStore in each of them, as other modules take it.", [made.stores[MEMBER].release]
        ),
        "service_account": Output(READER, "The service account in each of them that its role trusts."),
    }


MODULE = Module(
    name="external-secrets",
    summary="External Secrets Operator with AWS Secrets Manager: a store for each namespace, which reads as a role of "
    "that namespace alone.",
    inputs=(ExternalSecretsInputs, SiteInputs, ExternalSecretsConfig),
    construct="floe_infra.secrets.external_secrets:ExternalSecrets",
    providers=("helm",),
    build=_build,
    hidden=("kind", "generations", "kms_key_arn", "refresh_minutes"),
    each=Each("var.stores", ("namespace", "store")),
    renamed={"external-secrets": "operator"},
    sample={
        "region": "eu-west-1",
        "stores": {"catalog": {"role_arn": "arn:aws:iam::111122223333:role/acme-prod-catalog-secret-reader"}},
    },
)
