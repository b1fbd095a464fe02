from __future__ import annotations

import pytest

GOOGLE = {"provider": "gcp", "project": "acme-data-prod", "region": "europe-west4"}
KEY = "projects/acme-kms/locations/europe-west4/keyRings/states/cryptoKeys/terraform"


@pytest.fixture
def backend(synth, config):
    """What the foundation says of its backend, given `state` and `cloud`."""

    def make(state, **more):
        return synth(config(state=state, storage={"kind": "none"}, **more))["foundation"]["terraform"]["backend"]

    return make


def test_files_lie_beside_the_output(backend):
    assert backend({"kind": "local"}) == {"local": {"path": "../../../terraform-state/acme-prod-foundation.tfstate"}}


def test_s3_locks_with_a_file_of_its_own(backend):
    [(kind, s3)] = backend({"kind": "s3", "bucket": "acme-state"}).items()
    assert (kind, s3["key"], s3["use_lockfile"]) == ("s3", "floe-infra/acme-prod-foundation.tfstate", True)


def test_cloud_storage_keeps_each_stack_under_a_prefix(backend):
    state = {"kind": "gcs", "bucket": "acme-state", "kms_key_name": KEY}
    assert backend(state, cloud=GOOGLE) == {
        "gcs": {
            "bucket": "acme-state",
            "kms_encryption_key": KEY,
            "prefix": "floe-infra/acme-prod-foundation",
        }
    }


def test_the_services_read_the_foundations_state_where_it_is(synth, config):
    cluster = {"kind": "kubeconfig", "context": "kind-floe"}
    stack = synth(config(cloud=GOOGLE, cluster=cluster, state={"kind": "gcs", "bucket": "acme-state"}))["services"]
    [remote] = stack["data"]["terraform_remote_state"].values()
    assert remote["backend"] == "gcs"
    assert remote["config"] == {"bucket": "acme-state", "prefix": "floe-infra/acme-prod-foundation"}


def test_a_key_elsewhere_cannot_encrypt_the_state(config):
    state = {"kind": "gcs", "bucket": "acme-state", "kms_key_name": KEY.replace("europe-west4", "us-central1")}
    with pytest.raises(ValueError, match="the key is in us-central1"):
        config(cloud=GOOGLE, state=state)


def test_the_states_bucket_and_its_key_may_be_in_another_region(config):
    key = KEY.replace("europe-west4", "us-central1")
    state = {"kind": "gcs", "bucket": "acme-state", "region": "us-central1", "kms_key_name": key}
    assert config(cloud=GOOGLE, state=state).state.kms_key_name == key
