"""Constrained values: names, CIDR blocks, regions, each with its rule in words.

Every rule lets CDKTF tokens pass: a bucket name that another resource computes is a `${TfToken[…]}` while the
program runs, and only Terraform learns the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


def is_token(value: object) -> bool:
    """Whether a string holds a CDKTF token, whose value is known only to Terraform. Lists' tokens begin with `#`."""
    return isinstance(value, str) and "{TfToken[" in value


def shown(value: object, limit: int = 60) -> str:
    """A value as YAML (in its JSON form) writes it, cut short, control characters escaped."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = re.sub(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


@dataclass(frozen=True)
class Finding:
    """Something wrong, at a key path below the value that was checked."""

    path: tuple[str | int, ...]
    message: str
    allowed: str = ""
    fix: str = ""

    def __str__(self) -> str:
        notes = "; ".join(f"{label}: {text}" for label, text in (("allowed", self.allowed), ("fix", self.fix)) if text)
        return f"{self.message} ({notes})" if notes else self.message


def refuse(*findings: Finding) -> PydanticCustomError:
    """The error for a validator to raise; the loader finds the findings in its context.

    Braces in the texts are safe: pydantic's template substitution is given the finished text as its only value.
    """
    return PydanticCustomError("floe", "{text}", {"text": "; ".join(map(str, findings)), "findings": findings})


@dataclass(frozen=True)
class Matches:
    """A string that matches a pattern as a whole. `allowed` puts the pattern in words."""

    pattern: str
    allowed: str
    fix: str = ""
    refuse: Callable[[str], str | None] | None = None
    """A further rule that no regular expression holds: returns what is wrong, or None."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}

    def check(self, value: str) -> str:
        if is_token(value):
            return value
        if not re.fullmatch(self.pattern, value):
            raise refuse(Finding((), f"{shown(value)} is not valid here", self.allowed, self.fix))
        if self.refuse and (problem := self.refuse(value)):
            raise refuse(Finding((), f"{shown(value)} {problem}", self.allowed, self.fix))
        return value


def _not_a_network(value: str) -> str | None:
    try:
        network = IPv4Network(value, strict=False)
    except ValueError as error:
        return f"is not a network: {error}"
    return None if str(network) == value else f"is an address in the network {network}"


_BUCKET_NAME = r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
BUCKET_NAMES = "3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit"


def bucket_problem(name: str) -> str | None:
    """What S3 has against a name
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html). Dots, which it takes, break TLS.
    """
    if len(name) > 63:
        return f"has {len(name)} characters"
    if not re.fullmatch(_BUCKET_NAME, name):
        return "is not valid here"
    if name.startswith(("xn--", "sthree-", "amzn-s3-demo-")):
        return "begins with a prefix that S3 reserves"
    if name.endswith(("-s3alias", "--ol-s3", "--x-s3", "--table-s3")):
        return "ends with a suffix that S3 reserves"
    return None


def url_problem(value: str) -> str | None:
    """A login in a URL would be in Terraform's state, and in every log that says where something is."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    if "@" in parts.netloc:
        return "holds a password" if parts.password is not None else "holds a login"
    return "has a port beyond 65535 or of 0" if port == 0 else None


PlatformName = Annotated[
    str,
    Matches(
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "lower-case letters, digits and single hyphens, beginning with a letter",
        "use only what buckets, roles and clusters all take: their names begin with it",
    ),
    Field(max_length=24),
]
KubernetesName = Annotated[
    str,
    Matches(
        r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "a DNS label (RFC 1123): at most 63 lower-case letters, digits and hyphens",
    ),
]
LayerName = Annotated[
    str,
    Matches(r"[a-z][a-z0-9_]{0,30}", "lower-case letters, digits and underscores, beginning with a letter"),
]
Cidr = Annotated[
    str,
    Matches(r"[0-9]+(\.[0-9]+){3}/[0-9]{1,2}", "an IPv4 network such as 10.0.0.0/16", refuse=_not_a_network),
]
AwsRegion = Annotated[
    str,
    Matches(
        r"[a-z]{2}(-gov)?-(central|(north|south)(east|west)?|east|west)-[1-9]",
        "an AWS region such as eu-west-1",
        "look for typing errors",
    ),
]
AwsAccountId = Annotated[str, Matches(r"[0-9]{12}", "the 12 digits of an AWS account, in quotes")]
GoogleRegion = Annotated[
    str,
    Matches(
        r"(africa|asia|australia|europe|me|northamerica|southamerica|us)-"
        r"(central|(north|south)(east|west)?|east|west)[1-9][0-9]?",
        "a Google Cloud region such as europe-west4",
        "a region and no zone of it; look for typing errors",
    ),
]
GoogleProject = Annotated[
    str,
    Matches(
        r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "a project's id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter",
        "`gcloud projects list` shows it as PROJECT_ID",
    ),
]
"""https://cloud.google.com/resource-manager/docs/creating-managing-projects"""
GoogleKmsKey = Annotated[
    str,
    Matches(
        r"projects/[a-z0-9:.-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63}",
        "a key's name: projects/<project>/locations/<region>/keyRings/<ring>/cryptoKeys/<key>",
        "name the key itself, without a version",
    ),
]
"""https://cloud.google.com/kms/docs/resource-hierarchy#retrieve_resource_id"""
BucketName = Annotated[str, Matches(_BUCKET_NAME, BUCKET_NAMES, refuse=bucket_problem)]
KmsKeyArn = Annotated[
    str,
    Matches(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+",
        "the ARN of a KMS key: arn:aws:kms:region:account:key/id",
        "IAM policies name keys by their ARN, not by an alias",
    ),
]
URL_HOST = r"[^\s/?#\x00-\x20{}|\\^`\"<>\x7f]+"
URL_PATH = r"[^\s?#\x00-\x20{}|\\^`\"<>\x7f]*"
HttpUrl = Annotated[
    str,
    Matches(
        f"https?://{URL_HOST}(/{URL_PATH})?",
        "an http(s) URL such as http://localhost:4566",
        refuse=url_problem,
    ),
]


def _no_boolean(value: Any) -> Any:
    """To Python, and so to pydantic, `true` is 1 where only certain numbers are taken."""
    if isinstance(value, bool):
        raise refuse(Finding((), f"{shown(value)} is not known here", "a number"))
    return value


NoBoolean = BeforeValidator(_no_boolean)
"""Beside a `Literal` of numbers."""
LogRetentionDays = Annotated[
    Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
    NoBoolean,
]
"""What CloudWatch Logs takes
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html)."""
