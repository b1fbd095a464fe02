"""External Secrets Operator with Google Secret Manager."""

from __future__ import annotations

from typing import Any

from floe_infra.kubernetes.site import Site
from floe_infra.refs import IdentityRef
from floe_infra.secrets.external_secrets import ExternalSecrets


class GoogleExternalSecrets(ExternalSecrets):
    """The operator, and for each namespace a store that reads as the namespace's own account: the operator asks
    Kubernetes for a token of it, and Google for what that may do (Workload Identity)."""

    def _provider(self, reader: IdentityRef) -> dict[str, Any]:
        return google_provider(self._site, reader)


def google_provider(site: Site, reader: IdentityRef) -> dict[str, Any]:
    """https://external-secrets.io/latest/provider/google-secrets-manager/#workload-identity-gke"""
    project = site.context.account_id
    return {
        "gcpsm": {
            "projectID": project,
            "auth": {
                "workloadIdentity": {
                    "clusterProjectID": project,
                    "clusterName": site.cluster.name,
                    "clusterLocation": site.cluster.location,
                    "serviceAccountRef": {"name": reader.service_account},
                }
            },
        }
    }
