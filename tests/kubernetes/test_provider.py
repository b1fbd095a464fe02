from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cdktf import App, TerraformStack

from floe_infra.kubernetes.provider import add_providers
from floe_infra.refs import ClusterRef
from in_cluster import CLUSTER


def providers(cluster: ClusterRef) -> dict[str, Any]:
    stack = TerraformStack(App(), "stack")
    add_providers(stack, cluster)
    return json.loads(json.dumps(stack.to_terraform()))


def test_both_ask_for_a_token_whenever_they_need_one():
    stack = providers(CLUSTER)
    [helm], [kubernetes] = stack["provider"]["helm"], stack["provider"]["kubernetes"]
    login = {"api_version": "client.authentication.k8s.io/v1", "command": "aws", "args": ["eks", "get-token"]}
    assert helm["kubernetes"]["exec"] == login
    assert kubernetes["exec"] == [login]
    assert helm["kubernetes"]["host"] == kubernetes["host"] == CLUSTER.endpoint
    assert kubernetes["cluster_ca_certificate"] == '${base64decode("Q0E=")}'


def test_a_kubeconfig_says_it_all():
    stack = providers(replace(CLUSTER, login=None, kubeconfig="~/.kube/config", kubeconfig_context="kind-floe"))
    assert stack["provider"]["kubernetes"] == [{"config_path": "~/.kube/config", "config_context": "kind-floe"}]


def test_versions_are_ranges():
    required = providers(CLUSTER)["terraform"]["required_providers"]
    assert required["helm"]["version"] == ">= 3.0.0, < 4.0.0"
    assert required["kubernetes"]["version"] == ">= 2.38.0, < 4.0.0"
