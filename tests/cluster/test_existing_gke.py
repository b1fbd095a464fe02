from __future__ import annotations

from typing import Any

import pytest
from cdktf import TerraformOutput

from alone import GOOGLE, synthesized_on_google
from floe_infra.cluster import ExistingGkeConfig
from floe_infra.cluster.existing_gke import ExistingGkeCluster
from synthesized import data, resources

GROUPS = {"arm": {"instance_types": ["t2a-standard-4"], "max_size": 5}}


def made(**config: Any) -> dict[str, Any]:
    def make(stack):
        given = ExistingGkeConfig.model_validate({"name": "shared", "node_groups": GROUPS, **config})
        cluster = ExistingGkeCluster(stack, "cluster", config=given, context=GOOGLE)
        cluster.identity("runtime", namespace="floe", service_account="dagster")
        TerraformOutput(stack, "endpoint", value=cluster.ref.endpoint)
        [group] = cluster.ref.node_groups
        assert (group.name, group.vcpu, group.memory_mib, group.max_size) == ("arm", 4, 16384, 5)

    return synthesized_on_google(make)


def test_only_accounts_are_made():
    made_types = set(made()["resource"]) - {"google_project_service"}
    assert made_types == {"google_service_account", "google_service_account_iam_member"}


@pytest.mark.parametrize(("given", "location"), [({}, "europe-west4"), ({"zone": "europe-west4-b"}, "europe-west4-b")])
def test_it_is_looked_up_where_it_is(given, location):
    block = data(made(**given), "google_container_cluster")["cluster/cluster"]
    assert (block["name"], block["location"]) == ("shared", location)


def test_one_that_is_not_there_or_knows_no_identities_is_said_so():
    [block] = data(made(), "google_container_cluster").values()
    assert [check["condition"] for check in block["lifecycle"]["postcondition"]] == [
        "${self.endpoint != null}",
        "${length(self.workload_identity_config) > 0}",
    ]


def test_accounts_are_those_of_its_pool():
    stack = made()
    [name] = stack["data"]["google_container_cluster"]
    [right] = resources(stack, "google_service_account_iam_member").values()
    pool = f"${{data.google_container_cluster.{name}.workload_identity_config[0].workload_pool}}"
    assert right["member"] == f"serviceAccount:{pool}[floe/dagster]"
