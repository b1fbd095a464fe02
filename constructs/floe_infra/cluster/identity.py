"""Kubernetes service accounts that act as IAM roles (IRSA).

A pod gets a token that the cluster signed for its service account; IAM trusts the cluster's OIDC issuer and gives the
role's credentials for it (https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html).
Preferred to EKS Pod Identity, since it needs no agent on the nodes and works with every cluster that has a provider.
"""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import Fn
from constructs import Construct

from floe_infra.cloud.iam import Role, role_name, trust
from floe_infra.context import Context
from floe_infra.fields import is_token
from floe_infra.refs import IdentityRef

AUDIENCE = "sts.amazonaws.com"
"""Whom the pods' tokens are for."""


class Identities(Construct):
    """The roles of a cluster's service accounts.

    Args:
        provider_arn: the OIDC provider in IAM.
        issuer: the cluster's issuer, with `https://`.
    """

    def __init__(self, scope: Construct, id: str, *, provider_arn: str, issuer: str, context: Context) -> None:
        super().__init__(scope, id)
        self._provider_arn, self._context = provider_arn, context
        issuer = Fn.trimprefix(issuer, "https://")
        self._claims = [Fn.join(":", [issuer, claim]) for claim in ("sub", "aud")]

    def add(self, id: str, *, namespace: str, service_account: str, policies: Sequence[str] = ()) -> ServiceAccountRole:
        """A role for this service account and no other. `policies` are names of AWS' managed ones."""
        return ServiceAccountRole(
            self,
            id,
            namespace=namespace,
            service_account=service_account,
            trust=self._trust(_subject(namespace, service_account)),
            policies=policies,
            context=self._context,
        )

    def _trust(self, subject: str) -> str:
        # CDKTF loses tokens in a mapping's keys.
        exactly = {"StringEquals": Fn.zipmap(self._claims, [subject, AUDIENCE])}
        return trust("sts:AssumeRoleWithWebIdentity", {"Federated": self._provider_arn}, exactly)


def _subject(namespace: str, service_account: str) -> str:
    subject = f"system:serviceaccount:{namespace}:{service_account}"
    # Between Terraform's functions CDKTF takes no text around tokens.
    return Fn.format("system:serviceaccount:%s:%s", [namespace, service_account]) if is_token(subject) else subject


class ServiceAccountRole(Role):
    """An IAM role that one Kubernetes service account acts as.

    Attributes:
        ref: what other rooms take.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        namespace: str,
        service_account: str,
        trust: str,
        context: Context,
        policies: Sequence[str] = (),
    ) -> None:
        super().__init__(
            scope,
            id,
            name=role_name(context.prefix, namespace, service_account),
            description=f"Service account {service_account} in namespace {namespace} of {context.prefix}",
            trust=trust,
            context=context,
            policies=policies,
        )
        self.ref = IdentityRef(
            namespace=namespace,
            service_account=service_account,
            role=self.role.name,
            role_arn=self.role.arn,
            annotations={"eks.amazonaws.com/role-arn": self.role.arn},
        )
