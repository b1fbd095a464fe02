"""Which account and region the platform lives in, or that there is no cloud."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import (
    AwsAccountId,
    AwsRegion,
    Finding,
    GoogleProject,
    GoogleRegion,
    HttpUrl,
    Matches,
    is_token,
)
from floe_infra.model import Model


def _not_for_tags(text: str) -> str | None:
    """https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""
    return None if re.fullmatch(r"[\w\s.:/=+@-]*", text) else "holds a character that tags cannot"


def _not_for_tag_keys(key: str) -> str | None:
    reserved = key.lower().startswith(("aws:", "floe-infra:"))
    return "begins with a prefix that is reserved" if reserved else _not_for_tags(key)


_TAGS = "letters, digits, spaces and _ . : / = + - @"
TagKey = Annotated[str, Matches(r".{1,128}", f"1 to 128 {_TAGS}; not aws:… or floe-infra:…", refuse=_not_for_tag_keys)]
TagValue = Annotated[str, Matches(r".{0,256}", f"at most 256 {_TAGS}", refuse=_not_for_tags)]


PolicyArn = Annotated[
    str,
    Matches(
        r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+",
        "the ARN of an IAM policy: arn:aws:iam::<account>:policy/<name>",
        "a boundary is a managed policy of its own; `aws iam list-policies --scope Local` shows the ARNs",
    ),
]
RolePath = Annotated[
    str,
    Matches(
        r"/([A-Za-z0-9_+=,.@-]+/)*",
        "a path of IAM's such as /lakehouse/, with a slash at either end",
    ),
    Field(max_length=256),
]
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names"""


class AwsCloud(Model):
    """An AWS account and region."""

    provider: Literal["aws"] = "aws"
    """Amazon Web Services."""
    region: AwsRegion
    """Where everything is made, for instance `eu-west-1`."""
    account_id: AwsAccountId | None = None
    """The account's 12 digits. When given, Terraform refuses to work with the credentials of any other account."""
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=40)] = {}
    """Put on every resource, besides `floe-infra:platform` and `floe-infra:environment`."""
    endpoint: HttpUrl | None = None
    """The one URL of an AWS emulator such as LocalStack. Switches S3 to path style."""
    permissions_boundary: PolicyArn | None = None
    """The managed policy beyond which no role that is made may do anything, by its ARN; none when left out."""
    role_path: RolePath = "/"
    """The path of every IAM role that is made. floe-runtime's `platform.yaml` knows no roles with a path, so with one
    it names none."""

    add_provider: ClassVar = "floe_infra.cloud.aws:add_provider"

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.region}, account {self.account_id}" if self.account_id else self.region

    @property
    def partition(self) -> str:
        """The `aws` in ARNs of this region (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html)."""
        names = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        return next((name for prefix, name in names.items() if self.region.startswith(prefix)), "aws")

    def findings(self) -> Iterator[Finding]:
        """Tags that are one to IAM; a boundary that it could not find."""
        yield from self._tag_findings()
        yield from self._boundary_findings()

    def _boundary_findings(self) -> Iterator[Finding]:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""
        arn, account = self.permissions_boundary, self.account_id
        if arn is None or is_token(arn):
            return
        _, partition, _, _, owner, _ = arn.split(":", 5)
        if not is_token(self.region) and partition != self.partition:
            message = f"the policy is in the partition {partition}"
            yield Finding(("permissions_boundary",), message, f"one in {self.partition}, where {self.region} is")
        if account and not is_token(account) and owner not in (account, "aws"):
            message = f"the policy is in the account {owner}"
            yield Finding(("permissions_boundary",), message, f"one in the account {account}, or one of AWS' own")

    def _tag_findings(self) -> Iterator[Finding]:
        """IAM does not tell tags apart by case (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html)."""
        seen: dict[str, str] = {}
        for key in self.tags:
            if (other := seen.setdefault(key.lower(), key)) != key:
                message = f"differs from {other} only in upper and lower case"
                yield Finding(("tags", key), message, "keys that differ in their letters", "remove one of them")


def _reserved_label(key: str) -> str | None:
    return "begins with a prefix that is reserved" if key.startswith(("goog", "floe-infra-")) else None


LabelKey = Annotated[
    str,
    Matches(
        r"[a-z][a-z0-9_-]{0,62}",
        "1 to 63 lower-case letters, digits, hyphens and underscores, a letter first; not goog… or floe-infra-…",
        refuse=_reserved_label,
    ),
]
"""https://cloud.google.com/resource-manager/docs/labels-overview#requirements, in ASCII."""
LabelValue = Annotated[
    str, Matches(r"[a-z0-9_-]{0,63}", "at most 63 lower-case letters, digits, hyphens and underscores")
]


GroupsDomain = Annotated[
    str,
    Matches(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", "a domain such as example.com"),
    Field(max_length=253),
]
"""https://cloud.google.com/kubernetes-engine/docs/how-to/google-groups-rbac#setup-group"""


class GoogleCloud(Model):
    """A Google Cloud project and region."""

    provider: Literal["gcp"] = "gcp"
    """Google Cloud."""
    project: GoogleProject
    """The project's id, for instance `acme-data-prod`: neither its name nor its number."""
    region: GoogleRegion
    """Where everything is made, for instance `europe-west4`."""
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=40)] = {}
    """Put on every resource that takes labels, besides `floe-infra-platform` and `floe-infra-environment`."""
    groups_domain: GroupsDomain | None = None
    """The organization's domain in Google Workspace or Cloud Identity. Lets the cluster's RBAC name Google Groups:
    those that are members of the group `gke-security-groups@<domain>`, which somebody has to make."""

    endpoint: ClassVar[None] = None
    add_provider: ClassVar = "floe_infra.cloud.google:add_provider"

    @property
    def account_id(self) -> str:
        """What pays."""
        return self.project

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.region}, project {self.project}"


class LocalCloud(Model):
    """No cloud at all: everything is in a cluster that is there already, on a laptop or in one's own rack."""

    provider: Literal["local"] = "local"
    """No cloud."""

    region: ClassVar[str] = "us-east-1"
    """What storage in the cluster calls its region. Clients want one; it means nothing."""
    account_id: ClassVar[None] = None
    endpoint: ClassVar[None] = None
    add_provider: ClassVar[None] = None
    place: ClassVar = region


CloudConfig = Annotated[AwsCloud | GoogleCloud | LocalCloud, Field(discriminator="provider")]
