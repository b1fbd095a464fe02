from __future__ import annotations

from typing import Any

from floe_infra.kubernetes.objects import deployment, pod, secret_env
from in_cluster import objects, site, synthesized

CHECKSUMS = {("catalog", "login"): "1" * 16, ("catalog", "keys"): "2" * 16, ("floe", "login"): "3" * 16}


def template(**more: Any) -> dict[str, Any]:
    """The pods' of a deployment that reads `login` by a variable and mounts `keys`."""
    container = {"name": "main", "env": [secret_env("PASSWORD", secret="login", key="password")]}
    volumes = [{"name": "keys", "secret": {"secretName": "keys"}}]
    made = deployment("server", replicas=1, spec=pod(containers=[container], user=1, volumes=volumes), **more)

    def make(stack: Any) -> None:
        site(secret_checksums=CHECKSUMS).manifests(stack, "x", name="x", namespace="catalog", manifests=[made])

    return objects(synthesized(make))["Deployment/server"]["spec"]["template"]


def test_pods_start_anew_with_the_secrets_that_they_read():
    annotations = template(annotations={"checksum/program": "0"})["metadata"]["annotations"]
    assert annotations == {
        "checksum/program": "0",
        **site(secret_checksums=CHECKSUMS).restarts("catalog", "keys", "login"),
    }


def test_another_content_is_another_annotation_whatever_the_order():
    place = site(secret_checksums=CHECKSUMS)
    both = place.restarts("catalog", "login", "keys")
    assert both == place.restarts("catalog", "keys", "login", "keys")
    assert place.restarts("catalog", "login") != both
    assert place.restarts("floe", "login") != place.restarts("catalog", "login")


def test_of_a_secret_whose_content_nobody_knows_nothing_is_said():
    assert site().restarts("catalog", "login") == {}
    assert site(secret_checksums=CHECKSUMS).restarting("podAnnotations", "catalog", "other") == {}
    assert site(secret_checksums=CHECKSUMS).restarting("podAnnotations", "floe", "login").keys() == {"podAnnotations"}
