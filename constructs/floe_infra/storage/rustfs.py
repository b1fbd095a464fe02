"""RustFS in the cluster."""

from __future__ import annotations

from typing import Any, ClassVar

from floe_infra.kubernetes import charts
from floe_infra.kubernetes.objects import CONTAINER_SECURITY, POD_SECURITY
from floe_infra.kubernetes.site import Site
from floe_infra.storage.config import RustFsConfig
from floe_infra.storage.in_cluster import REGION, InClusterServer, server_resources

_USER = 10001
"""`rustfs` in the image."""


class RustFs(InClusterServer):
    """One RustFS server with one disk. The chart keeps the disk's claim when it is uninstalled."""

    name: ClassVar = "rustfs"
    chart: ClassVar = charts.RUSTFS
    service: ClassVar = "rustfs-svc"
    port: ClassVar = 9000
    pages: ClassVar = (9001,)
    secret: ClassVar = {"RUSTFS_ACCESS_KEY": "{{ .access_key }}", "RUSTFS_SECRET_KEY": "{{ .secret_key }}"}

    def _values(self, config: RustFsConfig, site: Site, secret: str) -> dict[str, Any]:
        return {
            "fullnameOverride": self.name,
            # In the chart's own words `stable`, which is another one every few months.
            "image": {"initImage": {"repository": "docker.io/library/busybox", "tag": "1.37"}},
            "mode": {
                "standalone": {"enabled": True, "strategy": {"type": "Recreate"}},
                "distributed": {"enabled": False},
            },
            "secret": {"existingSecret": secret},
            **site.restarting("podAnnotations", config.namespace, secret),
            "config": {"rustfs": {"region": REGION, "obs_log_directory": ""}},  # to standard output, without a disk
            "storageclass": {"name": site.storage_class, "dataStorageSize": f"{config.storage_gib}Gi"},
            "ingress": {"enabled": False},
            "serviceAccount": {"create": True, "automount": False},
            "podSecurityContext": {**POD_SECURITY, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER},
            "containerSecurityContext": CONTAINER_SECURITY,
            "resources": server_resources(config),
            **site.steady.values,
        }
