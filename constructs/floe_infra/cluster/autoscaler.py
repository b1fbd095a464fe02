"""What starts nodes when pods find no room, and stops those that are not needed."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.site import Site
from floe_infra.refs import IdentityRef


class ClusterAutoscaler(Construct):
    """Cluster Autoscaler, in the cluster that it scales.

    It finds the node groups by the tags that EKS puts on their Auto Scaling groups, and stays within their sizes.

    Args:
        identity: may change the sizes of this cluster's node groups, and of nothing else.
        version: the cluster's, such as `1.35`; the autoscaler follows it
            (https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler#releases).

    Attributes:
        release: the chart.
    """

    def __init__(self, scope: Construct, id: str, *, site: Site, identity: IdentityRef, version: str) -> None:
        super().__init__(scope, id)
        self.release = site.release(
            self,
            "cluster-autoscaler",
            chart=charts.CLUSTER_AUTOSCALER,
            namespace=identity.namespace,
            values=_values(site, identity, version),
        )


def _values(site: Site, identity: IdentityRef, version: str) -> dict[str, Any]:
    return {
        "fullnameOverride": "cluster-autoscaler",
        "cloudProvider": "aws",
        "awsRegion": site.context.region,
        "autoDiscovery": {"clusterName": site.cluster.name},
        "image": {"tag": f"v{version}.0"},
        "replicaCount": 1,
        "rbac": {
            "serviceAccount": {
                "create": True,
                "name": identity.service_account,
                "annotations": dict(identity.annotations),
            }
        },
        "extraArgs": {
            # Zones keep equal numbers of nodes, and of several groups that would do the one is taken that wastes least.
            "balance-similar-node-groups": True,
            "expander": "least-waste",
            # Scratch space is no reason to keep a node: what must stay there says so itself.
            "skip-nodes-with-local-storage": False,
        },
        "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "fsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        **site.steady.values,
    }
