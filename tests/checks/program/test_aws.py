"""Who we are on AWS, and signatures, which are compared with those of AWS' own client."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from checks.servers import always, answering
from floe_infra.checks.program import aws as program
from floe_infra.checks.program.here import CheckError, Here

REGION = "eu-west-1"
KEYS = program.Keys("AKIAEXAMPLE", "a/secret+key", "a-token")


def found(in_cluster: bool = False, **environment: str) -> program.Keys:
    return program.find_keys(Here(environment, in_cluster=in_cluster), REGION)


@pytest.mark.parametrize(
    ("service", "method", "url", "headers", "content"),
    [
        ("s3", "PUT", "https://lake.s3.eu-west-1.amazonaws.com/gold/a%20b%3D1", {}, b"content"),
        ("s3", "GET", "http://127.0.0.1:4566/lake/gold/x", {}, b""),
        ("glue", "POST", "https://glue.eu-west-1.amazonaws.com/",
         {"X-Amz-Target": "AWSGlue.GetDatabase", "Content-Type": "application/x-amz-json-1.1"}, b'{"Name": "gold"}'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("token", ["a-token", ""])
def test_signatures_are_those_of_awss_own_client(monkeypatch, service, method, url, headers, content, token):
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None))
    ours = program.sign(
        program.Keys(KEYS.access_key, KEYS.secret_key, token), service, REGION, method, url, headers, content, now
    )
    request = AWSRequest(
        method, url, headers={"X-Amz-Content-SHA256": ours["x-amz-content-sha256"], **headers}, data=content
    )
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(KEYS.access_key, KEYS.secret_key, token or None), service, REGION).add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]


def test_keys_of_the_environment():
    keys = found(AWS_ACCESS_KEY_ID="id", AWS_SECRET_ACCESS_KEY="key", AWS_SESSION_TOKEN="token")
    assert (keys.access_key, keys.secret_key, keys.token, keys.source) == ("id", "key", "token", "environment")
    assert "key" not in repr(keys).replace("access_key", "")


def test_a_service_accounts_role(aws, client, tmp_path):
    """IRSA: the pod's token is given for the role's keys, which then are good for something."""
    role = client("iam").create_role(RoleName="floe", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    (tmp_path / "token").write_text("header.payload.signature\n")
    keys = found(
        in_cluster=True,
        AWS_ROLE_ARN=role,
        AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
        AWS_ENDPOINT_URL_STS=aws.endpoint,
    )
    assert keys.access_key.startswith("ASIA")
    assert keys.token
    assert keys.source == role


def test_a_role_that_trusts_somebody_else(tmp_path):
    (tmp_path / "token").write_text("token-of-the-pod")
    error = (
        b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized: token-of-the-pod</Message></Error>"
    )
    with answering(always(403, error)) as server, pytest.raises(CheckError) as failed:
        found(
            AWS_ROLE_ARN="arn:aws:iam::1:role/floe",
            AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
            AWS_ENDPOINT_URL_STS=server.url,
        )
    assert "AccessDenied: Not authorized" in failed.value.reason
    assert failed.value.fix == "let this service account act as arn:aws:iam::1:role/floe: the role trusts another one"
    assert server.requests[0].form["Action"] == "AssumeRoleWithWebIdentity"
    assert server.requests[0].form["WebIdentityToken"] == "token-of-the-pod"


def test_a_containers_identity(tmp_path):
    """EKS Pod Identity, ECS, CodeBuild."""
    (tmp_path / "token").write_text("pod")
    said = {"AccessKeyId": "id", "SecretAccessKey": "key", "Token": "token", "Expiration": "2030-01-01T00:00:00Z"}
    with answering(always(200, said)) as server:
        keys = found(
            AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{server.url}/v1/credentials",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token"),
        )
    assert (keys.access_key, keys.secret_key, keys.token) == ("id", "key", "token")
    assert server.requests[0].headers["authorization"] == "pod"


def test_a_profile(tmp_path):
    file = tmp_path / "credentials"
    default = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"
    file.write_text(f"{default}[ci]\naws_access_key_id = c\naws_secret_access_key = d%\n")
    assert found(AWS_SHARED_CREDENTIALS_FILE=str(file)).access_key == "a"
    keys = found(AWS_SHARED_CREDENTIALS_FILE=str(file), AWS_PROFILE="ci")
    assert (keys.access_key, keys.secret_key, keys.source) == ("c", "d%", "profile ci")


def test_whatever_awss_command_line_knows(tmp_path):
    said = json.dumps({"Version": 1, "AccessKeyId": "sso", "SecretAccessKey": "key", "SessionToken": "token"})
    program_file = tmp_path / "aws"
    program_file.write_text(f"#!/bin/sh\n[ \"$1 $2\" = 'configure export-credentials' ] && echo '{said}'\n")
    program_file.chmod(0o755)
    keys = found(PATH=f"{tmp_path}:/bin:/usr/bin", HOME=str(tmp_path))
    assert (keys.access_key, keys.token) == ("sso", "token")


@pytest.mark.parametrize(("in_cluster", "fix"), [(True, "eks.amazonaws.com/role-arn"), (False, "AWS_PROFILE")])
def test_nobody(tmp_path, in_cluster, fix):
    with pytest.raises(CheckError, match="no credentials") as failed:
        found(in_cluster=in_cluster, PATH=str(tmp_path), HOME=str(tmp_path))
    assert fix in failed.value.fix


def test_china():
    assert program.host("s3", "cn-north-1") == "s3.cn-north-1.amazonaws.com.cn"
