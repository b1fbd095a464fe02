"""Secrets, by name: from the environment, from AWS' secret manager on the emulator, from a server like Google's."""

from __future__ import annotations

import base64
import json

import pytest

from checks.servers import Answer, Request, always, answering
from floe_infra.checks.program.credentials import Entry, Secret
from floe_infra.checks.program.here import CheckError, Here

ENTRIES = (Entry("client_id", "ID", "id"), Entry("client_secret", "SECRET", "secret"))
AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-key"}


def test_the_environment_comes_first():
    here = Here({"ID": "a", "SECRET": "hunter2"})
    assert Secret(ENTRIES, manager="aws", name="x").read(here) == {"client_id": "a", "client_secret": "hunter2"}
    assert here.printable("hunter2") == "***"


@pytest.fixture(scope="module")
def arn(client) -> str:
    value = json.dumps({"client_id": "a", "client_secret": "b", "more": 1})
    return str(client("secretsmanager").create_secret(Name="acme/prod/catalog", SecretString=value)["ARN"])


def test_awss_secret_manager(aws, arn):
    secret = Secret(ENTRIES, manager="aws", name=arn, region="eu-west-1", endpoint=aws.endpoint)
    assert secret.read(Here(AWS)) == {"client_id": "a", "client_secret": "b"}


def test_a_secret_that_aws_does_not_have(aws):
    secret = Secret(ENTRIES, manager="aws", name="acme/prod/gone", region="eu-west-1", endpoint=aws.endpoint)
    with pytest.raises(CheckError, match="ResourceNotFoundException") as failed:
        secret.read(Here(AWS))
    assert failed.value.fix == "make the secret acme/prod/gone, or deploy again"


def test_a_key_that_the_secret_lacks(aws, arn):
    secret = Secret((Entry("token", "TOKEN"),), manager="aws", name=arn, region="eu-west-1", endpoint=aws.endpoint)
    with pytest.raises(CheckError, match="it has no key 'token'"):
        secret.read(Here(AWS))


def test_googles_secret_manager():
    def answer(request: Request) -> Answer:
        assert request.path == "/v1/projects/acme-data/secrets/acme-prod-catalog/versions/latest:access"
        assert request.headers["authorization"] == "Bearer ya29"
        data = base64.b64encode(json.dumps({"client_id": "a", "client_secret": "b"}).encode()).decode()
        return 200, {"payload": {"data": data}}

    with answering(answer) as server:
        secret = Secret(ENTRIES, manager="google", name="acme-prod-catalog", project="acme-data", endpoint=server.url)
        assert secret.read(Here({"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29"})) == {"client_id": "a", "client_secret": "b"}


def test_a_secret_of_googles_that_one_may_not_read():
    said = {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "Permission denied on resource"}}
    with answering(always(403, said)) as server, pytest.raises(CheckError, match="PERMISSION_DENIED") as failed:
        Secret(ENTRIES, manager="google", name="catalog", project="acme", endpoint=server.url).read(
            Here({"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29"})
        )
    assert "Secret Manager Secret Accessor of catalog" in failed.value.fix


def test_in_the_cluster_the_secret_is_the_clusters():
    """A pod asks no secret manager."""
    with pytest.raises(CheckError) as failed:
        Secret(ENTRIES, "catalog-secret", manager="aws", name="x").read(Here({"ID": "a"}, in_cluster=True))
    assert failed.value.reason == "no SECRET: the Secret catalog-secret is not there, or lacks a key"
    assert failed.value.fix.endswith("kubectl get externalsecret,secret catalog-secret")


def test_a_secret_that_only_the_cluster_has():
    with pytest.raises(CheckError, match="no ID and SECRET in the environment") as failed:
        Secret(ENTRIES, "catalog-secret").read(Here({}))
    assert "--in-cluster" in failed.value.fix
