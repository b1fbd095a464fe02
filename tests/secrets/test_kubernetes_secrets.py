from __future__ import annotations

from typing import Any

from alone import PROD, synthesized
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import SecretRef
from floe_infra.secrets import InClusterSecretsConfig
from floe_infra.secrets.kubernetes_secrets import KubernetesSecrets
from in_cluster import identity

CONTENT: dict[str, str | Password] = {"username": "polaris", "password": Password()}


def made(**generations: int) -> tuple[dict[str, Any], SecretRef, SecretRef]:
    refs: list[SecretRef] = []

    def make(stack: Any) -> None:
        config = InClusterSecretsConfig(
            generations={name.replace("_", "-"): each for name, each in generations.items()}
        )
        manager = KubernetesSecrets(stack, "secrets", config=config, context=PROD)
        refs.append(manager.make("database-polaris", CONTENT))
        refs.append(manager.find("vendor", ExistingSecret("vendor-login", ("api-key",))))
        manager.grant_read(identity("catalog", "secret-reader"), refs)

    return synthesized(make), *refs


def test_secrets_are_only_named():
    stack, secret, vendor = made()
    assert "resource" not in stack
    assert (secret.remote_key, secret.keys) == ("database-polaris", ("username", "password"))
    assert (vendor.name, vendor.remote_key, vendor.keys) == ("vendor", "vendor-login", ("api-key",))


def test_a_new_generation_is_another_secret():
    _, secret, _ = made(database_polaris=3)
    assert (secret.name, secret.remote_key, secret.generation) == ("database-polaris", "database-polaris-3", 3)
