from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alone import DISPOSABLE, synthesized
from floe_infra.cluster import KubeconfigConfig
from floe_infra.cluster.kubeconfig import KubeconfigCluster
from floe_infra.config import PlatformConfig
from floe_infra.fields import Finding

DEV = {
    "name": "acme",
    "environment": "dev",
    "cloud": {"region": "eu-west-1", "account_id": "111122223333"},
    "cluster": {"kind": "kubeconfig", "context": "shared"},
    "storage": {"kind": "rustfs"},
    "database": {"kind": "in_cluster"},
    "secrets": {"kind": "in_cluster"},
}


def cluster(**fields: Any) -> tuple[dict[str, Any], KubeconfigCluster]:
    made = []

    def make(stack: Any) -> None:
        config = KubeconfigConfig(**{"context": "kind-floe", **fields})
        made.append(KubeconfigCluster(stack, "cluster", config=config, context=DISPOSABLE))

    return synthesized(make), made[0]


def test_it_makes_nothing():
    stack, _ = cluster()
    assert "resource" not in stack
    assert "data" not in stack


def test_terraform_finds_the_context_in_the_kubeconfig():
    ref = cluster()[1].ref
    assert (ref.name, ref.kubeconfig, ref.kubeconfig_context) == ("kind-floe", "~/.kube/config", "kind-floe")
    assert ref.login is None
    assert ref.block_storage is None


@pytest.mark.parametrize(("path", "seen"), [("/etc/k3s.yaml", "/etc/k3s.yaml"), ("kind.yaml", "../../../kind.yaml")])
def test_a_relative_path_is_not_that_of_the_stacks_own_folder(path, seen):
    assert cluster(path=path)[1].ref.kubeconfig == seen


@pytest.mark.parametrize("path", ["~root/config", "${HOME}/config", ""])
def test_paths_that_mean_something_else(path):
    with pytest.raises(ValidationError, match="~/…"):
        KubeconfigConfig(context="kind-floe", path=path)


def test_a_context_is_never_the_current_one():
    with pytest.raises(ValidationError, match="Field required"):
        KubeconfigConfig()


def test_service_accounts_have_no_identity_in_a_cloud():
    identity = cluster()[1].identity("catalog", namespace="catalog", service_account="polaris")
    assert (identity.namespace, identity.service_account) == ("catalog", "polaris")
    assert (identity.role, identity.role_arn, identity.annotations) == ("", "", {})


def test_node_groups_say_where_there_is_room():
    groups = {"steady": {"instance_types": ["m5.xlarge"], "labels": {"rack": "1"}}}
    config = KubeconfigConfig.model_validate({"context": "rack", "node_groups": groups})
    [group] = cluster(node_groups=config.node_groups)[1].ref.node_groups
    assert (group.name, group.labels["rack"], group.memory_mib) == ("steady", "1", 16384)


def test_it_stands_on_aws_too_without_a_network():
    assert PlatformConfig.model_validate({**DEV, "network": {"kind": "none"}}).cluster.kind == "kubeconfig"


@pytest.mark.parametrize(
    ("section", "kind"),
    [("storage", "s3"), ("database", "rds"), ("secrets", "external_secrets"), ("catalog", "glue")],
)
def test_what_lets_in_identities_of_the_cloud_is_refused(section, kind):
    with pytest.raises(ValidationError) as error:
        PlatformConfig.model_validate({**DEV, section: {"kind": kind}})
    refused = Finding(
        (section, "kind"),
        f"{kind} lets in only whom the cloud knows, and of a cluster by kubeconfig it knows nothing",
        f"a kind that runs in the cluster, or `{section}: {{kind: none}}`",
        "choose such a kind, or for `cluster` one of the cloud's",
    )
    assert refused in [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]
