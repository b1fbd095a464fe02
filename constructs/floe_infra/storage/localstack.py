"""LocalStack's S3 in the cluster."""

from __future__ import annotations

from typing import Any, ClassVar

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.site import Site
from floe_infra.storage.config import LocalStackConfig
from floe_infra.storage.in_cluster import REGION, InClusterServer, bucket_names, server_resources

IMAGE = {"repository": "docker.io/localstack/localstack", "tag": "4.14.0"}
"""The last image of the community's, which wants no token; the chart's own is another."""


class LocalStack(InClusterServer):
    """LocalStack, with S3 and STS alone. It takes any keys, and makes the buckets again at each start of its pod."""

    name: ClassVar = "localstack"
    chart: ClassVar = charts.LOCALSTACK
    service: ClassVar = "localstack"
    port: ClassVar = 4566

    def _values(self, config: LocalStackConfig, site: Site, secret: str) -> dict[str, Any]:  # noqa: ARG002
        make = f"awslocal --region {REGION} s3api create-bucket --bucket"
        script = ["#!/bin/bash", "set -e", *(f"{make} {name}" for name in bucket_names(self.ref)), ""]
        return {
            "fullnameOverride": self.name,
            "image": IMAGE,
            "updateStrategy": {"type": "Recreate"},
            "startServices": "s3,sts",
            "enableStartupScripts": True,
            "startupScriptContent": "\n".join(script),
            "service": {"type": "ClusterIP"},
            "role": {"create": False},
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "securityContext": {"allowPrivilegeEscalation": False},
            "tests": {"enabled": False},
            "resources": server_resources(config),
            **site.steady.values,
        }
