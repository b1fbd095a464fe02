"""The namespaces of the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.labels import Labels, LabelsMetadata
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata, NamespaceV1Timeouts
from constructs import Construct

from floe_infra.kubernetes.config import QuotaConfig
from floe_infra.kubernetes.manifests import Manifests

LEVELS = ("restricted", "baseline", "privileged")
"""Pod Security Standards, the strictest first
(https://kubernetes.io/docs/concepts/security/pod-security-standards/)."""


class Namespace(Construct):
    """A namespace, what its pods must not do, and how much they may ask for together.

    Args:
        name: the namespace's.
        platform: `<name>-<environment>`, for its label.
        level: the Pod Security Standard that is enforced.
        quota: the most that its pods may request; None for no end.
        existing: it is there already, with something of somebody's in it: it is labelled, and never removed.

    Attributes:
        namespace: the resource. Destroying it waits until everything in it is gone.
        limits: default requests and limits, and the quota.
        ready: what is made in the namespace comes after it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        platform: str,
        level: str,
        quota: QuotaConfig | None,
        existing: bool = False,
    ) -> None:
        super().__init__(scope, id)
        labels = {
            "app.kubernetes.io/managed-by": "floe-infra",
            "app.kubernetes.io/part-of": platform,
            "pod-security.kubernetes.io/enforce": level,
            "pod-security.kubernetes.io/warn": LEVELS[0],
        }
        self.namespace = self._label(name, labels) if existing else self._make(name, labels)
        self.limits = Manifests(
            self,
            "limits",
            name="limits",
            namespace=name,
            manifests=_limits(quota),
            after=[self.namespace],
        )
        self.ready: ITerraformDependable = self.limits.release

    def _make(self, name: str, labels: dict[str, str]) -> NamespaceV1:
        return NamespaceV1(
            self,
            "namespace",
            metadata=NamespaceV1Metadata(name=name, labels=labels),
            timeouts=NamespaceV1Timeouts(delete="15m"),
        )

    def _label(self, name: str, labels: dict[str, str]) -> Labels:
        """By force: who made the namespace may have said something of the same labels, Pod Security's above all."""
        return Labels(
            self,
            "labels",
            api_version="v1",
            kind="Namespace",
            metadata=LabelsMetadata(name=name),
            labels=labels,
            field_manager="floe-infra",
            force=True,
        )


def strictest_for_all(levels: Sequence[str]) -> str:
    """The strictest level that all of a namespace's services can live with."""
    return max(levels, key=LEVELS.index, default=LEVELS[0])


def _limits(quota: QuotaConfig | None) -> list[dict[str, Any]]:
    """A container that says nothing of its size would not be let in beside a quota, so it gets a small one."""
    limit_range = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "defaults"},
        "spec": {
            "limits": [
                {
                    "type": "Container",
                    "defaultRequest": {"cpu": "50m", "memory": "128Mi"},
                    "default": {"memory": "512Mi"},
                }
            ]
        },
    }
    if quota is None:
        return [limit_range]
    return [
        limit_range,
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "quota"},
            "spec": {
                "hard": {
                    "pods": str(quota.pods),
                    "requests.cpu": str(quota.cpu),
                    "requests.memory": f"{quota.memory_gib}Gi",
                }
            },
        },
    ]
