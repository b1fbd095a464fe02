"""AWS: who we are there, and signed requests."""

from __future__ import annotations

import configparser
import hashlib
import hmac
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from .here import CheckError, Here
from .web import Answer, ask

_ALGORITHM = "AWS4-HMAC-SHA256"
_CONTAINER = "http://169.254.170.2"
"""Where ECS and CodeBuild tell a container who it is
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html)."""
_DENIED = "let it do this: its policy, the bucket's or the key's says no"
_FIXES: dict[int | str, str] = {
    "ExpiredToken": "log in to AWS anew",
    "ExpiredTokenException": "log in to AWS anew",
    "InvalidAccessKeyId": "give keys that there are: AWS_ACCESS_KEY_ID is none of them",
    "SignatureDoesNotMatch": "give the secret that belongs to the key: AWS_SECRET_ACCESS_KEY does not",
    "UnrecognizedClientException": "give keys that there are: AWS_ACCESS_KEY_ID is none of them",
}


@dataclass(frozen=True)
class Keys:
    """Credentials.

    Attributes:
        source: where they come from, for people.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    source: str = ""


def host(service: str, region: str) -> str:
    """The cloud's own server for a service."""
    return f"{service}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def find_keys(here: Here, region: str) -> Keys:
    """As AWS' own clients find them: the environment, a service account's token (IRSA), a container's (Pod Identity,
    ECS), the shared credentials file; and whatever else AWS' command line knows, single sign-on among it, where that is
    installed. A node's own credentials are not asked for: pods are kept from them on purpose.

    Raises:
        CheckError: there are none.
    """
    found = (
        from_variables(here)
        or _of_service_account(here, region)
        or _of_container(here)
        or _from_file(here)
        or _from_command_line(here)
    )
    if found is None:
        fix = 'log in to AWS: export AWS_PROFILE=…, or eval "$(aws configure export-credentials --format env)"'
        in_cluster = "annotate its service account with eks.amazonaws.com/role-arn: the pod has got no identity of AWS'"
        raise CheckError("there are no credentials of AWS'", in_cluster if here.in_cluster else fix)
    return found


def from_variables(here: Here) -> Keys | None:
    """Those in the environment."""
    told = here.environment
    if not told.get("AWS_ACCESS_KEY_ID") or not told.get("AWS_SECRET_ACCESS_KEY"):
        return None
    return _keys(
        here, told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], told.get("AWS_SESSION_TOKEN"), "environment"
    )


def _keys(here: Here, access_key: str, secret_key: str, token: str | None, source: str) -> Keys:
    return Keys(access_key, here.secret(secret_key), here.secret(token or ""), source)


def _of_service_account(here: Here, region: str) -> Keys | None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
    told = here.environment
    role, file = told.get("AWS_ROLE_ARN"), told.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    if not role or not file:
        return None
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": "floe-infra-check",
        "WebIdentityToken": here.secret(_read(file)),
    }
    url = told.get("AWS_ENDPOINT_URL_STS") or told.get("AWS_ENDPOINT_URL") or f"https://{host('sts', region)}"
    answer = ask(
        here,
        "POST",
        url,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        content=urlencode(form).encode(),
        fixes={
            "AccessDenied": f"let this service account act as {role}: the role trusts another one",
            "InvalidIdentityToken": "the cluster's OIDC provider is not known to IAM, or another cluster's",
            400: f"see what {role} trusts",
            403: f"let this service account act as {role}: the role trusts another one",
        },
    ).content.decode()
    parts = [re.search(f"<{tag}>(.*?)</{tag}>", answer) for tag in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    if not all(parts):
        raise CheckError(f"{url}: the answer holds no credentials", "something else than AWS' STS answers there")
    access_key, secret_key, token = (part[1] for part in parts if part)
    return _keys(here, access_key, secret_key, token, role)


def _of_container(here: Here) -> Keys | None:
    told = here.environment
    relative, url = told.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), told.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if relative:
        url = f"{_CONTAINER}{relative}"
    if not url:
        return None
    file = told.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    token = here.secret(_read(file) if file else told.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
    body = ask(here, "GET", url, headers={"Authorization": token} if token else {}).json
    return _keys(here, body["AccessKeyId"], body["SecretAccessKey"], body.get("Token"), body.get("RoleArn") or url)


def _from_file(here: Here) -> Keys | None:
    """Only what is written there as it is; who assumes roles or signs in has AWS' command line."""
    told = here.environment
    profile = told.get("AWS_PROFILE") or "default"
    file = told.get("AWS_SHARED_CREDENTIALS_FILE") or Path(told.get("HOME", "/"), ".aws", "credentials")
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None
    section = parser[profile] if parser.has_section(profile) else {}
    access_key, secret_key = section.get("aws_access_key_id"), section.get("aws_secret_access_key")
    if not access_key or not secret_key:
        return None
    return _keys(here, access_key, secret_key, section.get("aws_session_token"), f"profile {profile}")


def _from_command_line(here: Here) -> Keys | None:
    body = here.memory.get("aws", lambda: _ask_command_line(here))
    try:
        return _keys(here, body["AccessKeyId"], body["SecretAccessKey"], body.get("SessionToken"), "aws configure")
    except (KeyError, TypeError):
        return None


def _ask_command_line(here: Here) -> Any:
    """None where it is not installed, or knows of nobody."""
    program = shutil.which("aws", path=here.environment.get("PATH"))
    if program is None:
        return None
    try:
        said = subprocess.run(
            [program, "configure", "export-credentials", "--format", "process"],
            env=dict(here.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=here.left,
            check=True,
        ).stdout
        return json.loads(said)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckError(f"cannot read {file}: {error}", "see that the pod's token is mounted and readable") from None


def ask_aws(
    here: Here,
    keys: Keys,
    service: str,
    region: str,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    expected: tuple[int, ...] = (200,),
    fixes: Mapping[int | str, str] | None = None,
) -> Answer:
    """A signed request; see `web.ask`."""
    signed = sign(keys, service, region, method, url, headers or {}, content, datetime.now(timezone.utc))
    denied = f"{keys.source or keys.access_key} is who asks: {_DENIED}"
    names: tuple[int | str, ...] = ("AccessDenied", "AccessDeniedException", 401, 403)
    return ask(
        here,
        method,
        url,
        headers=signed,
        content=content or None,
        expected=expected,
        fixes={**dict.fromkeys(names, denied), **_FIXES, **(fixes or {})},
    )


def ask_json(
    here: Here, keys: Keys, service: str, region: str, url: str, target: str, body: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """A request in AWS' JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html)."""
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
    content = json.dumps(body).encode()
    return ask_aws(here, keys, service, region, "POST", url, headers=headers, content=content, **more).json


def sign(
    keys: Keys,
    service: str,
    region: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    now: datetime,
) -> dict[str, str]:
    """The headers of a signed request (Signature Version 4,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html) without a query, whose
    path is escaped already."""
    address, moment, day = urlsplit(url), now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(content).hexdigest()
    every = {
        **{name.lower(): value for name, value in headers.items()},
        "host": address.netloc,
        "x-amz-content-sha256": digest,
        "x-amz-date": moment,
        **({"x-amz-security-token": keys.token} if keys.token else {}),
    }
    every = dict(sorted(every.items()))
    signed = ";".join(every)
    lines = [f"{name}:{value}" for name, value in every.items()]
    canonical = "\n".join([method, address.path or "/", "", *lines, "", signed, digest])
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = _mac(key, part).digest()
    text = "\n".join([_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    authorization = (
        f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={signed}, "
        f"Signature={_mac(key, text).hexdigest()}"
    )
    return {**every, "authorization": authorization}


def _mac(key: bytes, text: str) -> hmac.HMAC:
    return hmac.new(key, text.encode(), hashlib.sha256)
