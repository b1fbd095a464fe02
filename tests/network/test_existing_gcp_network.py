from __future__ import annotations

from typing import Any

import pytest
from cdktf import TerraformOutput

from alone import GOOGLE, synthesized_on_google
from floe_infra.network import ExistingGcpNetworkConfig
from floe_infra.network.existing_gcp_network import ExistingGcpNetwork
from synthesized import data

GIVEN = {"network": "shared", "subnet": "data", "pod_range": "data-pods", "service_range": "data-services"}


def network(**more: Any) -> dict[str, Any]:
    def make(stack):
        config = ExistingGcpNetworkConfig(**GIVEN, **more)
        ref = ExistingGcpNetwork(stack, "network", config=config, context=GOOGLE).ref
        TerraformOutput(stack, "private_services", value=ref.private_services)

    return synthesized_on_google(make)


def test_nothing_is_made():
    assert "resource" not in network()


@pytest.mark.parametrize(("given", "project"), [({}, "acme-data"), ({"project": "acme-host"}, "acme-host")])
def test_it_is_looked_up_in_its_project_and_the_platforms_region(given, project):
    stack = network(**given)
    [found] = data(stack, "google_compute_network").values()
    [subnet] = data(stack, "google_compute_subnetwork").values()
    assert (found["name"], found["project"]) == ("shared", project)
    assert (subnet["name"], subnet["region"], subnet["project"]) == ("data", "europe-west4", project)


def test_what_does_not_fit_together_is_said_before_anything_is_made():
    stack = network()
    [name] = stack["data"]["google_compute_network"]
    [subnet] = data(stack, "google_compute_subnetwork").values()
    assert [check["condition"] for check in subnet["lifecycle"]["postcondition"]] == [
        f"${{(self.network == data.google_compute_network.{name}.self_link)}}",
        "${self.private_ip_google_access}",
        '${contains(self.secondary_ip_range[*].range_name, "data-pods")}',
        '${contains(self.secondary_ip_range[*].range_name, "data-services")}',
    ]
