"""Another catalog is another line in the file, and nothing to whatever does not use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chart_values import emitted_values
from floe_infra.config import PlatformConfig
from synthesized import resources

PLATFORM = {
    "name": "acme",
    "environment": "prod",
    "cloud": {"region": "eu-west-1", "account_id": "111122223333"},
    "compute": {"kind": "trino"},
}
ITS_OWN = (
    "catalog/",
    "compute/secrets/",
    "database/",
    "namespaces/catalog/",
    "network_policies/",
    "runtime/",
    "secrets/stores/catalog/",
)
"""The catalog, its namespace, its database, the credentials of its clients, and who may talk to it."""
FROM_THE_REF = {"catalogs", "envFrom"}
"""What Trino is told of it."""


@pytest.fixture
def releases(synth: Callable[..., Any]) -> Callable[[str], dict[str, Any]]:
    """The values of every release of the platform with this kind of catalog, but for what is the catalog's own."""

    def make(kind: str) -> dict[str, Any]:
        stack = synth(PlatformConfig.model_validate({**PLATFORM, "catalog": {"kind": kind}}))["services"]
        blocks = resources(stack, "helm_release").items()
        return {path: emitted_values(block) for path, block in blocks if not path.startswith(ITS_OWN)}

    return make


def test_other_services_do_not_notice(releases):
    polaris = releases("polaris")
    assert {path.partition("/")[0] for path in polaris} >= {"compute", "secrets", "telemetry", "traces", "lineage"}
    for kind in ("nessie", "glue"):
        other = releases(kind)
        trino = other["compute/trino/release"]
        assert trino["catalogs"] != polaris["compute/trino/release"]["catalogs"]
        for key in FROM_THE_REF:
            trino[key] = polaris["compute/trino/release"][key]
        assert other == polaris
