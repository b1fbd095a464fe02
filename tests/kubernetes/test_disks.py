from __future__ import annotations

from typing import Any

import pytest

from floe_infra.cluster.access import disks
from floe_infra.kubernetes.disks import Disks
from in_cluster import synthesized
from synthesized import resources


@pytest.mark.parametrize("default", [True, False])
def test_encrypted_gp3_that_waits_for_its_pods_zone(default):
    def make(stack: Any) -> None:
        Disks(stack, "disks", storage=disks(default=default))

    [block] = resources(synthesized(make), "kubernetes_storage_class_v1").values()
    assert block["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert block["volume_binding_mode"] == "WaitForFirstConsumer"
    assert block["allow_volume_expansion"] is True
    annotations = block["metadata"].get("annotations", {})
    assert annotations.get("storageclass.kubernetes.io/is-default-class", "false") == str(default).lower()
