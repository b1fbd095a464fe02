from __future__ import annotations

from typing import Any

from floe_infra.storage import LocalStackConfig
from floe_infra.storage.localstack import LocalStack
from in_cluster import STEADY, CopiedSecrets, releases, secret, site, synthesized


def values(**fields: Any) -> dict[str, Any]:
    def make(stack: Any) -> None:
        keys = secret("storage-credentials", "access_key", "secret_key")
        place = site(secrets=[keys], cluster_secrets=CopiedSecrets())
        LocalStack(stack, "storage", config=LocalStackConfig(**fields), site=place)

    made: dict[str, Any] = releases(synthesized(make))["localstack"]["values"]
    return made


def test_the_image_wants_no_token():
    assert values()["image"] == {"repository": "docker.io/localstack/localstack", "tag": "4.14.0"}


def test_buckets_are_there_again_after_each_start():
    made = values(exchange=True, bucket_names={"gold": "treasure"})
    assert made["enableStartupScripts"] is True
    first, *commands = made["startupScriptContent"].splitlines()
    assert first == "#!/bin/bash"
    made_by_it = [command.rpartition(" ")[2] for command in commands if "create-bucket" in command]
    assert made_by_it == ["acme-prod-bronze", "acme-prod-silver", "treasure", "acme-prod-exchange"]


def test_it_may_do_nothing_in_the_cluster_and_is_not_reached_from_outside():
    made = values()
    assert made["role"] == {"create": False}
    assert made["service"]["type"] == "ClusterIP"
    assert {key: made[key] for key in STEADY} == STEADY
