from __future__ import annotations

import pytest
from pydantic import ValidationError

from alone import GOOGLE, GOOGLE_DISPOSABLE, synthesized_on_google
from floe_infra.refs import IdentityRef
from floe_infra.storage import GcsConfig
from floe_infra.storage.config import GcsLifecycle
from floe_infra.storage.gcs import GcsStorage
from synthesized import data, resources

KEY = "projects/acme-kms/locations/europe-west4/keyRings/lake/cryptoKeys/storage"
CLOUD = {"provider": "gcp", "project": "acme-data-prod", "region": "europe-west4"}
ENGINE = IdentityRef("query", "engine", role="engine@acme-data.iam.gserviceaccount.com", role_arn="")


def storage(*grants: str, context=GOOGLE, **config) -> dict:
    def make(stack):
        made = GcsStorage(stack, "storage", config=GcsConfig(**config), context=context)
        for grant in grants:
            getattr(made, grant)(ENGINE)

    return synthesized_on_google(make)


def buckets(stack: dict) -> dict[str, dict]:
    found = resources(stack, "google_storage_bucket").items()
    return {path.removesuffix("/bucket").rpartition("/")[2]: block for path, block in found}


def roles(stack: dict, path: str) -> dict[str, str]:
    """Role by construct, of the grants below a path."""
    members = resources(stack, "google_storage_bucket_iam_member")
    return {
        each.removeprefix(f"storage/{path}/"): block["role"]
        for each, block in members.items()
        if each.startswith(f"storage/{path}/")
    }


def test_one_bucket_for_each_layer_named_after_platform_and_project():
    assert {purpose: block["name"] for purpose, block in buckets(storage()).items()} == {
        "bronze": "acme-prod-bronze-acme-data",
        "silver": "acme-prod-silver-acme-data",
        "gold": "acme-prod-gold-acme-data",
        "logs": "acme-prod-logs-acme-data",
    }


def test_single_bucket_serves_all_layers(synth, config):
    given = {"kind": "gcs", "layout": "single_bucket", "bucket_names": {"warehouse": "my-warehouse"}}
    stack = synth(config(cloud=CLOUD, storage=given))["foundation"]
    assert buckets(stack)["warehouse"]["name"] == "my-warehouse"
    assert len(set(stack["output"]["warehouse"]["value"].values())) == 1
    assert all(uri.startswith("gs://") for uri in stack["output"]["warehouse"]["value"].values())


@pytest.mark.parametrize("customised", [{}, {"preaggregations": True, "exchange": True, "compute_logs": True}])
def test_every_bucket_is_private_versioned_encrypted_and_kept(customised):
    for purpose, bucket in buckets(storage(**customised)).items():
        assert bucket["uniform_bucket_level_access"] is True
        assert bucket["public_access_prevention"] == "enforced"
        assert bucket["versioning"] == {"enabled": True}
        assert bucket["location"] == "europe-west4"
        assert bucket["lifecycle"] == {"prevent_destroy": True}
        assert bucket["force_destroy"] is False
        if purpose != "logs":
            assert bucket["encryption"]["default_kms_key_name"].startswith("${google_kms_crypto_key.storage_key_")
            assert bucket["logging"]["log_object_prefix"] == purpose


def test_a_disposable_platform_may_lose_its_buckets():
    for bucket in buckets(storage(context=GOOGLE_DISPOSABLE)).values():
        assert "lifecycle" not in bucket
        assert bucket["force_destroy"] is True


def test_the_key_rotates_and_cloud_storage_may_use_it_before_any_bucket_is_made():
    stack = storage(layers=["raw"])
    [key] = resources(stack, "google_kms_crypto_key").values()
    assert (key["rotation_period"], key["destroy_scheduled_duration"]) == ("7776000s", "2592000s")
    [(path, right)] = resources(stack, "google_kms_crypto_key_iam_member").items()
    assert right["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    assert right["member"].startswith("${data.google_storage_project_service_account.")
    assert any("google_kms_crypto_key_iam_member" in each for each in buckets(stack)["raw"]["depends_on"])
    assert path == "storage/key/storage"


def test_an_existing_key_is_used_and_none_made():
    stack = storage(kms_key_name=KEY, layers=["raw"])
    assert resources(stack, "google_kms_crypto_key") == {}
    assert data(stack, "google_storage_project_service_account") == {}
    assert buckets(stack)["raw"]["encryption"] == {"default_kms_key_name": KEY}


def test_without_a_key_of_its_own_google_encrypts_with_googles():
    stack = storage(own_key=False)
    assert resources(stack, "google_kms_crypto_key") == {}
    assert all("encryption" not in bucket for bucket in buckets(stack).values())


def test_a_key_ring_never_meets_one_of_a_platform_that_is_gone():
    [ring] = resources(storage(), "google_kms_key_ring").values()
    assert ring["name"].startswith("acme-prod-storage-${substr(terraform_data.")


def test_live_objects_of_a_warehouse_are_never_removed_nor_stored_away_by_age():
    for rule in buckets(storage())["gold"]["lifecycle_rule"]:
        condition = rule["condition"]
        if rule["action"]["type"] == "Delete":
            assert condition == {"with_state": "ARCHIVED", "days_since_noncurrent_time": 30}
        else:
            assert (rule["action"]["type"], condition) == ("AbortIncompleteMultipartUpload", {"age": 7})


def test_what_ages_by_itself_is_logs_caches_and_scratch():
    made = buckets(storage(preaggregations=True, exchange=True, compute_logs=True, logs_expire_days=400))
    ages = {
        purpose: rule["condition"]["age"]
        for purpose, block in made.items()
        for rule in block["lifecycle_rule"]
        if rule["action"]["type"] == "Delete" and "age" in rule["condition"]
    }
    assert ages == {"logs": 400, "preaggregations": 30, "exchange": 1, "compute_logs": 90}


@pytest.mark.parametrize(("autoclass", "classes"), [(True, ["ARCHIVE"]), (False, [])])
def test_autoclass_where_tables_are_and_nowhere_else(autoclass, classes):
    made = buckets(storage(layers=["raw"], exchange=True, lifecycle=GcsLifecycle(autoclass=autoclass)))
    assert [each["autoclass"]["terminal_storage_class"] for each in made.values() if "autoclass" in each] == classes


def test_soft_delete_where_it_is_worth_its_price():
    made = buckets(storage(exchange=True, lifecycle=GcsLifecycle(soft_delete_days=14)))
    seconds = {purpose: block["soft_delete_policy"]["retention_duration_seconds"] for purpose, block in made.items()}
    assert (seconds["gold"], seconds["logs"], seconds["exchange"]) == (14 * 86_400, 7 * 86_400, 0)


def test_usage_logs_are_delivered_before_anything_is_logged():
    stack = storage(layers=["raw"])
    [delivery] = [block for path, block in resources(stack, "google_storage_bucket_iam_member").items()]
    assert delivery["member"] == "group:cloud-storage-analytics@google.com"
    assert delivery["role"] == "roles/storage.objectCreator"
    assert any("log_delivery" in each for each in buckets(stack)["raw"]["depends_on"])
    assert "logging" not in buckets(stack)["logs"]


@pytest.mark.parametrize(
    ("grant", "role"),
    [("grant_read", "roles/storage.objectViewer"), ("grant_read_write", "roles/storage.objectAdmin")],
)
def test_grants_name_exactly_the_warehouse_buckets(grant, role):
    stack = storage(grant, layers=["raw"], preaggregations=True)
    [scope] = {path.split("/")[1] for path in resources(stack, "google_storage_bucket_iam_member")} - {"logs"}
    assert roles(stack, scope) == {"raw": role, "raw-bucket": "roles/storage.legacyBucketReader"}
    members = resources(stack, "google_storage_bucket_iam_member")
    assert members[f"storage/{scope}/raw"]["member"] == "serviceAccount:engine@acme-data.iam.gserviceaccount.com"


def test_other_buckets_have_grants_of_their_own():
    stack = storage("grant_exchange", "grant_compute_logs", layers=["raw"], exchange=True, compute_logs=True)
    assert roles(stack, "exchange_query_engine")["exchange"] == "roles/storage.objectAdmin"
    assert roles(stack, "compute_logs_query_engine")["compute_logs"] == "roles/storage.objectAdmin"
    assert not [each for each in resources(stack, "google_storage_bucket_iam_member") if "raw" in each]


@pytest.mark.parametrize("grant", ["grant_exchange", "grant_compute_logs"])
def test_a_bucket_that_is_not_there_is_granted_to_nobody(grant):
    with pytest.raises(LookupError, match=grant.removeprefix("grant_")):
        storage(grant)


def test_what_is_lent_out_is_an_account_that_only_the_lender_can_act_as():
    stack = storage("lend_role", layers=["raw"])
    [account] = resources(stack, "google_service_account").values()
    assert 6 <= len(account["account_id"]) <= 30
    assert roles(stack, "lent_query_engine_storage")["raw"] == "roles/storage.objectAdmin"
    [right] = resources(stack, "google_service_account_iam_member").values()
    assert right["role"] == "roles/iam.serviceAccountTokenCreator"
    assert right["member"] == "serviceAccount:engine@acme-data.iam.gserviceaccount.com"
    assert "google_service_account_key" not in stack["resource"]


def test_nothing_makes_keys_of_the_old_kind():
    stack = storage("grant_read_write", preaggregations=True)
    assert "google_storage_hmac_key" not in stack["resource"]


@pytest.mark.parametrize("days", [1, 6])
def test_soft_delete_knows_no_less_than_a_week(days):
    with pytest.raises(ValidationError, match="0, or 7 to 90"):
        GcsLifecycle(soft_delete_days=days)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"bucket_prefix": "goog-lake"}, "begins with a prefix that Google reserves"),
        ({"bucket_names": {"gold": "my-google-gold"}}, "holds Google's name"),
        ({"bucket_names": {"gold": "my-g00gle-gold"}}, "holds Google's name"),
        ({"bucket_prefix": "a" * 60}, "has 67 characters"),
        ({"bucket_names": {"gold": "acme-state"}}, "is that of the state bucket"),
    ],
)
def test_names_that_google_would_refuse(config, given, says):
    state = {"kind": "gcs", "bucket": "acme-state"}
    with pytest.raises(ValidationError, match=says):
        config(cloud=CLOUD, state=state, storage={"kind": "gcs", **given})


def test_a_key_in_another_region_is_refused(config):
    with pytest.raises(ValidationError, match="the key is in us-central1"):
        config(cloud=CLOUD, storage={"kind": "gcs", "kms_key_name": KEY.replace("europe-west4", "us-central1")})
