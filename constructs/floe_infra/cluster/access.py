"""What the services need to work with an EKS cluster: how to log in, and what disks it has."""

from __future__ import annotations

from floe_infra.refs import BlockStorage, ClusterLogin

AUTOSCALER = "cluster-autoscaler"
"""The service account of what scales the node groups."""


def login(cluster: str, region: str) -> ClusterLogin:
    """https://docs.aws.amazon.com/cli/latest/reference/eks/get-token.html"""
    return ClusterLogin("aws", ("--region", region, "eks", "get-token", "--cluster-name", cluster))


def disks(*, default: bool) -> BlockStorage:
    """Encrypted gp3 volumes. EKS marks no class as default; in a cluster that is there already, somebody may have."""
    return BlockStorage(
        name="gp3" if default else "floe-gp3",
        provisioner="ebs.csi.aws.com",
        parameters={"type": "gp3", "encrypted": "true"},
        default=default,
    )
