from __future__ import annotations

import json

from cdktf import App, TerraformStack

from floe_infra.cloud import GoogleCloud
from floe_infra.cloud.google import add_provider, api
from floe_infra.context import Context
from synthesized import resources

CLOUD = GoogleCloud(
    project="acme-data-prod", region="europe-west4", labels={"cost-center": "4711"}, groups_domain="example.com"
)
BARE = Context(name="acme", environment="prod", region="europe-west4", account_id="")


def synthesized(make) -> dict:
    stack = TerraformStack(App(), "stack")
    make(stack)
    return json.loads(json.dumps(stack.to_terraform()))


def test_labels_keep_their_hyphens():
    stack = synthesized(lambda stack: add_provider(stack, CLOUD, BARE))
    [provider] = stack["provider"]["google"]
    assert provider == {
        "project": "acme-data-prod",
        "region": "europe-west4",
        "default_labels": {
            "floe-infra-platform": "acme",
            "floe-infra-environment": "prod",
            "cost-center": "4711",
        },
    }


def test_both_majors_of_the_provider_will_do():
    stack = synthesized(lambda stack: add_provider(stack, CLOUD, BARE))
    assert stack["terraform"]["required_providers"]["google"]["version"] == ">= 6.50.0, < 8.0.0"


def test_constructs_learn_the_project_and_what_to_label_themselves():
    contexts = []
    synthesized(lambda stack: contexts.append(add_provider(stack, CLOUD, BARE)))
    assert contexts[0].account_id == "acme-data-prod"
    assert contexts[0].labels["cost-center"] == "4711"
    assert contexts[0].groups_domain == "example.com"


def test_an_api_is_switched_on_once_and_never_off():
    def make(stack):
        add_provider(stack, CLOUD, BARE)
        for name in ("container", "compute", "container"):
            api(stack, name)

    switches = resources(synthesized(make), "google_project_service")
    assert {path: block["service"] for path, block in switches.items()} == {
        "apis/container": "container.googleapis.com",
        "apis/compute": "compute.googleapis.com",
    }
    assert [block["disable_on_destroy"] for block in switches.values()] == [False, False]
