"""IAM roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from cdktf import Fn
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from floe_infra.context import Context
from floe_infra.fields import is_token
from floe_infra.refs import IdentityRef

_LONGEST = 64
"""Characters of a role's name
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names)."""


class Role(Construct):
    """A role: who may act as it, and which of AWS' managed policies it has.

    Args:
        name: at most 64 characters.
        trust: the policy, in JSON, that says who may act as it; see `service_trust` and `trust`.
        policies: names of AWS' managed policies.

    Attributes:
        role: the role itself.
        policies: the attachments. What acts as the role must depend on them: without it, Terraform may take them away
            while it still acts.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        description: str,
        trust: str,
        context: Context,
        policies: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id)
        self.role = IamRole(
            self, "role", name=name, description=description, assume_role_policy=trust, **limits(context)
        )
        self.policies = [
            IamRolePolicyAttachment(
                self, policy, role=self.role.name, policy_arn=f"arn:{context.partition}:iam::aws:policy/{policy}"
            )
            for policy in policies
        ]


def limits(context: Context) -> dict[str, Any]:
    """What the company wants of every role: its path, and the boundary of its permissions."""
    path = {"path": context.role_path} if context.role_path != "/" else {}
    boundary = {"permissions_boundary": context.permissions_boundary} if context.permissions_boundary else {}
    return {**path, **boundary}


def service_trust(service: str, *, context: Context, source_arn: str | None = None) -> str:
    """Lets an AWS service act as a role, on behalf of `source_arn` in this account alone: no other customer of the
    service gets it to (the confused deputy, https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
    EC2 does not say on whose behalf it acts, so None there."""
    on_behalf = {
        "ArnLike": {"aws:SourceArn": source_arn},
        "StringEquals": {"aws:SourceAccount": context.account_id},
    }
    return trust("sts:AssumeRole", {"Service": service}, on_behalf if source_arn else {})


def trust(action: str, principal: Mapping[str, str], condition: Mapping[str, Any]) -> str:
    """The policy that lets a principal act as a role, written out. A policy document of Terraform's would be read late
    whenever what it names is about to change, and the plan could not show who gets the role."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Principal": principal}
    if condition:
        statement["Condition"] = condition
    return Fn.jsonencode({"Version": "2012-10-17", "Statement": [statement]})


def role_name(prefix: str, namespace: str, service_account: str) -> str:
    """`<prefix>-<namespace>.<service account>`: the dot, which no namespace holds, keeps `a-b` in `c` from `b` in
    `c-a`. Over IAM's 64 characters the end gives way to a checksum of the whole; of tokens whoever gives them sees to
    the length."""
    name = f"{prefix}-{namespace}.{service_account}"
    if len(name) <= _LONGEST or is_token(name):
        return name
    checksum = sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - 9]}-{checksum}"


def identity_id(identity: IdentityRef) -> str:
    """What ends the ids of what is made for an identity; ids hold no token."""
    id = f"{identity.namespace}_{identity.service_account}"
    return "account" if is_token(id) else id
