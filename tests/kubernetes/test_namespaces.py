from __future__ import annotations

from typing import Any

import pytest

from floe_infra.kubernetes.config import QuotaConfig
from floe_infra.kubernetes.namespaces import Namespace, strictest_for_all
from in_cluster import objects, synthesized
from provider_schema import conformance_problems
from synthesized import resources


def namespace(**more: Any) -> dict[str, Any]:
    given = {"name": "catalog", "platform": "acme-prod", "level": "restricted", "quota": QuotaConfig(pods=7)} | more
    return synthesized(lambda stack: Namespace(stack, "catalog", **given))


def test_pod_security_is_enforced():
    [block] = resources(namespace(level="baseline"), "kubernetes_namespace_v1").values()
    assert block["metadata"]["name"] == "catalog"
    assert block["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    assert block["metadata"]["labels"]["pod-security.kubernetes.io/warn"] == "restricted"


def test_one_that_is_there_is_labelled_and_never_removed():
    stack = namespace(existing=True)
    assert "kubernetes_namespace_v1" not in stack["resource"]
    [block] = resources(stack, "kubernetes_labels").values()
    assert (block["api_version"], block["kind"], block["metadata"]) == ("v1", "Namespace", {"name": "catalog"})
    assert block["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert conformance_problems(stack) == []
    [limits] = resources(stack, "helm_release").values()
    assert [each.partition(".")[0] for each in limits["depends_on"]] == ["kubernetes_labels"]


def test_no_namespace_can_take_the_whole_cluster():
    hard = objects(namespace())["ResourceQuota/quota"]["spec"]["hard"]
    assert hard == {"pods": "7", "requests.cpu": "400", "requests.memory": "1600Gi"}


def test_what_says_nothing_of_its_size_gets_one():
    """Beside a quota, Kubernetes lets no pod in that names no requests."""
    [limits] = objects(namespace(quota=None))["LimitRange/defaults"]["spec"]["limits"]
    assert {"cpu", "memory"} <= limits["defaultRequest"].keys()


def test_without_quota_there_is_none():
    assert "ResourceQuota/quota" not in objects(namespace(quota=None))


@pytest.mark.parametrize(
    ("wanted", "level"),
    [
        (["restricted"], "restricted"),
        (["restricted", "baseline"], "baseline"),
        (["privileged", "restricted", "baseline"], "privileged"),
        ([], "restricted"),
    ],
)
def test_a_shared_namespace_is_as_strict_as_all_in_it_allow(wanted, level):
    assert strictest_for_all(wanted) == level
