from __future__ import annotations

from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformVariable

from alone import GOOGLE, synthesized_on_google
from floe_infra.network import GcpNetworkConfig
from floe_infra.network.gcp_network import GcpNetwork
from synthesized import resources


def network(**config: Any) -> dict[str, Any]:
    def make(stack):
        ref = GcpNetwork(stack, "network", config=GcpNetworkConfig(**config), context=GOOGLE).ref
        TerraformOutput(stack, "private_services", value=ref.private_services)
        TerraformOutput(stack, "ranges", value=[ref.pod_range, ref.service_range])

    return synthesized_on_google(make)


def the(stack: dict[str, Any], type: str) -> dict[str, Any]:
    [block] = resources(stack, type).values()
    return block


def test_one_private_subnet_with_a_range_for_pods_and_one_for_services():
    stack = network(cidr="10.20.0.0/16")
    assert the(stack, "google_compute_network")["auto_create_subnetworks"] is False
    subnet = the(stack, "google_compute_subnetwork")
    assert (subnet["region"], subnet["ip_cidr_range"]) == ("europe-west4", "10.20.128.0/18")
    assert {each["range_name"]: each["ip_cidr_range"] for each in subnet["secondary_ip_range"]} == {
        "pods": "10.20.0.0/17",
        "services": "10.20.192.0/20",
    }
    assert subnet["private_ip_google_access"] is True
    assert stack["output"]["ranges"]["value"] == ["pods", "services"]


def test_the_way_out_is_the_subnets_alone_and_has_ports_for_as_many_pods_as_there_are():
    nat = the(network(), "google_compute_router_nat")
    assert nat["source_subnetwork_ip_ranges_to_nat"] == "LIST_OF_SUBNETWORKS"
    [subnet] = nat["subnetwork"]
    assert subnet["source_ip_ranges_to_nat"] == ["ALL_IP_RANGES"]
    assert nat["enable_dynamic_port_allocation"] is True
    # Google takes no port allocation that is dynamic and mapping that is not.
    assert nat["enable_endpoint_independent_mapping"] is False


def test_nobody_gets_in_but_by_a_rule_that_says_so():
    firewall = the(network(), "google_compute_firewall")
    assert (firewall["direction"], firewall["deny"]) == ("INGRESS", [{"protocol": "all"}])
    assert (firewall["source_ranges"], firewall["priority"]) == (["0.0.0.0/0"], 65534)
    assert firewall["log_config"] == {"metadata": "INCLUDE_ALL_METADATA"}


def test_what_google_runs_elsewhere_has_addresses_of_ours():
    stack = network(cidr="10.20.0.0/16")
    address = the(stack, "google_compute_global_address")
    assert (address["address"], address["prefix_length"]) == ("10.20.208.0", 20)
    assert (address["purpose"], address["address_type"]) == ("VPC_PEERING", "INTERNAL")
    connection = the(stack, "google_service_networking_connection")
    assert connection["service"] == "servicenetworking.googleapis.com"
    # What takes the ref comes after the connection.
    assert stack["output"]["private_services"]["value"].startswith("${google_service_networking_connection.")


def test_an_address_that_only_terraform_knows():
    def make(stack):
        cidr = TerraformVariable(stack, "cidr", type="string").string_value
        GcpNetwork(stack, "network", config=GcpNetworkConfig(cidr=cidr), context=GOOGLE)

    address = the(synthesized_on_google(make), "google_compute_global_address")
    assert address["address"] == '${element(split("/", cidrsubnet(var.cidr, 4, 13)), 0)}'
    assert address["prefix_length"] == '${element(split("/", cidrsubnet(var.cidr, 4, 13)), 1)}'


@pytest.mark.parametrize("days", [14, 365])
def test_flow_logs_are_kept_in_one_bucket_and_in_no_other(days):
    stack = network(flow_logs_days=days)
    assert the(stack, "google_compute_subnetwork")["log_config"]["metadata"] == "INCLUDE_ALL_METADATA"
    bucket = the(stack, "google_logging_project_bucket_config")
    assert (bucket["retention_days"], bucket["location"]) == (days, "europe-west4")
    sink, exclusion = the(stack, "google_logging_project_sink"), the(stack, "google_logging_project_exclusion")
    assert sink["destination"].startswith("logging.googleapis.com/${google_logging_project_bucket_config.")
    assert sink["filter"] == exclusion["filter"]
    assert 'resource.labels.subnetwork_name="${google_compute_subnetwork.' in sink["filter"]
