"""The Kubernetes cluster."""

from floe_infra.cluster.config import (
    ClusterConfig,
    EksConfig,
    ExistingEksConfig,
    ExistingGkeConfig,
    GkeConfig,
    GkeNodeGroupConfig,
    KubeconfigConfig,
    NodeGroupConfig,
    TaintConfig,
)

__all__ = [
    "ClusterConfig",
    "EksConfig",
    "ExistingEksConfig",
    "ExistingGkeConfig",
    "GkeConfig",
    "GkeNodeGroupConfig",
    "KubeconfigConfig",
    "NodeGroupConfig",
    "TaintConfig",
]
