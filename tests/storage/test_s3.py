from __future__ import annotations

import json

import pytest

from floe_infra.refs import IdentityRef
from synthesized import data, resources


def test_one_bucket_for_each_layer(synth):
    stack = synth(storage={"kind": "s3"})["foundation"]
    names = {path: block["bucket"] for path, block in resources(stack, "aws_s3_bucket").items()}
    assert names == {
        "storage/layers/bronze/bucket": "acme-prod-bronze-111122223333",
        "storage/layers/silver/bucket": "acme-prod-silver-111122223333",
        "storage/layers/gold/bucket": "acme-prod-gold-111122223333",
        "storage/logs/bucket": "acme-prod-logs-111122223333",
    }


def test_single_bucket_serves_all_layers(synth):
    stack = synth(storage={"layout": "single_bucket", "bucket_names": {"warehouse": "my-warehouse"}})["foundation"]
    assert resources(stack, "aws_s3_bucket")["storage/layers/warehouse/bucket"]["bucket"] == "my-warehouse"
    assert set(stack["output"]["warehouse"]["value"]) == {"bronze", "silver", "gold"}
    assert len(set(stack["output"]["warehouse"]["value"].values())) == 1


@pytest.mark.parametrize("layer", ["key", "logs_", "layers", "read"])
def test_a_layer_may_have_any_name(synth, layer):
    stack = synth(storage={"layers": [layer]})["foundation"]
    assert f"storage/layers/{layer}/bucket" in resources(stack, "aws_s3_bucket")


@pytest.mark.parametrize("customised", [{}, {"layout": "single_bucket", "preaggregations": True}])
def test_every_bucket_is_private_versioned_encrypted_and_kept(synth, customised):
    stack = synth(storage=customised)["foundation"]
    buckets = resources(stack, "aws_s3_bucket")
    for around in ("public_access_block", "versioning", "server_side_encryption_configuration", "policy"):
        assert len(resources(stack, f"aws_s3_bucket_{around}")) == len(buckets)
    for bucket in buckets.values():
        assert bucket["lifecycle"] == {"prevent_destroy": True}
        assert bucket["force_destroy"] is False
    for block in resources(stack, "aws_s3_bucket_public_access_block").values():
        rules = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        assert all(block[rule] for rule in rules)
    for path, block in resources(stack, "aws_s3_bucket_server_side_encryption_configuration").items():
        algorithm = block["rule"][0]["apply_server_side_encryption_by_default"]["sse_algorithm"]
        assert algorithm == ("AES256" if path.startswith("storage/logs/") else "aws:kms")


def test_warehouse_rules_never_expire_or_archive_live_objects(synth):
    stack = synth(storage={})["foundation"]
    lifecycles = resources(stack, "aws_s3_bucket_lifecycle_configuration")
    for layer in ("bronze", "silver", "gold"):
        for rule in lifecycles[f"storage/layers/{layer}/lifecycle"]["rule"]:
            assert all("days" not in expiration for expiration in rule.get("expiration", []))
            assert {move["storage_class"] for move in rule.get("transition", [])} <= {"INTELLIGENT_TIERING"}


def test_uploads_with_another_key_or_without_tls_are_denied(synth):
    stack = synth(storage={})["foundation"]
    tls, encryption = data(stack, "aws_iam_policy_document")["storage/layers/gold/policy_document"]["statement"]
    assert (tls["effect"], tls["condition"][0]["variable"]) == ("Deny", "aws:SecureTransport")
    assert (encryption["effect"], encryption["actions"]) == ("Deny", ["s3:PutObject"])
    tests = {condition["variable"]: condition["test"] for condition in encryption["condition"]}
    assert tests == {
        "s3:x-amz-server-side-encryption": "Null",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "StringNotEquals",
    }


def test_log_bucket_admits_deliveries_of_our_buckets_only(synth):
    stack = synth(storage={"layers": ["raw"]})["foundation"]
    *_, delivery = data(stack, "aws_iam_policy_document")["storage/logs/policy_document"]["statement"]
    assert delivery["principals"] == [{"identifiers": ["logging.s3.amazonaws.com"], "type": "Service"}]
    assert delivery["condition"][0]["values"] == ["arn:aws:s3:::acme-prod-raw-111122223333"]


@pytest.mark.parametrize(("environment", "kept"), [("dev", False), ("prod", True)])
def test_two_keys_are_needed_to_lose_data(synth, config, environment, kept):
    platform = config(storage={}, environment=environment, allow_data_loss=environment == "dev")
    stack = synth(platform)["foundation"]
    for block in [*resources(stack, "aws_s3_bucket").values(), *resources(stack, "aws_kms_key").values()]:
        assert block.get("lifecycle", {}).get("prevent_destroy", False) is kept


def test_an_existing_key_is_used_and_none_made(synth):
    arn = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000"
    stack = synth(storage={"kms_key_arn": arn})["foundation"]
    assert resources(stack, "aws_kms_key") == {}
    assert arn in json.dumps(resources(stack, "aws_s3_bucket_server_side_encryption_configuration"))


def test_endpoint_switches_path_style_and_nothing_else(synth, config):
    cloud = {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"}
    here = synth(config(storage={}, cloud=cloud | {"endpoint": "http://localhost:4566"}))["foundation"]
    there = synth(config(storage={}, cloud=cloud))["foundation"]
    [provider] = here["provider"]["aws"]
    assert provider["s3_use_path_style"] is True
    assert provider["endpoints"][0]["s3"] == "http://localhost:4566"
    assert here["resource"] == there["resource"]
    assert here["data"] == there["data"]


@pytest.mark.parametrize(("grant", "writes"), [("grant_read", False), ("grant_read_write", True)])
def test_grants_name_exactly_the_warehouse_buckets(grant, writes):
    from alone import PROD, synthesized
    from floe_infra.storage.config import S3Config
    from floe_infra.storage.s3 import S3Storage

    def make(stack):
        storage = S3Storage(stack, "storage", config=S3Config(layers=["raw"], preaggregations=True), context=PROD)
        role = "arn:aws:iam::111122223333:role/engine"
        getattr(storage, grant)(IdentityRef(namespace="data", service_account="engine", role="engine", role_arn=role))

    stack = synthesized(make)
    [policy] = resources(stack, "aws_iam_role_policy").values()
    assert policy["role"] == "engine"
    document = next(block for path, block in data(stack, "aws_iam_policy_document").items() if "engine" in path)
    listing, objects, key = document["statement"]
    bucket = "${aws_s3_bucket.storage_layers_raw_bucket_"
    assert [each.startswith(bucket) for each in listing["resources"] + objects["resources"]] == [True, True]
    assert objects["resources"][0].endswith(".arn}/*")
    assert ("s3:PutObject" in objects["actions"], "kms:GenerateDataKey" in key["actions"]) == (writes, writes)


def test_what_runs_print_has_a_bucket_that_forgets():
    from alone import PROD, synthesized
    from floe_infra.storage.config import S3Config
    from floe_infra.storage.s3 import S3Storage

    def make(stack):
        storage = S3Storage(stack, "storage", config=S3Config(compute_logs=True), context=PROD)
        role = "arn:aws:iam::111122223333:role/runs"
        storage.grant_compute_logs(IdentityRef("floe", "dagster", role="runs", role_arn=role))

    stack = synthesized(make)
    assert (
        resources(stack, "aws_s3_bucket")["storage/compute_logs/bucket"]["bucket"]
        == "acme-prod-compute-logs-111122223333"
    )
    rules = resources(stack, "aws_s3_bucket_lifecycle_configuration")["storage/compute_logs/lifecycle"]["rule"]
    assert 90 in [each.get("days") for rule in rules for each in rule.get("expiration", [])]
    granted = data(stack, "aws_iam_policy_document")["storage/compute_logs_floe_dagster_document"]["statement"]
    assert all("compute_logs" in each for each in granted[0]["resources"] + granted[1]["resources"])


def test_what_queries_have_found_so_far_has_a_bucket_that_forgets_within_a_day():
    from alone import PROD, synthesized
    from floe_infra.storage.config import S3Config
    from floe_infra.storage.s3 import S3Storage

    def make(stack):
        storage = S3Storage(stack, "storage", config=S3Config(exchange=True), context=PROD)
        role = "arn:aws:iam::111122223333:role/query"
        storage.grant_exchange(IdentityRef("query", "trino", role="query", role_arn=role))

    stack = synthesized(make)
    assert resources(stack, "aws_s3_bucket")["storage/exchange/bucket"]["bucket"] == "acme-prod-exchange-111122223333"
    rules = resources(stack, "aws_s3_bucket_lifecycle_configuration")["storage/exchange/lifecycle"]["rule"]
    assert [each["days"] for rule in rules for each in rule.get("expiration", []) if "days" in each] == [1]
    listing, objects, key = data(stack, "aws_iam_policy_document")["storage/exchange_query_trino_document"]["statement"]
    assert all("storage_exchange" in each for each in listing["resources"] + objects["resources"])
    assert {"s3:PutObject", "s3:DeleteObject"} <= set(objects["actions"])
    assert "kms:GenerateDataKey" in key["actions"]


@pytest.mark.parametrize("grant", ["grant_compute_logs", "grant_exchange"])
def test_without_such_a_bucket_nobody_is_let_in(grant):
    from alone import PROD, synthesized
    from floe_infra.storage.config import S3Config
    from floe_infra.storage.s3 import S3Storage

    def make(stack):
        identity = IdentityRef("floe", "dagster", role="runs", role_arn="arn")
        getattr(S3Storage(stack, "storage", config=S3Config(), context=PROD), grant)(identity)

    with pytest.raises(LookupError, match=grant.removeprefix("grant_")):
        synthesized(make)
