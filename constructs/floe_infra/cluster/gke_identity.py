"""Kubernetes service accounts that act as service accounts of Google's (Workload Identity Federation).

A pod asks GKE's metadata server for a token, which it has for the account that the pod's own service account is
annotated with, if IAM says that the one may act as the other
(https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity). Preferred to naming Kubernetes' service
accounts in IAM directly, as an account can be acted as by who lends it, and not all of Google's services know the other
way.
"""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_google.service_account_iam_member import ServiceAccountIamMember
from constructs import Construct

from floe_infra.cloud.google_iam import Account, account_id
from floe_infra.context import Context
from floe_infra.refs import IdentityRef

_ACT_AS = "roles/iam.workloadIdentityUser"


class GoogleIdentities(Construct):
    """The accounts of a cluster's service accounts.

    The cluster's pool of identities is its project's: a service account of the same name and namespace in another
    cluster of the project is the same to IAM.

    Args:
        pool: `<project>.svc.id.goog`.
        after: what must be there before, such as the cluster: the project's first makes the pool.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        pool: str,
        context: Context,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id)
        self._pool, self._context, self._after = pool, context, list(after)

    def add(self, id: str, *, namespace: str, service_account: str) -> IdentityRef:
        """An account for this service account and no other."""
        account = Account(
            self,
            id,
            account_id=account_id(self._context.prefix, namespace, service_account),
            description=f"Service account {service_account} in namespace {namespace} of {self._context.prefix}",
            context=self._context,
        )
        ServiceAccountIamMember(
            account,
            "act_as",
            service_account_id=account.account.name,
            role=_ACT_AS,
            member=f"serviceAccount:{self._pool}[{namespace}/{service_account}]",
            depends_on=self._after,
        )
        email = account.account.email
        return IdentityRef(
            namespace=namespace,
            service_account=service_account,
            role=email,
            role_arn="",
            annotations={"iam.gke.io/gcp-service-account": email},
        )
