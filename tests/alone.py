"""One construct in a stack of its own, with refs given by hand: a room tested without the rooms beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

from floe_infra.context import Context

PROD = Context(name="acme", environment="prod", region="eu-west-1", account_id="111122223333")
DISPOSABLE = Context(
    name="acme", environment="dev", region="eu-west-1", account_id="111122223333", allow_data_loss=True
)


def synthesized(make: Callable[[TerraformStack], Any]) -> dict[str, Any]:
    """The Terraform JSON of what `make` puts into a stack."""
    stack = TerraformStack(App(), "stack")
    stack.node.set_context("excludeStackIdFromLogicalIds", "true")
    stack.node.set_context("allowSepCharsInLogicalIds", "true")
    AwsProvider(stack, "aws", region="eu-west-1")
    make(stack)
    return json.loads(json.dumps(stack.to_terraform()))
