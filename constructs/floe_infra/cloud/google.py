"""The Google provider, as a stack needs it, and the APIs that a project must have switched on."""

from __future__ import annotations

from dataclasses import replace

from cdktf import DataResource, Fn, ITerraformDependable, TerraformStack
from cdktf_cdktf_provider_google.project_service import ProjectService
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from floe_infra.cloud import versions
from floe_infra.cloud.config import GoogleCloud
from floe_infra.context import Context
from floe_infra.refs import IdentityRef


def add_provider(stack: TerraformStack, cloud: GoogleCloud, context: Context) -> Context:
    """Configure the stack's Google provider: project, region and labels.

    Returns the context with what only Google says.
    """
    labels = {
        "floe-infra-platform": context.name,
        "floe-infra-environment": context.environment,
        **cloud.labels,
    }
    provider = GoogleProvider(stack, "google", project=cloud.project, region=cloud.region)
    provider.add_override("default_labels", labels)  # CDKTF would turn the keys' hyphens into underscores
    stack.add_override("terraform.required_providers.google.version", versions.GOOGLE)
    return replace(context, account_id=cloud.project, labels=labels, groups_domain=cloud.groups_domain)


def member(identity: IdentityRef) -> str:
    """The identity, as IAM policies name it."""
    return f"serviceAccount:{identity.role}"


def digits(scope: Construct) -> str:
    """Eight hexadecimal digits that Terraform makes with what they are for, and that stay with it: they end the names
    of what Google keeps, or keeps the name of, when it has been removed. So a platform can be made again."""
    return Fn.substr(DataResource(scope, "unique").id, 0, 8)  # a UUID's first


def api(scope: Construct, name: str) -> ITerraformDependable:
    """A Google API (`container` for `container.googleapis.com`), switched on; what calls it comes after the result.

    It stays on when the platform goes: others in the project may have begun to use it. Switched on once in a stack,
    however many ask for it; one that is on already takes no more rights than to look.
    """
    stack = TerraformStack.of(scope)
    apis = stack.node.try_find_child("apis") or Construct(stack, "apis")
    assert isinstance(apis, Construct)
    found = apis.node.try_find_child(name)
    if isinstance(found, ProjectService):
        return found
    return ProjectService(apis, name, service=f"{name}.googleapis.com", disable_on_destroy=False)
