"""What services on Google get of the foundation, once refs have crossed from stack to stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from floe_infra.config import load
from floe_infra.synthesis import synthesize
from in_cluster import objects, releases
from synthesized import resources

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("google")
    made = synthesize(load(EXAMPLES / "gcp-prod.yaml"), out)
    return {stack.name.rpartition("-")[2]: json.loads(stack.file.read_text()) for stack in made}


def test_the_catalog_lends_what_its_own_service_account_may_act_as(stacks):
    spec = json.loads(objects(stacks["services"])["ConfigMap/polaris-provisioning"]["data"]["spec.json"])
    storage = spec["catalog"]["storage"]
    assert storage["storageType"] == "GCS"
    assert len(storage["allowedLocations"]) == 3
    granted = resources(stacks["foundation"], "google_service_account_iam_member")
    [lend] = [block for path, block in granted.items() if path.startswith("storage/lent_catalog_polaris")]
    assert lend["role"] == "roles/iam.serviceAccountTokenCreator"


def test_trino_takes_what_it_is_lent(stacks):
    properties = releases(stacks["services"])["trino"]["values"]["catalogs"]["iceberg"].splitlines()
    assert "fs.native-gcs.enabled=true" in properties
    assert "iceberg.rest-catalog.vended-credentials-enabled=true" in properties
    assert not [each for each in properties if each.startswith(("s3.", "fs.native-s3"))]


def test_stores_know_where_the_cluster_is(stacks):
    store = objects(stacks["services"])["SecretStore/cloud"]["spec"]["provider"]["gcpsm"]
    assert store["projectID"] == "acme-data-prod"
    assert store["auth"]["workloadIdentity"]["clusterLocation"] == "europe-west4"


def test_service_accounts_in_the_cluster_act_as_googles(stacks):
    account = releases(stacks["services"])["polaris"]["values"]["serviceAccount"]
    assert set(account["annotations"]) == {"iam.gke.io/gcp-service-account"}


def test_the_database_waits_for_the_way_to_it(stacks):
    [server] = resources(stacks["foundation"], "google_sql_database_instance").values()
    network = server["settings"]["ip_configuration"]["private_network"]
    assert network.startswith("${google_service_networking_connection.")


def test_no_service_of_ours_is_told_of_aws(stacks):
    mine = {name: release["values"] for name, release in releases(stacks["services"]).items()}
    programs = ("polaris-provisioning", "databases")
    told = [name for name, values in mine.items() if name not in programs and "AWS" in json.dumps(values)]
    assert told == []
