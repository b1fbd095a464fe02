"""SeaweedFS in the cluster."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import CONTAINER_SECURITY, POD_SECURITY
from floe_infra.kubernetes.site import Site
from floe_infra.storage.config import SeaweedFsConfig
from floe_infra.storage.in_cluster import InClusterServer, server_resources

_USER = 1000
"""`seaweed` in the image."""
_IDENTITIES = (
    '{"identities": [{"name": "floe", "credentials": [{"accessKey": {{ .access_key | toJson }}, '
    '"secretKey": {{ .secret_key | toJson }}}], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}'
)
"""https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API#authentication"""


class SeaweedFs(InClusterServer):
    """Master, volume server, filer and S3 gateway of SeaweedFS in one pod with one disk."""

    name: ClassVar = "seaweedfs"
    chart: ClassVar = charts.SEAWEEDFS
    service: ClassVar = "seaweedfs-all-in-one"
    port: ClassVar = 8333
    secret: ClassVar = {"seaweedfs_s3_config": _IDENTITIES}

    def _values(self, config: SeaweedFsConfig, site: Site, secret: str) -> dict[str, Any]:
        disk: dict[str, Any] = {
            "type": "persistentVolumeClaim",
            "size": f"{config.storage_gib}Gi",
            "storageClass": site.storage_class,
        }
        if site.context.keeps_data:
            disk["annotations"] = {"helm.sh/resource-policy": "keep"}
        placement = {
            key: json.dumps(value) for key, value in site.steady.values.items() if value
        }  # the chart wants text
        return {
            "fullnameOverride": self.name,
            "global": {"seaweedfs": {"createClusterRole": False, "automountServiceAccountToken": False}},
            **{part: {"enabled": False} for part in ("master", "volume", "filer", "s3")},
            "allInOne": {
                "enabled": True,
                **site.restarting("podAnnotations", config.namespace, secret),
                "s3": {"enabled": True, "enableAuth": True, "existingConfigSecret": secret},
                "data": disk,
                "affinity": "",  # there is one pod, whose successor may come to the same node
                "podSecurityContext": {
                    "enabled": True,
                    **POD_SECURITY,
                    "runAsUser": _USER,
                    "runAsGroup": _USER,
                    "fsGroup": _USER,
                },
                "containerSecurityContext": {"enabled": True, **CONTAINER_SECURITY, "readOnlyRootFilesystem": False},
                "resources": server_resources(config),
                **placement,
            },
        }
