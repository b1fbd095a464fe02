"""Kubernetes objects through a chart that holds nothing but them.

The Kubernetes provider's `kubernetes_manifest` asks the API server for an object's schema while it plans: on a new
cluster, where operators bring their schemas with them, there is none yet. Helm asks when it applies, waits until
everything is ready, and takes it back when it does not become so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from cdktf import AssetType, ITerraformDependable, TerraformAsset, TerraformStack
from cdktf_cdktf_provider_helm.release import Release as HelmRelease
from constructs import Construct

from floe_infra.kubernetes.release import TIMEOUT
from floe_infra.kubernetes.values import encode


class Manifests(Construct):
    """Objects that belong together, as one release.

    Args:
        name: the release's.
        manifests: the objects as Kubernetes writes them, keys in its spelling. One without a namespace gets the
            release's.
        after: what must be ready before.

    Attributes:
        release: the resource.
        manifests: the objects.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        namespace: str,
        manifests: Sequence[Mapping[str, Any]],
        after: Sequence[ITerraformDependable] = (),
        timeout: int = TIMEOUT,
    ) -> None:
        super().__init__(scope, id)
        self.manifests = [json.loads(json.dumps(manifest)) for manifest in manifests]
        self.release = HelmRelease(
            self,
            "release",
            name=name,
            namespace=namespace,
            chart=f"./{_chart(TerraformStack.of(self))}",
            values=[encode({"manifests": self.manifests})],
            atomic=True,
            cleanup_on_fail=True,
            wait=True,
            wait_for_jobs=True,
            timeout=timeout,
            max_history=10,
            depends_on=list(after),
        )


@cache
def _chart(stack: TerraformStack) -> str:
    """Where the chart is, copied beside the stack's file once: nothing else of this machine is named in there."""
    source = files("floe_infra.kubernetes").joinpath("manifests_chart")
    return TerraformAsset(stack, "manifests_chart", path=str(source), type=AssetType.DIRECTORY).path
