"""Google's service accounts."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from cdktf_cdktf_provider_google.service_account import ServiceAccount
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.context import Context

_LONGEST = 30
"""Characters of an account's id (https://cloud.google.com/iam/docs/service-accounts-create#creating)."""


class Account(Construct):
    """A service account, and what it may do in the whole project. It has no keys.

    Args:
        account_id: the part of its email before the `@`; see `account_id`.
        description: at most 256 characters.
        roles: of the project, such as `roles/logging.logWriter`.

    Attributes:
        account: the account itself.
        roles: the grants. What acts as the account must depend on them: without it, Terraform may take them away
            while it still acts.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        account_id: str,
        description: str,
        context: Context,
        roles: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id)
        self.account = ServiceAccount(
            self,
            "account",
            account_id=account_id,
            display_name=account_id,
            description=description,
            depends_on=[google.api(self, "iam")],
        )
        self.roles = [
            ProjectIamMember(
                self,
                role.rpartition("/")[2],
                project=context.account_id,
                role=role,
                member=self.account.member,
                depends_on=[google.api(self, "cloudresourcemanager")],
            )
            for role in roles
        ]


def account_id(prefix: str, *words: str) -> str:
    """`<prefix>-<words>-<checksum>`: the checksum, in which the words are kept apart, tells `a-b` in `c` from `b` in
    `c-a`. Over 30 characters what is before it is cut short."""
    checksum = sha256(".".join((prefix, *words)).encode()).hexdigest()[:8]
    readable = "-".join((prefix, *words))[: _LONGEST - 9].rstrip("-")
    return f"{readable}-{checksum}"
