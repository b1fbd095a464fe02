from __future__ import annotations

import json

from cdktf import App

from floe_infra.state import GcsState
from floe_infra.state.gcs_bucket import GcsStateBucketStack
from provider_schema import conformance_problems
from synthesized import resources

CLOUD = {"provider": "gcp", "project": "acme-data-prod", "region": "europe-west4"}


def synthesized(config, state: GcsState) -> dict:
    stack = GcsStateBucketStack(App(), config(cloud=CLOUD), state)
    made = json.loads(json.dumps(stack.to_terraform()))
    assert conformance_problems(made) == []
    return made


def test_the_states_bucket_is_kept_and_keeps_old_states_for_a_year(config):
    [bucket] = resources(synthesized(config, GcsState(bucket="acme-state")), "google_storage_bucket").values()
    assert (bucket["name"], bucket["location"]) == ("acme-state", "europe-west4")
    assert bucket["lifecycle"] == {"prevent_destroy": True}
    assert bucket["lifecycle_rule"][1]["condition"] == {"with_state": "ARCHIVED", "days_since_noncurrent_time": 365}
    assert bucket["encryption"]["default_kms_key_name"].startswith("${google_kms_crypto_key.key_")


def test_bucket_and_key_lie_where_the_state_is_to_lie(config):
    stack = synthesized(config, GcsState(bucket="acme-state", region="europe-west1"))
    [bucket] = resources(stack, "google_storage_bucket").values()
    [ring] = resources(stack, "google_kms_key_ring").values()
    assert (bucket["location"], ring["location"]) == ("europe-west1", "europe-west1")


def test_an_existing_key_encrypts_the_bucket_too(config):
    key = "projects/acme-kms/locations/europe-west4/keyRings/states/cryptoKeys/terraform"
    stack = synthesized(config, GcsState(bucket="acme-state", kms_key_name=key))
    [bucket] = resources(stack, "google_storage_bucket").values()
    assert bucket["encryption"] == {"default_kms_key_name": key}
    assert resources(stack, "google_kms_crypto_key") == {}
