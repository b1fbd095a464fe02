"""`terraform-modules/service-account-roles`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from floe_infra.context import Context
from floe_infra.fields import KmsKeyArn, KubernetesName, LayerName, Matches
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Choice, Each, Module, Output, Outputs, Rule, Tokens
from floe_infra.modules.names import Name
from floe_infra.refs import BucketRef, SecretRef, StorageRef

if TYPE_CHECKING:
    from constructs import Construct

BucketArn = Annotated[
    str, Matches(r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the ARN of a bucket: arn:aws:s3:::bucket")
]
SecretArn = Annotated[
    str,
    Matches(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[!-~]+",
        "the ARN of a secret: arn:aws:secretsmanager:region:account:secret:name",
    ),
]
ProviderArn = Annotated[
    str,
    Matches(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[!-~]+",
        "the ARN of IAM's OIDC provider for the cluster: arn:aws:iam::account:oidc-provider/issuer",
    ),
]
Issuer = Annotated[str, Matches(r"https://[!-~]+", "the issuer's URL: https://…")]


class Secrets(Model):
    """Secrets that are read."""

    arns: Annotated[list[SecretArn], Field(min_length=1)]
    """Which, and no others."""
    kms_key_arns: list[KmsKeyArn] = Field(default=[])
    """The keys that they are encrypted with; when empty any of the account's, by way of Secrets Manager alone."""


class ServiceAccount(Model):
    """A service account, and what its role may do."""

    namespace: KubernetesName
    """Its namespace."""
    service_account: KubernetesName
    """Its name."""
    storage: Literal["read_write", "lend"] | None = None
    """What it may do with the buckets `bucket_arns`: `read_write`, or `lend` out a second role that may, as a catalog
    does for its clients; nothing when left out."""
    exchange: bool = False
    """Use the bucket `exchange_bucket_arn`."""
    compute_logs: bool = False
    """Use the bucket `compute_logs_bucket_arn`."""
    secrets: Secrets | None = None
    """Secrets of AWS Secrets Manager to read: `arns`, and `kms_key_arns`, the keys that they are encrypted with (when
    left out any of the account's, by way of Secrets Manager alone)."""


class RolesInputs(Model):
    """What the module asks for."""

    name: Name
    """Begins the names of everything."""
    oidc_provider_arn: ProviderArn
    """IAM's trust in the cluster's service accounts: `module.eks.oidc_provider_arn`."""
    oidc_issuer: Issuer
    """Who signs their tokens: `module.eks.oidc_issuer`."""
    service_accounts: Annotated[
        dict[Annotated[str, Matches(r"[A-Za-z0-9_.-]{1,128}", "letters, digits and any of _.-")], ServiceAccount],
        Field(min_length=1),
    ]
    """The service accounts, by any name."""
    bucket_arns: dict[LayerName, BucketArn] = Field(default={})
    """The buckets with tables, by layer: `module.s3.bucket_arns`."""
    exchange_bucket_arn: BucketArn | None = None
    """The bucket for the intermediate results of queries."""
    compute_logs_bucket_arn: BucketArn | None = None
    """The bucket for what Dagster's runs print."""
    buckets_kms_key_arn: KmsKeyArn | None = None
    """The key that the buckets are encrypted with: `module.s3.kms_key_arn`."""


_BUCKETS = Each("var.bucket_arns", ("layer", "arn"), member="each1")


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:
    from floe_infra.cluster.identity import Identities
    from floe_infra.secrets.aws_secrets_manager import let_read
    from floe_infra.storage.s3_access import S3Access

    identities = Identities(
        scope,
        "identities",
        provider_arn=tokens.text("var.oidc_provider_arn"),
        issuer=tokens.text("var.oidc_issuer"),
        context=context,
    )
    account = identities.add(
        MEMBER,
        namespace=tokens.text("each.value.namespace"),
        service_account=tokens.text("each.value.service_account"),
    ).ref
    storage = S3Access(
        scope,
        "storage",
        context=context,
        ref=StorageRef(
            layers={"each1": BucketRef(name="", arn=tokens.text("each1.value"), uri="")},
            region=context.region,
            kms_key_arn=tokens.text("var.buckets_kms_key_arn"),
            exchange=BucketRef(name="", arn=tokens.text("var.exchange_bucket_arn"), uri=""),
            compute_logs=BucketRef(name="", arn=tokens.text("var.compute_logs_bucket_arn"), uri=""),
        ),
    )
    if chosen["read_write"]:
        storage.grant_read_write(account)
    lent = storage.lend_role(account) if chosen["lend"] else None
    if chosen["exchange"]:
        storage.grant_exchange(account)
    if chosen["compute_logs"]:
        storage.grant_compute_logs(account)
    if chosen["secrets"]:
        # A list of one token is the list that it stands for.
        [arns], [keys] = tokens.texts("each.value.secrets.arns"), _keys(tokens, context)
        let_read(scope, account, [SecretRef("", remote_key=arns, keys=(), kms_key_arn=keys)], context)
    return {
        "role_arns": Output({MEMBER: account.role_arn}, "The roles' ARNs, by the service accounts' names here."),
        "role_names": Output({MEMBER: account.role}, "The roles' names, likewise."),
        "lent_role_arns": Output(
            {MEMBER: lent} if lent else {}, "The ARNs of the roles that may be lent out, by who lends them."
        ),
        "annotations": Output(
            {MEMBER: dict(account.annotations)}, "What the service accounts in Kubernetes are annotated with."
        ),
    }


def _keys(tokens: Tokens, context: Context) -> list[str]:
    from cdktf import Fn, Token

    any_key = Fn.format("arn:%s:kms:%s:%s:key/*", [context.partition, context.region, context.account_id])
    return list(Token.as_list(Fn.coalescelist([tokens.texts("each.value.secrets.kms_key_arns"), [any_key]])))


_ACCOUNT = "account"
_ENDS = f"_{_ACCOUNT}"
_GRANTS = {"read_write": "read_write", "exchange": "exchange", "compute_logs": "compute_logs", "lent": "lent"}

MODULE = Module(
    name="service-account-roles",
    summary="IAM roles for service accounts (IRSA), one each, with exactly the buckets and secrets named.",
    inputs=(RolesInputs,),
    construct="floe_infra.grants:Grants",
    build=_build,
    prefix="var.name",
    each=Each(
        "var.service_accounts",
        ("name", "account"),
        constructs=tuple(
            f"{grant}{_ENDS}{part}"
            for grant in (*_GRANTS, "read")
            for part in ("", "_document", "_lend", "_storage", "_storage_document")
        ),
    ),
    gone_through=(_BUCKETS,),
    choices=(
        Choice("read_write", 'each.value.storage == "read_write"'),
        Choice("lend", 'each.value.storage == "lend"'),
        Choice("exchange", "each.value.exchange"),
        Choice("compute_logs", "each.value.compute_logs"),
        Choice("secrets", "each.value.secrets != null"),
    ),
    renamed={
        "identities": "service_account",
        "storage": "",
        **{f"{grant}{_ENDS}": grant for grant in _GRANTS},
        **{f"{grant}{_ENDS}_document": grant for grant in _GRANTS},
        f"lent{_ENDS}_lend": "lend",
        f"lent{_ENDS}_storage": "lent",
        f"lent{_ENDS}_storage_document": "lent",
        f"read{_ENDS}": "secrets",
    },
    sample={
        "name": "acme-prod",
        "oidc_provider_arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D",
        "oidc_issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C3D",
        "service_accounts": {
            "query-secrets": {
                "namespace": "query",
                "service_account": "secret-reader",
                "secrets": {
                    "arns": ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme-prod/trino-AbCdEf"],
                    "kms_key_arns": ["arn:aws:kms:eu-west-1:111122223333:key/1234abcd"],
                },
            },
        },
    },
    rules=(
        Rule(
            "service_accounts",
            "length(distinct([for account in var.service_accounts : "
            '"${account.namespace}.${account.service_account}"])) == length(var.service_accounts)',
            "each service account once",
            '{ one = { namespace = "query", service_account = "trino" }, '
            'two = { namespace = "query", service_account = "trino" } }',
        ),
        Rule(
            "service_accounts",
            "alltrue([for account in var.service_accounts : "
            'length("${var.name}${account.storage == "lend" ? "-storage" : ""}-${account.namespace}.'
            '${account.service_account}") <= 64])',
            "name, namespace and service account make a role's name, which has at most 64 characters",
            '{ trino = { namespace = "a-namespace-that-has-a-long-name", '
            'service_account = "and-an-account-with-a-long-name" } }',
        ),
        Rule(
            "service_accounts",
            "alltrue([for account in var.service_accounts : account.storage == null || length(var.bucket_arns) > 0])",
            "storage is of the buckets bucket_arns, and there are none",
            '{ trino = { namespace = "query", service_account = "trino", storage = "read_write" } }',
        ),
        Rule(
            "service_accounts",
            "alltrue([for account in var.service_accounts : !account.exchange || var.exchange_bucket_arn != null])",
            "exchange is of the bucket exchange_bucket_arn, which is not given",
            '{ trino = { namespace = "query", service_account = "trino", exchange = true } }',
        ),
        Rule(
            "service_accounts",
            "alltrue([for account in var.service_accounts : "
            "!account.compute_logs || var.compute_logs_bucket_arn != null])",
            "compute_logs is of the bucket compute_logs_bucket_arn, which is not given",
            '{ dagster = { namespace = "floe", service_account = "dagster", compute_logs = true } }',
        ),
        Rule(
            "service_accounts",
            "var.buckets_kms_key_arn != null || alltrue([for account in var.service_accounts : "
            "account.storage == null && !account.exchange && !account.compute_logs])",
            "who uses buckets uses their key, buckets_kms_key_arn",
            '{ trino = { namespace = "query", service_account = "trino", storage = "lend" } }',
        ),
    ),
)
