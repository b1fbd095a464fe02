from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alone import PROD, synthesized
from floe_infra.config import PlatformConfig
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


def test_secrets_of_ones_own_have_names_that_kubernetes_takes():
    telemetry = {"exporters": {"datadog": {"secret": "team/datadog"}}}
    with pytest.raises(ValidationError) as error:
        PlatformConfig.model_validate(
            {
                "name": "acme",
                "environment": "dev",
                "cloud": {"provider": "local"},
                "cluster": {"kind": "kubeconfig", "context": "kind-floe"},
                "telemetry": telemetry,
            }
        )
    [finding] = [finding for each in error.value.errors() for finding in each["ctx"]["findings"]]
    assert finding.path == ("telemetry",)
    assert finding.message == 'no Secret in the cluster can be called "team/datadog"'
    assert finding.fix == "name the Secret that you put into the namespace secrets"
