"""What the services need to work with a GKE cluster: how to log in, and what disks it has."""

from __future__ import annotations

from floe_infra.context import Context
from floe_infra.refs import BlockStorage, ClusterLogin


def login() -> ClusterLogin:
    """As whoever Terraform itself is, by Application Default Credentials
    (https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin)."""
    return ClusterLogin(
        "gke-gcloud-auth-plugin",
        ("--use_application_default_credentials",),
        api_version="client.authentication.k8s.io/v1beta1",
    )


def disks(context: Context) -> BlockStorage:
    """Balanced persistent disks, which Google encrypts. GKE's own default, `standard-rwo`, makes the same ones without
    the platform's labels
    (https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/gce-pd-csi-driver)."""
    labels = ",".join(f"{key}={value}" for key, value in context.labels.items())
    return BlockStorage(
        name="floe-balanced",
        provisioner="pd.csi.storage.gke.io",
        parameters={"type": "pd-balanced", **({"labels": labels} if labels else {})},
        default=False,
    )
