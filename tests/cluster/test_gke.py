from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformVariable

from alone import GOOGLE, GOOGLE_DISPOSABLE, synthesized_on_google
from floe_infra.cluster import GkeConfig
from floe_infra.cluster.gke import GkeCluster
from floe_infra.refs import NetworkRef, Taint
from synthesized import data, resources

NETWORK = NetworkRef(
    id="projects/acme-data/global/networks/acme-prod",
    cidr="10.0.0.0/16",
    private_subnet_ids=("projects/acme-data/regions/europe-west4/subnetworks/acme-prod",),
    pod_range="pods",
    service_range="services",
)
KEY = "projects/acme-kms/locations/europe-west4/keyRings/lake/cryptoKeys/cluster"


def made(config: GkeConfig | None = None, context=GOOGLE) -> dict[str, Any]:
    def make(stack):
        cluster = GkeCluster(stack, "cluster", config=config or GkeConfig(), context=context, network=NETWORK)
        cluster.identity("runtime", namespace="floe", service_account="floe-dagster")
        TerraformOutput(stack, "endpoint", value=cluster.ref.endpoint)
        TerraformOutput(stack, "issuer", value=cluster.ref.oidc_issuer)

    return synthesized_on_google(make)


def cluster(stack: dict[str, Any]) -> dict[str, Any]:
    [block] = resources(stack, "google_container_cluster").values()
    return block


def pools(stack: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = resources(stack, "google_container_node_pool").items()
    return {path.removeprefix("cluster/node_groups/"): block for path, block in found}


def group(**fields: Any) -> dict[str, Any]:
    return {"instance_types": ["n2-standard-4", "n2d-standard-4", "e2-standard-4"], **fields}


def test_a_cluster_in_the_networks_subnet_and_ranges():
    block = cluster(made())
    assert (block["name"], block["location"]) == ("acme-prod", "europe-west4")
    assert (block["network"], block["subnetwork"]) == (NETWORK.id, NETWORK.private_subnet_ids[0])
    assert block["networking_mode"] == "VPC_NATIVE"
    ranges = {"cluster_secondary_range_name": "pods", "services_secondary_range_name": "services"}
    assert block["ip_allocation_policy"] == ranges


def test_it_keeps_network_policies_and_pods_have_accounts_of_their_own():
    block = cluster(made())
    assert block["datapath_provider"] == "ADVANCED_DATAPATH"
    assert block["addons_config"]["dns_cache_config"] == {"enabled": False}
    assert block["workload_identity_config"] == {"workload_pool": "acme-data.svc.id.goog"}
    assert block["enable_shielded_nodes"] is True
    assert block["release_channel"] == {"channel": "REGULAR"}


@pytest.mark.parametrize(
    ("given", "private", "blocks"),
    [
        ({}, True, []),
        ({"private_access_cidrs": ["10.9.0.0/16"]}, True, ["10.9.0.0/16"]),
        (
            {"public_access_cidrs": ["203.0.113.0/24"], "private_access_cidrs": ["10.9.0.0/16"]},
            False,
            ["203.0.113.0/24", "10.9.0.0/16"],
        ),
    ],
)
def test_who_reaches_the_api_server(given, private, blocks):
    block = cluster(made(GkeConfig(**given)))
    assert block["private_cluster_config"] == {"enable_private_nodes": True, "enable_private_endpoint": private}
    networks = block["master_authorized_networks_config"]
    assert [each["cidr_block"] for each in networks["cidr_blocks"]] == blocks
    assert networks["gcp_public_cidrs_access_enabled"] is False
    assert networks["private_endpoint_enforcement_enabled"] is True


@pytest.mark.parametrize(("context", "protected"), [(GOOGLE, True), (GOOGLE_DISPOSABLE, False)])
def test_two_keys_are_needed_to_lose_a_cluster(context, protected):
    assert cluster(made(context=context))["deletion_protection"] is protected


@pytest.mark.parametrize(
    ("given", "location"),
    [({}, "europe-west4-a"), ({"zone": "europe-west4-c"}, "europe-west4-c")],
)
def test_a_zonal_cluster(given, location):
    assert cluster(made(GkeConfig(availability="zonal", **given)))["location"] == location


@pytest.mark.parametrize(("region", "zone"), [("europe-west1", "europe-west1-b"), ("us-east1", "us-east1-b")])
def test_the_first_zone_of_some_regions_is_not_called_a(region, zone):
    from dataclasses import replace

    block = cluster(made(GkeConfig(availability="zonal"), context=replace(GOOGLE, region=region)))
    assert block["location"] == zone


def test_secrets_are_encrypted_with_a_key_that_gke_may_use_before_there_is_a_cluster():
    stack = made()
    [key] = stack["resource"]["google_kms_crypto_key"]
    encryption = {"state": "ENCRYPTED", "key_name": f"${{google_kms_crypto_key.{key}.id}}"}
    assert cluster(stack)["database_encryption"] == encryption
    [right] = resources(stack, "google_kms_crypto_key_iam_member").values()
    [project] = stack["data"]["google_project"]
    account = f"service-${{data.google_project.{project}.number}}@container-engine-robot.iam.gserviceaccount.com"
    assert right["member"] == f"serviceAccount:{account}"
    assert any("google_kms_crypto_key_iam_member" in each for each in cluster(stack)["depends_on"])


def test_an_existing_key_is_used_and_none_made():
    stack = made(GkeConfig(kms_key_name=KEY))
    assert cluster(stack)["database_encryption"] == {"state": "ENCRYPTED", "key_name": KEY}
    assert resources(stack, "google_kms_crypto_key") == {}
    assert data(stack, "google_project") == {}


def test_without_a_key_of_its_own_google_encrypts_with_googles():
    stack = made(GkeConfig(own_key=False))
    assert cluster(stack)["database_encryption"] == {"state": "DECRYPTED"}
    assert resources(stack, "google_kms_crypto_key") == {}
    assert cluster(made(GkeConfig(own_key=False, kms_key_name=KEY)))["database_encryption"]["key_name"] == KEY


@pytest.mark.parametrize(
    ("hour", "window"),
    [(1, ("2026-01-01T01:00:00Z", "2026-01-01T07:00:00Z")), (22, ("2026-01-01T22:00:00Z", "2026-01-02T04:00:00Z"))],
)
def test_gke_changes_the_cluster_on_these_days_alone(hour, window):
    policy = cluster(made(GkeConfig(maintenance_days=["TU", "TH"], maintenance_hour=hour)))["maintenance_policy"]
    start, end = window
    rule = "FREQ=WEEKLY;BYDAY=TU,TH"
    assert policy["recurring_window"] == {"start_time": start, "end_time": end, "recurrence": rule}


def test_control_plane_logs_are_kept_as_long_as_the_file_says():
    stack = made(GkeConfig(log_retention_days=90))
    [bucket] = resources(stack, "google_logging_project_bucket_config").values()
    [sink] = resources(stack, "google_logging_project_sink").values()
    assert bucket["retention_days"] == 90
    assert 'resource.labels.location="europe-west4"' in sink["filter"]
    assert {"APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"} <= set(
        cluster(stack)["logging_config"]["enable_components"]
    )


def test_google_groups_are_known_where_the_file_names_a_domain():
    block = cluster(made(context=replace(GOOGLE, groups_domain="example.com")))
    assert block["authenticator_groups_config"] == {"security_group": "gke-security-groups@example.com"}
    assert "authenticator_groups_config" not in cluster(made())


def test_each_machine_type_has_a_pool_and_the_sizes_are_shared_out():
    groups = {
        "system": {"instance_types": ["n2-standard-4"]},
        "workers": group(capacity_type="spot", min_size=4, max_size=11),
    }
    made_pools = pools(made(GkeConfig.model_validate({"node_groups": groups})))
    assert set(made_pools) == {"system/n2", "workers/n2", "workers/n2d", "workers/e2"}
    sizes = {
        name: (block["autoscaling"]["total_min_node_count"], block["autoscaling"]["total_max_node_count"])
        for name, block in made_pools.items()
    }
    assert sizes == {"system/n2": (1, 3), "workers/n2": (2, 4), "workers/n2d": (1, 4), "workers/e2": (1, 3)}
    assert made_pools["workers/n2d"]["name_prefix"] == "workers-n2d-"


@pytest.mark.parametrize(
    ("availability", "fields", "expected"),
    [
        ("regional", {"min_size": 3, "max_size": 6}, 1),  # for each of three zones
        ("regional", {"min_size": 4, "max_size": 6}, 2),
        ("regional", {"min_size": 4, "max_size": 5}, 1),  # two would be six
        ("zonal", {"min_size": 3, "max_size": 6}, 3),
        ("zonal", {"min_size": 1, "max_size": 6, "desired_size": 5}, 5),
        ("regional", {"min_size": 0, "max_size": 6}, 0),
    ],
)
def test_nodes_at_the_start(availability, fields, expected):
    others = {"system": {"instance_types": ["n2-standard-4"]}, "more": {"instance_types": ["n2-standard-4"], **fields}}
    config = GkeConfig.model_validate({"availability": availability, "node_groups": others})
    pool = pools(made(config))["more/n2"]
    assert pool["initial_node_count"] == expected
    assert pool["lifecycle"]["ignore_changes"] == ["initial_node_count"]


def test_spot_nodes_are_marked_and_taken_where_there_are_any():
    made_pools = pools(made())
    system, spot = made_pools["system/n2"], made_pools["workers/n2d"]
    assert (system["node_config"]["spot"], system["autoscaling"]["location_policy"]) == (False, "BALANCED")
    assert (spot["node_config"]["spot"], spot["autoscaling"]["location_policy"]) == (True, "ANY")
    assert system["node_config"]["labels"] == {"node-type": "on-demand"}
    assert spot["node_config"]["labels"] == {"node-type": "spot"}
    assert spot["node_config"]["taint"] == [{"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}]


def test_every_node_is_shielded_private_and_gives_no_pod_its_own_account():
    stack = made()
    for block in pools(stack).values():
        node = block["node_config"]
        assert node["shielded_instance_config"] == {"enable_secure_boot": True, "enable_integrity_monitoring": True}
        assert node["workload_metadata_config"] == {"mode": "GKE_METADATA"}
        assert node["metadata"] == {"disable-legacy-endpoints": "true"}
        assert node["service_account"].startswith("${google_service_account.cluster_node_account")
        assert node["resource_labels"] == GOOGLE.labels
        assert block["network_config"] == {"enable_private_nodes": True}
        assert block["management"] == {"auto_repair": True, "auto_upgrade": True}
        assert block["lifecycle"]["create_before_destroy"] is True


def test_nodes_may_log_and_pull_images_and_nothing_else():
    grants = resources(made(), "google_project_iam_member").values()
    assert {block["role"] for block in grants} == {
        "roles/container.defaultNodeServiceAccount",
        "roles/artifactregistry.reader",
    }


def test_what_terraform_alone_knows():
    def make(stack):
        type = TerraformVariable(stack, "type", type="string").string_value
        groups = {"system": {"instance_types": ["n2-standard-4"]}, "more": {"instance_types": [type]}}
        config = GkeConfig.model_validate({"node_groups": groups})
        ref = GkeCluster(stack, "cluster", config=config, context=GOOGLE, network=NETWORK).ref
        assert [(each.vcpu, each.memory_mib) for each in ref.node_groups] == [(4, 16384), (0, 0)]

    pool = pools(synthesized_on_google(make))["more/0"]
    assert pool["node_config"]["machine_type"] == "${var.type}"


def test_an_identity_is_an_account_that_one_service_account_alone_acts_as():
    stack = made()
    right = resources(stack, "google_service_account_iam_member")["cluster/identities/runtime/act_as"]
    assert right["role"] == "roles/iam.workloadIdentityUser"
    [name] = stack["resource"]["google_container_cluster"]
    pool = f"${{google_container_cluster.{name}.workload_identity_config[0].workload_pool}}"
    assert right["member"] == f"serviceAccount:{pool}[floe/floe-dagster]"
    assert f"google_container_cluster.{name}" in right["depends_on"]
    assert "google_service_account_key" not in stack["resource"]


def test_ref():
    def make(stack):
        made_cluster = GkeCluster(stack, "cluster", config=GkeConfig(version="1.35"), context=GOOGLE, network=NETWORK)
        ref = made_cluster.ref
        assert ref.login
        assert (ref.login.command, ref.login.api_version) == (
            "gke-gcloud-auth-plugin",
            "client.authentication.k8s.io/v1beta1",  # it answers in no other
        )
        assert ref.block_storage
        assert ref.block_storage.provisioner == "pd.csi.storage.gke.io"
        assert ref.block_storage.parameters == {
            "type": "pd-balanced",
            "labels": "floe-infra-platform=acme,floe-infra-environment=prod",
        }
        assert (ref.version, ref.autoscaler, ref.security_group_id) == ("1.35", None, "")
        system, workers = ref.node_groups
        assert (system.spot, system.taints, system.vcpu, system.memory_mib) == (False, (), 4, 16384)
        assert (workers.spot, workers.taints, workers.max_size) == (True, (Taint("spot", "true", "NoSchedule"),), 10)
        identity = made_cluster.identity("runtime", namespace="floe", service_account="dagster")
        assert identity.annotations == {"iam.gke.io/gcp-service-account": identity.role}
        assert identity.role_arn == ""

    synthesized_on_google(make)


def test_outputs_are_addresses_as_kubernetes_wants_them():
    output = made()["output"]
    assert output["endpoint"]["value"].startswith("https://${google_container_cluster.")
    assert output["issuer"]["value"].startswith("https://container.googleapis.com/v1/${google_container_cluster.")
