"""What everything in the cluster has in common: releases, objects, namespaces, placement."""

from floe_infra.kubernetes.config import KubernetesConfig

__all__ = ["KubernetesConfig"]
