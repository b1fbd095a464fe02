from __future__ import annotations

from typing import Any

import pytest
from cdktf import TerraformOutput
from pydantic import ValidationError

from alone import GOOGLE, GOOGLE_DISPOSABLE, synthesized_on_google
from floe_infra.compute import BigQueryConfig
from floe_infra.compute.bigquery import BigQuery
from floe_infra.refs import IdentityRef
from synthesized import data, resources

DAGSTER = IdentityRef("floe", "floe-dagster", "dagster@acme-data.iam.gserviceaccount.com", "")
KEY = "projects/acme-kms/locations/europe-west4/keyRings/data/cryptoKeys/bigquery"


def bigquery(*, context: Any = GOOGLE, **fields: Any) -> tuple[dict[str, Any], BigQuery]:
    made: list[BigQuery] = []

    def make(stack: Any) -> None:
        made.append(BigQuery(stack, "compute", config=BigQueryConfig(**fields), context=context))
        made[0].grant_use(DAGSTER)
        TerraformOutput(stack, "reader", value=made[0].reader.role)
        TerraformOutput(stack, "dataset", value=made[0].ref.environment["BIGQUERY_DATASET"])

    return synthesized_on_google(make), made[0]


def datasets(**given: Any) -> dict[str, dict[str, Any]]:
    found = resources(bigquery(**given)[0], "google_bigquery_dataset")
    return {path.rpartition("/")[2]: block for path, block in found.items()}


def test_one_dataset_for_marts_beside_the_buckets():
    assert {name: (block["dataset_id"], block["location"]) for name, block in datasets().items()} == {
        "marts": ("acme_prod_marts", "europe-west4")
    }


def test_one_for_each_layer():
    found = datasets(datasets=["bronze", "gold"], dataset_prefix="lake")
    assert [block["dataset_id"] for block in found.values()] == ["lake_bronze", "lake_gold"]


def test_data_is_kept():
    block = datasets()["marts"]
    assert block["lifecycle"]["prevent_destroy"] is True
    assert block["delete_contents_on_destroy"] is False


def test_both_keys_let_it_go():
    block = datasets(context=GOOGLE_DISPOSABLE)["marts"]
    assert "lifecycle" not in block
    assert block["delete_contents_on_destroy"] is True


def test_a_key_of_its_own_that_bigquery_may_use_before_it_needs_it():
    stack, _ = bigquery()
    [block] = resources(stack, "google_bigquery_dataset").values()
    [key] = stack["resource"]["google_kms_crypto_key"]
    assert block["default_encryption_configuration"] == {"kms_key_name": f"${{google_kms_crypto_key.{key}.id}}"}
    [granted] = resources(stack, "google_kms_crypto_key_iam_member").values()
    [agent] = stack["data"]["google_bigquery_default_service_account"]
    assert granted["member"] == f"${{data.google_bigquery_default_service_account.{agent}.member}}"
    assert any(address.startswith("google_kms_crypto_key_iam_member") for address in block["depends_on"])


def test_an_existing_key_is_used_and_none_made():
    stack, made = bigquery(kms_key_name=KEY)
    [block] = resources(stack, "google_bigquery_dataset").values()
    assert block["default_encryption_configuration"] == {"kms_key_name": KEY}
    assert made.key is None
    assert "google_kms_crypto_key" not in stack["resource"]
    assert not data(stack, "google_bigquery_default_service_account")


def test_without_a_key_of_its_own_google_encrypts_with_googles():
    stack, made = bigquery(own_key=False)
    [block] = resources(stack, "google_bigquery_dataset").values()
    assert "default_encryption_configuration" not in block
    assert made.key is None
    assert "google_kms_crypto_key" not in stack["resource"]


def test_queries_read_the_tables_through_a_connection_with_an_account_of_its_own():
    stack, _ = bigquery()
    [connection] = resources(stack, "google_bigquery_connection").values()
    assert (connection["connection_id"], connection["location"]) == ("acme-prod-lakehouse", "europe-west4")
    assert connection["cloud_resource"] == {}
    [name] = stack["resource"]["google_bigquery_connection"]
    reads_as = f"${{google_bigquery_connection.{name}.cloud_resource[0].service_account_id}}"
    assert stack["output"]["reader"]["value"] == reads_as


def test_who_runs_queries_may_do_so_in_these_datasets_alone():
    stack, _ = bigquery(datasets=["bronze", "gold"])
    kinds = ("project", "bigquery_dataset", "bigquery_connection")
    granted = {
        path.removeprefix("compute/use_floe_floe-dagster/"): (block["role"], block["member"])
        for kind in kinds
        for path, block in resources(stack, f"google_{kind}_iam_member").items()
    }
    member = f"serviceAccount:{DAGSTER.role}"
    assert granted == {
        "run": ("roles/bigquery.jobUser", member),
        "datasets/bronze": ("roles/bigquery.dataEditor", member),
        "datasets/gold": ("roles/bigquery.dataEditor", member),
        "connection": ("roles/bigquery.connectionUser", member),
    }


def test_runs_are_told_where_their_tables_go_and_how_large_they_are():
    stack, made = bigquery(memory_gib=8, cpu=2)
    assert (made.ref.engine, made.ref.memory_mib, made.ref.cpu) == ("bigquery", 8192, 2)
    assert made.ref.environment["GOOGLE_CLOUD_PROJECT"] == "acme-data"
    assert made.ref.environment["BIGQUERY_LOCATION"] == "europe-west4"
    [dataset] = stack["resource"]["google_bigquery_dataset"]
    assert stack["output"]["dataset"]["value"] == f"${{google_bigquery_dataset.{dataset}.dataset_id}}"
    assert made.ref.environment["DUCKDB_MEMORY_LIMIT"] == "6144MiB"


@pytest.mark.parametrize(
    "fields", [{"datasets": []}, {"datasets": ["gold", "gold"]}, {"datasets": ["Gold"]}, {"dataset_prefix": "a-b"}]
)
def test_what_is_refused(fields):
    with pytest.raises(ValidationError):
        BigQueryConfig(**fields)
