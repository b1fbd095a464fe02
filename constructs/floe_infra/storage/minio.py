"""MinIO in the cluster."""

from __future__ import annotations

from typing import Any, ClassVar

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import CONTAINER_SECURITY, POD_SECURITY
from floe_infra.kubernetes.site import Site
from floe_infra.storage.config import MinioConfig
from floe_infra.storage.in_cluster import REGION, InClusterServer, server_resources

_USER = 1000


class Minio(InClusterServer):
    """One MinIO server with one disk. Buckets are made by our own job: the chart's wants an image of its own."""

    name: ClassVar = "minio"
    chart: ClassVar = charts.MINIO
    service: ClassVar = "minio"
    port: ClassVar = 9000
    pages: ClassVar = (9001,)
    secret: ClassVar = {"rootUser": "{{ .access_key }}", "rootPassword": "{{ .secret_key }}"}

    @classmethod
    def _labels(cls) -> dict[str, str]:
        return {"app": cls.name, "release": cls.name}

    def _values(self, config: MinioConfig, site: Site, secret: str) -> dict[str, Any]:
        disk: dict[str, Any] = {
            "enabled": True,
            "size": f"{config.storage_gib}Gi",
            "storageClass": site.storage_class or "",
        }
        if site.context.keeps_data:
            disk["annotations"] = {"helm.sh/resource-policy": "keep"}
        return {
            "fullnameOverride": self.name,
            "mode": "standalone",
            "deploymentUpdate": {"type": "Recreate"},  # two servers cannot have the one disk
            "existingSecret": secret,
            **site.restarting("podAnnotations", config.namespace, secret),
            "environment": {"MINIO_REGION": REGION},
            "users": [],
            "persistence": disk,
            "securityContext": {
                "enabled": True,
                **POD_SECURITY,
                "runAsUser": _USER,
                "runAsGroup": _USER,
                "fsGroup": _USER,
                "fsGroupChangePolicy": "OnRootMismatch",
            },
            "containerSecurityContext": {**CONTAINER_SECURITY, "readOnlyRootFilesystem": False},
            "resources": server_resources(config),
            **site.steady.values,
        }
