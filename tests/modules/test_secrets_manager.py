"""No plan holds what is written into a secret, so that it is right is seen where it arrives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from floe_infra.runtime.emulator import Emulator
from floe_infra.runtime.terraform import Terraform

from .conftest import HAS_AWS, MODULES
from .plans import provider

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not HAS_AWS, reason="no AWS provider")]

SECRETS: dict[str, dict[str, Any]] = {
    "login": {"values": {"username": "acme"}, "generate": {"password": 40}},
    "cube": {"generate": {"api": 24, "sql": 40}},
}


def values(aws: Emulator) -> dict[str, dict[str, str]]:
    login = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    client = boto3.client("secretsmanager", endpoint_url=aws.endpoint, region_name="eu-west-1", **login)
    return {name: json.loads(client.get_secret_value(SecretId=f"acme/{name}")["SecretString"]) for name in SECRETS}


def apply(directory: Path, aws: Emulator, secrets: dict[str, Any]) -> dict[str, dict[str, str]]:
    module = {"source": "./secrets-manager", "name": "acme", "secrets": secrets}
    document = {"module": {"secrets": module}, "provider": {"aws": provider(aws)}}
    (directory / "main.tf.json").write_text(json.dumps(document))
    terraform = Terraform(directory, environment=aws.environment)
    terraform.init()
    terraform.apply()
    return values(aws)


def test_passwords_are_made_kept_made_anew_on_request_and_in_no_state(tmp_path, aws):
    shutil.copytree(MODULES / "secrets-manager", tmp_path / "secrets-manager", ignore=shutil.ignore_patterns(".t*"))
    first = apply(tmp_path, aws, SECRETS)
    assert first["login"]["username"] == "acme"
    assert len(first["login"]["password"]) == len(first["cube"]["sql"]) == 40
    assert first["login"]["password"] != first["cube"]["sql"]
    assert len(first["cube"]["api"]) == 24
    assert all(value.isalnum() for secret in first.values() for value in secret.values())
    second = apply(tmp_path, aws, {**SECRETS, "cube": {**SECRETS["cube"], "generation": 2}})
    assert second["login"] == first["login"]
    assert second["cube"].keys() == first["cube"].keys()
    assert second["cube"]["sql"] != first["cube"]["sql"]
    state = (tmp_path / "terraform.tfstate").read_text()
    assert not [value for each in (first, second) for value in each["cube"].values() if value in state]
    assert first["login"]["password"] not in state
