"""Variables that several modules have, for what other modules make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from floe_infra.fields import LayerName, Matches
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Each, Rule, Tokens
from floe_infra.refs import BucketRef, DatabaseRef, IdentityRef, SecretRef, StorageRef

RoleArn = Annotated[
    str, Matches(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+", "the ARN of an IAM role: arn:aws:iam::account:role/name")
]
BucketUri = Annotated[
    str,
    Matches(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[!-~]*[^/])?", "the URI of a bucket, or of a folder in one: s3://…"
    ),
]
Host = Annotated[str, Matches(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", "the name or address of a server")]
HostPort = Annotated[str, Matches(r"[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}", "host:port")]
Url = Annotated[
    str, Matches(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?", "a URL without a path: http://host:port")
]
StorageRegion = Annotated[str, Matches(r"[a-z0-9-]+", "a region such as eu-west-1")]
"""Not one of AWS' alone: storage elsewhere has names of its own for them."""
Annotations = dict[str, str]


class PostgresqlServer(Model):
    """A PostgreSQL server."""

    host: Host
    """Its name or address."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    """Its port."""
    ssl_mode: Literal["disable", "require", "verify-full"] = "require"
    """How connections are encrypted, in libpq's words."""


class S3Compatible(Model):
    """Storage that speaks S3's protocol, and is not AWS'."""

    endpoint: Url
    """Its URL."""
    path_style: bool = True
    """Whether the bucket stands in the path of a URL (`http://host/bucket`), and not before the host."""
    secret: str
    """The name in the secret manager of the keys to it, `access_key` and `secret_key`."""


class LayersInputs(Model):
    """Where tables go."""

    layers: Annotated[dict[LayerName, BucketUri], Field(min_length=1, max_length=20)]
    """The layers of the lakehouse, each with the bucket that its tables go to: `module.s3.bucket_uris`."""
    default_location: BucketUri
    """Where tables go that belong to no layer: one of the layers' buckets."""
    region: StorageRegion
    """The buckets' region."""


LAYERS = Each("var.layers", ("layer", "uri"))
"""The member with which a construct is made, of `LayersInputs.layers`."""

SCALES_UP = Rule(
    "max_replicas",
    "var.max_replicas == null ? true : var.max_replicas >= var.replicas",
    "replicas ≤ max_replicas, or null",
    "1",
)


@dataclass(frozen=True)
class _Storage(StorageRef):
    default: BucketRef | None = None
    all: Sequence[str] = ()

    @property
    def locations(self) -> Sequence[str]:
        return self.all

    @property
    def first(self) -> BucketRef:
        return self.default or super().first


def layers(tokens: Tokens, **more: Any) -> StorageRef:
    """What `LayersInputs` say, and what they do not (`kms_key_arn`, `endpoint`)."""
    bucket = BucketRef(name=MEMBER, arn="", uri=tokens.text(f"{MEMBER}.value"))
    default = BucketRef(name="", arn="", uri=tokens.text("var.default_location"))
    return _Storage(
        layers={MEMBER: bucket},
        region=tokens.text("var.region"),
        default=default,
        all=tokens.texts("distinct(values(var.layers))"),
        **more,
    )


def account(tokens: Tokens, name: str) -> IdentityRef:
    """The service account of this name, with the variable `service_account_annotations`."""
    annotations = tokens.entries("var.service_account_annotations")
    return IdentityRef(namespace="", service_account=name, role="", role_arn="", annotations=annotations)


def database(tokens: Tokens, secret: SecretRef) -> DatabaseRef:
    """What the variable `database`, a `PostgresqlServer`, says."""
    return DatabaseRef(
        host=tokens.text("var.database.host"),
        port=tokens.number("var.database.port"),
        database="",
        user="",
        secret=secret,
        engine_version="",
        ssl_mode=tokens.text("var.database.ssl_mode"),
    )
