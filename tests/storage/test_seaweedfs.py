from __future__ import annotations

import json
import re
from typing import Any

from alone import DISPOSABLE, PROD
from floe_infra.storage import SeaweedFsConfig
from floe_infra.storage.seaweedfs import SeaweedFs
from in_cluster import STEADY, CopiedSecrets, releases, secret, site, synthesized


def made(context: Any = PROD, **fields: Any) -> tuple[dict[str, Any], dict[str, str]]:
    operator = CopiedSecrets()

    def make(stack: Any) -> None:
        keys = secret("storage-credentials", "access_key", "secret_key")
        place = site(secrets=[keys], cluster_secrets=operator, context=context)
        SeaweedFs(stack, "storage", config=SeaweedFsConfig(**fields), site=place)

    values = releases(synthesized(make))["seaweedfs"]["values"]
    [copy] = operator.copies.values()
    return values, dict(copy.data or {})


def test_one_pod_does_it_all():
    values, _ = made()
    assert values["allInOne"]["enabled"]
    assert not any(values[part]["enabled"] for part in ("master", "volume", "filer", "s3"))
    assert values["global"]["seaweedfs"]["createClusterRole"] is False


def test_nobody_gets_in_without_the_keys():
    values, data = made()
    s3 = values["allInOne"]["s3"]
    assert (s3["enabled"], s3["enableAuth"], s3["existingConfigSecret"]) == (True, True, "storage-credentials")
    filled = re.sub(
        r"{{ \.(\w+) \| toJson }}", lambda match: json.dumps(f'the "{match[1]}"'), data["seaweedfs_s3_config"]
    )
    [identity] = json.loads(filled)["identities"]
    assert identity["credentials"] == [{"accessKey": 'the "access_key"', "secretKey": 'the "secret_key"'}]
    assert {"Admin", "Read", "Write", "List"} <= set(identity["actions"])


def test_the_disk_is_kept_with_the_data():
    disk = made(storage_gib=7)[0]["allInOne"]["data"]
    assert (disk["type"], disk["size"], disk["storageClass"]) == ("persistentVolumeClaim", "7Gi", None)
    assert disk["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert "annotations" not in made(DISPOSABLE)[0]["allInOne"]["data"]


def test_it_is_restricted_and_stays_where_nobody_takes_nodes_away():
    pod = made()[0]["allInOne"]
    assert pod["podSecurityContext"]["runAsNonRoot"] is True
    assert pod["containerSecurityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert json.loads(pod["nodeSelector"]) == STEADY["nodeSelector"]
    assert "tolerations" not in pod
