from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from floe_infra.network import ExistingGcpNetworkConfig, ExistingVpcConfig, GcpNetworkConfig, Ranges, VpcConfig
from floe_infra.network.subnets import cut, ranges

TOKEN = "${TfToken[TOKEN.7]}"


def findings(model: type, **fields: Any) -> list[Any]:
    with pytest.raises(ValidationError) as error:
        model.model_validate(fields)
    return [
        (".".join(map(str, finding.path)), finding.message)
        for problem in error.value.errors()
        for finding in problem["ctx"]["findings"]
    ]


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/21"])
def test_size_of_the_network(cidr):
    assert findings(VpcConfig, cidr=cidr) == [("cidr", f"{cidr} is a /{cidr[-2:]}")]


@pytest.mark.parametrize("cidr", ["10.0.0.1/16", "10.0.0.0", "10.0.0.0/33", "office"])
def test_what_is_no_network(cidr):
    with pytest.raises(ValidationError):
        VpcConfig(cidr=cidr)


@pytest.mark.parametrize(
    ("private", "public", "path", "says"),
    [
        (["10.0.0.0/20"], ["10.0.32.0/24", "10.0.33.0/24"], "subnets.private", "1 subnets for 2 zones"),
        (["10.0.0.0/20", "10.1.0.0/20"], ["10.0.32.0/24", "10.0.33.0/24"], "subnets.private.1", "outside 10.0.0.0/16"),
        (["10.0.0.0/20", "10.0.16.0/20"], ["10.0.17.0/24", "10.0.33.0/24"], "subnets.public.0", "overlaps"),
        (["10.0.0.0/20", "10.0.16.0/20"], ["10.0.32.0/28", "10.0.33.0/24"], "subnets.public.0", "is a /28"),
    ],
)
def test_misplaced_subnets(private, public, path, says):
    [(found, message)] = findings(VpcConfig, zones=2, subnets={"private": private, "public": public})
    assert found == path
    assert says in message


def test_all_misplaced_subnets_at_once():
    given_subnets = {"private": ["10.1.0.0/24", "10.0.0.0/24"], "public": ["10.0.0.0/28", "10.0.0.128/25"]}
    paths = [path for path, _ in findings(VpcConfig, zones=2, subnets=given_subnets)]
    assert paths == ["subnets.private.0", "subnets.public.0", "subnets.public.1"]


def test_log_retention_is_one_that_cloudwatch_takes():
    with pytest.raises(ValidationError):
        VpcConfig(flow_logs_days=31)


def test_tokens_pass():
    config = VpcConfig(cidr=TOKEN, zones=2, kms_key_arn=TOKEN, subnets={"private": [TOKEN] * 2, "public": [TOKEN] * 2})
    assert config.cidr == TOKEN
    assert ExistingVpcConfig(vpc_id=TOKEN, private_subnet_ids=[TOKEN, f"{TOKEN}2"])


def test_an_existing_subnet_is_named_once():
    subnets = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]
    [(path, _)] = findings(
        ExistingVpcConfig, vpc_id="vpc-0a1b2c3d", private_subnet_ids=subnets, public_subnet_ids=subnets[:1]
    )
    assert path == "public_subnet_ids.0"


def test_cutting():
    subnets = cut(VpcConfig(cidr="10.0.0.0/16"))
    assert subnets.private == ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"]
    assert subnets.public == ["10.0.192.0/22", "10.0.196.0/22", "10.0.200.0/22"]


@given(length=st.integers(16, 20), number=st.integers(0, 255), zones=st.integers(2, 3))
def test_every_cut_is_one_that_the_model_accepts(length, number, zones):
    cidr = str(IPv4Network((f"10.{number}.0.0", length)))
    subnets = cut(VpcConfig(cidr=cidr, zones=zones))
    assert VpcConfig(cidr=cidr, zones=zones, subnets=subnets)


def test_a_third_zone_moves_nothing():
    two, three = (cut(VpcConfig(zones=zones)) for zones in (2, 3))
    assert (three.private[:2], three.public[:2]) == (two.private, two.public)


def test_a_network_known_only_to_terraform_is_cut_by_terraform():
    assert all("TfToken" in subnet for subnet in cut(VpcConfig(cidr=TOKEN)).private)


RANGES = {
    "nodes": "10.0.128.0/18",
    "pods": "10.0.0.0/17",
    "services": "10.0.192.0/20",
    "private_services": "10.0.208.0/20",
}


def test_ranges_on_google_when_the_file_names_none():
    assert ranges(GcpNetworkConfig()) == Ranges(**RANGES)


@given(st.integers(12, 20))
def test_ranges_on_google_are_always_such_as_google_takes(length):
    cut_out = ranges(GcpNetworkConfig(cidr=f"10.0.0.0/{length}"))
    assert all(IPv4Network(each).subnet_of(IPv4Network(f"10.0.0.0/{length}")) for _, each in cut_out)


def test_ranges_of_a_network_that_only_terraform_knows_are_cut_by_terraform():
    assert all("TfToken" in each for _, each in ranges(GcpNetworkConfig(cidr=TOKEN)))


def test_given_ranges_may_lie_anywhere():
    given_ranges = RANGES | {"pods": "100.64.0.0/14"}
    assert ranges(GcpNetworkConfig(cidr="10.0.0.0/8", ranges=given_ranges)).pods == "100.64.0.0/14"


@pytest.mark.parametrize(
    ("changed", "path", "says"),
    [
        ({"nodes": "10.0.0.0/29"}, "nodes", "10.0.0.0/29 is a /29"),
        ({"pods": "10.1.0.0/25"}, "pods", "10.1.0.0/25 is a /25"),
        ({"services": "10.1.0.0/28"}, "services", "10.1.0.0/28 is a /28"),
        ({"private_services": "10.1.0.0/25"}, "private_services", "10.1.0.0/25 is a /25"),
        ({"services": "10.0.64.0/20"}, "services", "10.0.64.0/20 overlaps 10.0.0.0/17 of pods"),
        (
            {"private_services": "172.17.0.0/20"},
            "private_services",
            "172.17.0.0/20 overlaps 172.17.0.0/16, which Docker uses on Cloud SQL's machines",
        ),
        ({"pods": "224.0.0.0/16"}, "pods", "224.0.0.0/16 overlaps 224.0.0.0/4, which is for multicast"),
    ],
)
def test_ranges_that_google_would_refuse(changed, path, says):
    assert (path, says) in findings(Ranges, **RANGES | changed)


@pytest.mark.parametrize("cidr", ["10.0.0.0/11", "10.0.0.0/21"])
def test_size_of_a_network_on_google(cidr):
    assert findings(GcpNetworkConfig, cidr=cidr) == [("cidr", f"{cidr} is a /{cidr.partition('/')[2]}")]


def test_a_network_on_google_that_cloud_sql_could_not_reach():
    says = "172.16.0.0/15 overlaps 172.17.0.0/16, which Docker uses on Cloud SQL's machines"
    assert findings(GcpNetworkConfig, cidr="172.16.0.0/15") == [("cidr", says)]


@pytest.mark.parametrize("days", [0, 3651])
def test_google_keeps_logs_for_a_day_to_ten_years(days):
    with pytest.raises(ValidationError):
        GcpNetworkConfig(flow_logs_days=days)


def test_pods_and_services_do_not_share_a_range():
    given_names = {"network": "shared", "subnet": "data", "pod_range": "pods", "service_range": "pods"}
    assert findings(ExistingGcpNetworkConfig, **given_names) == [
        ("service_range", "pods is the range for pods already")
    ]


@pytest.mark.parametrize("name", ["Shared", "projects/acme/global/networks/shared", "a" * 64, "-a"])
def test_names_of_networks_on_google(name):
    with pytest.raises(ValidationError):
        ExistingGcpNetworkConfig(network=name, subnet="data", pod_range="pods", service_range="services")
