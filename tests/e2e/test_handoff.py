"""What a deployed platform hands over, as Terraform has computed it."""

from __future__ import annotations

import pytest
import yaml

from floe_infra.cli.handoff import deployed_files

from .conftest import needs_aws_provider

pytestmark = [pytest.mark.slow, needs_aws_provider]


def test_local_example_hands_over_what_is_there(deploy):
    platform = deploy("examples/local.yaml")
    files = deployed_files(platform.config, platform.out, environment=platform.aws.environment)

    spec = yaml.safe_load(files["platform.yaml"])
    buckets = {bucket["Name"] for bucket in platform.client("s3").list_buckets()["Buckets"]}
    assert {profile["bucket"] for profile in spec["storage"].values()} < buckets
    databases = {database["Name"] for database in platform.client("glue").get_databases()["DatabaseList"]}
    assert {layer["namespace"] for layer in spec["layers"].values()} == databases

    catalog = yaml.safe_load(files["pyiceberg.yaml"])["catalog"]["default"]
    assert catalog["glue.endpoint"] == catalog["s3.endpoint"] == platform.aws.endpoint
    assert not any("${" in text for text in files.values())
    assert "handoff" not in platform.outputs
