"""What the volumes of pods are made of."""

from __future__ import annotations

from cdktf_cdktf_provider_kubernetes.storage_class_v1 import StorageClassV1, StorageClassV1Metadata
from constructs import Construct

from floe_infra.refs import BlockStorage


class Disks(Construct):
    """A StorageClass: volumes are made in the zone of the pod that claims them, can grow, and go with their claim.

    Attributes:
        name: the class' name.
        storage_class: the resource.
    """

    def __init__(self, scope: Construct, id: str, *, storage: BlockStorage) -> None:
        super().__init__(scope, id)
        self.name = storage.name
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        self.storage_class = StorageClassV1(
            self,
            "storage_class",
            metadata=StorageClassV1Metadata(name=storage.name, annotations=default if storage.default else None),
            storage_provisioner=storage.provisioner,
            parameters=dict(storage.parameters),
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
        )
