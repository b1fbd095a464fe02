"""The local example: up, unchanged the second time, down without a trace."""

from __future__ import annotations

import json

import pytest

from floe_infra.cli.destroy import destroy_platform
from floe_infra.cli.stacks import planned
from floe_infra.synthesis import synthesize

from .conftest import needs_aws_provider

pytestmark = [pytest.mark.slow, needs_aws_provider]

LAYERS = {layer: f"floe-local-{layer}-000000000000" for layer in ("bronze", "silver", "gold")}


def test_local_example_comes_up_stays_and_goes(deploy):
    platform = deploy("examples/local.yaml")
    s3, glue, kms = platform.client("s3"), platform.client("glue"), platform.client("kms")

    assert platform.outputs["warehouse"] == {layer: f"s3://{name}" for layer, name in LAYERS.items()}
    for bucket in LAYERS.values():
        assert_is_safe(s3, bucket)
        [rule] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7
        assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7
        assert "Days" not in rule.get("Expiration", {})
        assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == "floe-local-logs-000000000000"
    [alias] = [each for each in kms.list_aliases()["Aliases"] if each["AliasName"] == "alias/floe-local-storage"]
    assert kms.get_key_rotation_status(KeyId=alias["TargetKeyId"])["KeyRotationEnabled"]
    names = sorted(database["Name"] for database in glue.get_databases()["DatabaseList"])
    assert names == sorted(platform.outputs["catalog_namespaces"].values())

    s3.put_object(Bucket=LAYERS["bronze"], Key="table/data.parquet", Body=b"rows")  # force_destroy has to remove it
    [stack] = synthesize(platform.config, platform.out)
    with planned(stack, environment=platform.aws.environment) as again:
        assert again.summary.empty, again.summary

    assert destroy_platform(platform.config, platform.out, yes=True, environment=platform.aws.environment) > 30
    assert s3.list_buckets()["Buckets"] == []
    assert glue.get_databases()["DatabaseList"] == []
    assert json.loads(platform.state.read_text())["resources"] == []


def assert_is_safe(s3, bucket):
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert {"DenyInsecureTransport", "DenyOtherEncryption"} <= {each["Sid"] for each in policy["Statement"]}
