from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from floe_infra.cluster import EksConfig, GkeConfig, GkeNodeGroupConfig, NodeGroupConfig
from floe_infra.config import PlatformConfig
from floe_infra.refs import Taint

TOKEN = "${TfToken[TOKEN.7]}"
SPOT = {"capacity_type": "spot", "instance_types": ["m5.large", "m5a.large", "m6i.large"]}
SYSTEM = {"instance_types": ["m5.large"]}


def problems(model: type, **fields: Any) -> dict[str, str]:
    """Message by key path, a value's own and those between values."""
    with pytest.raises(ValidationError) as error:
        model.model_validate(fields)
    return {
        ".".join(map(str, (*problem["loc"], *finding.path))): str(finding)
        for problem in error.value.errors()
        for finding in problem["ctx"]["findings"]
    }


@pytest.mark.parametrize(
    ("fields", "path", "says"),
    [
        ({"min_size": 4}, "min_size", "raise max_size to 4"),
        ({"desired_size": 5}, "desired_size", "outside 1 to 3"),
        ({"instance_types": ["m5.large", "c5.large"]}, "instance_types", "4 GiB"),
        ({"instance_types": ["m5.large", "m6g.large"]}, "instance_types", "arm64"),
        ({"instance_types": ["m5.large", "m5.large"]}, "instance_types", "named 2 times"),
        ({"capacity_type": "spot"}, "instance_types", "loses all its nodes at once"),
        ({"instance_types": ["p4d.24xlarge"]}, "instance_types.0", "no family and size that are known"),
        ({"labels": {"node-type": "spot"}}, "labels.node-type", "follows from capacity_type"),
        ({"labels": {"team": "a b"}}, "labels.team", "63 letters"),
        ({"taints": [{"key": "gpu"}, {"key": "gpu"}]}, "taints.1", "there already"),
        ({**SPOT, "taints": [{"key": "spot", "value": "true"}]}, "taints.0", "there already"),
    ],
)
def test_node_groups(fields, path, says):
    assert says in problems(NodeGroupConfig, **{**SYSTEM, **fields})[path]


@pytest.mark.parametrize("key", ["kubernetes.io/role", "node.kubernetes.io/x", "k8s.io/x", "eks.amazonaws.com/x"])
def test_labels_of_kubernetes_own(key):
    [message] = problems(NodeGroupConfig, **SYSTEM, labels={key: "x"}).values()
    assert "belongs to Kubernetes or the cloud" in message


def test_labels_of_others():
    assert NodeGroupConfig(instance_types=["m5.large"], labels={"acme.com/team": "data", "tier": "x"})


@pytest.mark.parametrize(
    "system",
    [{**SPOT}, {**SYSTEM, "min_size": 0}, {**SYSTEM, "taints": [{"key": "reserved"}]}],
    ids=["spot", "none", "tainted"],
)
def test_something_must_carry_what_is_not_to_be_interrupted(system):
    [message] = problems(EksConfig, node_groups={"system": system, "workers": SPOT}).values()
    assert "min_size 1 or more, and no taints" in message


@pytest.mark.parametrize(
    ("cidr", "says"),
    [
        ("0.0.0.0/0", "whole internet"),
        ("10.0.0.0/8", "private addresses"),
        ("172.0.0.0/8", "private addresses"),
        ("100.64.1.0/24", "private addresses"),
    ],
)
def test_the_api_server_is_opened_to_public_networks_only(cidr, says):
    message = problems(EksConfig, public_access_cidrs=[cidr])["public_access_cidrs.0"]
    assert says in message
    assert "private_access_cidrs" in message


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sts::111122223333:assumed-role/admin/jo",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:group/admins",
        "admin",
    ],
)
def test_administrators_are_roles_and_users(arn):
    assert "name the role itself" in problems(EksConfig, admin_arns=[arn])["admin_arns.0"]
    assert problems(EksConfig, admin_arns=["arn:aws:iam::111122223333:role/a\\b"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("admin_arns", "arn:aws:iam::111122223333:role/admin"),
        ("public_access_cidrs", "203.0.113.0/24"),
        ("private_access_cidrs", "10.9.0.0/16"),
    ],
)
def test_nothing_is_named_twice(key, value):
    assert list(problems(EksConfig, **{key: [value, value]})) == [f"{key}.1"]


@pytest.mark.parametrize("version", ["1.12.1", "latest", "v1.12.1-eksbuild.2${x}"])
def test_versions_of_addons(version):
    assert (
        "describe-addon-versions" in problems(EksConfig, addon_versions={"coredns": version})["addon_versions.coredns"]
    )


def test_names_leave_room_for_what_makes_them_unique():
    with pytest.raises(ValidationError):
        EksConfig.model_validate({"node_groups": {"a" * 37: SYSTEM}})


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_one_size_of_one_group_can_be_changed_in_the_file(environment):
    cloud = {"provider": "aws", "region": "eu-west-1"}
    cluster = {"kind": "eks", "node_groups": {"workers": {"max_size": 40}}}
    config = PlatformConfig.model_validate(
        {"name": "acme", "environment": environment, "cloud": cloud, "cluster": cluster}
    )
    assert set(config.cluster.node_groups) == {"system", "workers"}
    assert config.cluster.node_groups["workers"].max_size == 40
    assert config.cluster.node_groups["workers"].capacity_type == "spot"


def test_tokens_pass():
    group = NodeGroupConfig(instance_types=[TOKEN], capacity_type="spot", labels={"team": TOKEN})
    assert group.instance is None
    config = EksConfig(
        version=TOKEN,
        kms_key_arn=TOKEN,
        admin_arns=[TOKEN],
        public_access_cidrs=[TOKEN],
        private_access_cidrs=[TOKEN],
        node_groups={"system": NodeGroupConfig(instance_types=[TOKEN, "m6g.large"]), "workers": group},
    )
    assert config.node_groups["system"].instance.architecture == "arm64"


def test_what_pods_find_on_a_group():
    from floe_infra.cluster.nodes import describe

    spot = describe("workers", NodeGroupConfig(**SPOT, max_size=9, labels={"team": "data"}, taints=[{"key": "x"}]))
    assert spot.labels == {"node-type": "spot", "team": "data"}
    assert spot.taints == (Taint("spot", "true", "NoSchedule"), Taint("x", "", "NoSchedule"))
    assert (spot.spot, spot.vcpu, spot.memory_mib, spot.max_size) == (True, 2, 8192, 9)
    system = describe("system", NodeGroupConfig(**SYSTEM))
    assert (system.labels, system.taints, system.spot) == ({"node-type": "on-demand"}, (), False)


GKE_SPOT = {"capacity_type": "spot", "instance_types": ["n2-standard-4", "n2d-standard-4", "e2-standard-4"]}
GKE_SYSTEM = {"instance_types": ["n2-standard-4"]}


@pytest.mark.parametrize(
    ("fields", "path", "says"),
    [
        ({"min_size": 4}, "min_size", "raise max_size to 4"),
        ({"instance_types": ["n2-standard-4", "n2-highmem-4"]}, "instance_types", "32 GiB"),
        ({"instance_types": ["t2d-standard-4", "t2a-standard-4"]}, "instance_types", "arm64"),
        ({"instance_types": ["n2-standard-4", "c3-standard-8"]}, "instance_types", "n2d-standard-4, e2-standard-4"),
        ({"instance_types": ["m5.xlarge"]}, "instance_types.0", "a Google machine type"),
        ({"instance_types": ["n2-highcpu-2"]}, "instance_types.0", "has 2 GiB"),
        ({"instance_types": ["n4-standard-4"]}, "instance_types.0", "no series and size that are known"),
        ({"capacity_type": "spot"}, "instance_types", "loses all its nodes at once"),
        ({**GKE_SPOT, "max_size": 2}, "max_size", "leaves no node for some of 3 machine types"),
        (
            {"labels": {"cloud.google.com/x": "y"}},
            "labels.cloud.google.com/x.[key]",
            "belongs to Kubernetes or the cloud",
        ),
    ],
)
def test_node_groups_on_google(fields, path, says):
    assert says in problems(GkeNodeGroupConfig, **{**GKE_SYSTEM, **fields})[path]


@pytest.mark.parametrize(
    ("fields", "path", "says"),
    [
        ({"node_groups": {"workers": GKE_SPOT}}, "node_groups", "no node group carries what must not be interrupted"),
        ({"maintenance_days": ["SA"]}, "maintenance_days", "GKE wants 48 in every 32 days"),
        ({"maintenance_days": ["SA", "SU", "SA"]}, "maintenance_days.2", "SA is named twice"),
        ({"zone": "europe-west4-a"}, "zone", "a regional cluster is in several zones"),
        ({"zone": "europe-west4", "availability": "zonal"}, "zone", "a Google Cloud zone"),
        ({"public_access_cidrs": ["10.0.0.0/8"]}, "public_access_cidrs.0", "holds private addresses"),
        ({"public_access_cidrs": ["0.0.0.0/0"]}, "public_access_cidrs.0", "is the whole internet"),
        ({"node_groups": {"a" * 26: GKE_SYSTEM}}, f"node_groups.{'a' * 26}.[key]", "at most 25"),
    ],
)
def test_what_gke_would_refuse(fields, path, says):
    assert says in problems(GkeConfig, **fields)[path]


GOOGLE = {"provider": "gcp", "project": "acme-data", "region": "europe-west4"}


def on_google(**sections: Any) -> dict[str, str]:
    off = {"kind": "none"}
    others = dict.fromkeys(("storage", "database", "catalog", "compute", "lineage", "runtime", "secrets"), off)
    given = {"name": "acme", "environment": "prod", "cloud": GOOGLE, **others, **sections}
    return problems(PlatformConfig, **given)


def test_a_zone_of_another_region():
    found = on_google(cluster={"kind": "gke", "availability": "zonal", "zone": "europe-west1-b"})
    assert "europe-west1-b is in another region" in found["cluster.zone"]


@pytest.mark.parametrize(
    ("network", "path"),
    [
        ({"cidr": "10.0.0.0/19"}, "network.cidr"),
        (
            {
                "ranges": {
                    "nodes": "10.0.128.0/18",
                    "pods": "10.0.0.0/20",
                    "services": "10.0.192.0/20",
                    "private_services": "10.0.208.0/20",
                }
            },
            "network.ranges.pods",
        ),
    ],
)
def test_more_nodes_than_pods_have_addresses_for(network, path):
    message = on_google(network={"kind": "gcp_network", **network}, cluster={"kind": "gke"})[path]
    # system 6 and workers 10, and one more of each of the four machine types.
    assert "the range for pods, a /20, has addresses for 16 nodes, and there can be 20" in message
    assert "a range for pods of /19 or larger" in message


def test_more_nodes_than_the_subnet_has_addresses_for():
    ranges = {"pods": "10.0.0.0/17", "services": "10.0.192.0/20", "private_services": "10.0.208.0/20"}
    network = {"kind": "gcp_network", "ranges": {**ranges, "nodes": "10.0.128.0/28"}}
    message = on_google(network=network, cluster={"kind": "gke"})["network.ranges.nodes"]
    assert "10.0.128.0/28 has addresses for 11 nodes, and there can be 20" in message
    assert "a /27 or larger" in message
    network = {"kind": "gcp_network", "ranges": {**ranges, "nodes": "10.0.128.0/27"}}
    assert PlatformConfig.model_validate(
        {"name": "acme", "environment": "prod", "cloud": GOOGLE, "network": network, "cluster": {"kind": "gke"}}
    )
