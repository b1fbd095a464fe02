"""One construct in a stack of its own, with refs given by hand: a room tested without the rooms beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

from floe_infra.context import Context
from provider_schema import conformance_problems

PROD = Context(name="acme", environment="prod", region="eu-west-1", account_id="111122223333")
DISPOSABLE = Context(
    name="acme", environment="dev", region="eu-west-1", account_id="111122223333", allow_data_loss=True
)
GOOGLE = Context(
    name="acme",
    environment="prod",
    region="europe-west4",
    account_id="acme-data",
    labels={"floe-infra-platform": "acme", "floe-infra-environment": "prod"},
)
GOOGLE_DISPOSABLE = replace(GOOGLE, environment="dev", allow_data_loss=True)


def synthesized(make: Callable[[TerraformStack], Any]) -> dict[str, Any]:
    """The Terraform JSON of what `make` puts into a stack."""
    return _synthesized(lambda stack: (AwsProvider(stack, "aws", region="eu-west-1"), make(stack)))


def synthesized_on_google(make: Callable[[TerraformStack], Any]) -> dict[str, Any]:
    """Likewise, in a project of Google's; it conforms to the bindings."""
    from cdktf_cdktf_provider_google.provider import GoogleProvider

    place = {"project": GOOGLE.account_id, "region": GOOGLE.region}
    made = _synthesized(lambda stack: (GoogleProvider(stack, "google", **place), make(stack)))
    assert conformance_problems(made) == []
    return made


def _synthesized(make: Callable[[TerraformStack], Any]) -> dict[str, Any]:
    stack = TerraformStack(App(), "stack")
    stack.node.set_context("excludeStackIdFromLogicalIds", "true")
    stack.node.set_context("allowSepCharsInLogicalIds", "true")
    make(stack)
    return json.loads(json.dumps(stack.to_terraform()))
