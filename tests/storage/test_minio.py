from __future__ import annotations

from typing import Any

from alone import DISPOSABLE, PROD
from floe_infra.storage import MinioConfig
from floe_infra.storage.minio import Minio
from in_cluster import STEADY, CopiedSecrets, releases, secret, site, synthesized


def values(context: Any = PROD, **fields: Any) -> dict[str, Any]:
    def make(stack: Any) -> None:
        keys = secret("storage-credentials", "access_key", "secret_key")
        place = site(secrets=[keys], cluster_secrets=CopiedSecrets(), context=context)
        Minio(stack, "storage", config=MinioConfig(**fields), site=place)

    made: dict[str, Any] = releases(synthesized(make))["minio"]["values"]
    return made


def test_one_server_and_no_user_of_the_charts():
    made = values()
    assert made["mode"] == "standalone"
    assert made["existingSecret"] == "storage-credentials"
    assert made["users"] == []
    assert made["environment"] == {"MINIO_REGION": "us-east-1"}


def test_the_disk_is_kept_with_the_data_and_never_wanted_twice():
    disk = values(storage_gib=7)["persistence"]
    assert (disk["size"], disk["annotations"]) == ("7Gi", {"helm.sh/resource-policy": "keep"})
    assert "annotations" not in values(DISPOSABLE)["persistence"]
    assert values()["deploymentUpdate"] == {"type": "Recreate"}


def test_it_is_restricted_and_stays_where_nobody_takes_nodes_away():
    made = values(memory_mib=512)
    assert made["securityContext"]["runAsNonRoot"] is True
    assert made["containerSecurityContext"]["allowPrivilegeEscalation"] is False
    assert made["resources"]["limits"] == {"memory": "512Mi"}
    assert {key: made[key] for key in STEADY} == STEADY
