from __future__ import annotations

from typing import Any

from floe_infra.storage import RustFsConfig
from floe_infra.storage.rustfs import RustFs
from in_cluster import STEADY, CopiedSecrets, releases, secret, site, synthesized


def values(**fields: Any) -> dict[str, Any]:
    operator = CopiedSecrets()

    def make(stack: Any) -> None:
        place = site(secrets=[secret("storage-credentials", "access_key", "secret_key")], cluster_secrets=operator)
        RustFs(stack, "storage", config=RustFsConfig(**fields), site=place)

    made: dict[str, Any] = releases(synthesized(make))["rustfs"]["values"]
    [copy] = operator.copies.values()
    assert {"RUSTFS_ACCESS_KEY", "RUSTFS_SECRET_KEY"} <= set(copy.data or {})
    return made


def test_one_server_with_the_keys_of_the_platform():
    made = values()
    assert made["mode"]["standalone"]["enabled"]
    assert not made["mode"]["distributed"]["enabled"]
    assert made["secret"] == {"existingSecret": "storage-credentials"}
    assert made["ingress"] == {"enabled": False}


def test_the_disk_is_of_the_clusters_own_class():
    """Null takes the chart's own class away, which is that of one distribution."""
    assert values(storage_gib=7)["storageclass"] == {"name": None, "dataStorageSize": "7Gi"}


def test_it_is_restricted_and_stays_where_nobody_takes_nodes_away():
    made = values()
    assert made["podSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert made["containerSecurityContext"]["readOnlyRootFilesystem"] is True
    assert made["serviceAccount"]["automount"] is False
    assert {key: made[key] for key in STEADY} == STEADY
    assert made["image"]["initImage"]["tag"] != "stable"
