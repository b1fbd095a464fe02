from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from floe_infra.refs import IdentityRef
from floe_infra.secrets.config import ExternalSecretsConfig

from .in_cluster import SITE, site
from .stand_ins import Case

ROLES = {each: f"arn:aws:iam::111122223333:role/acme-prod-{each}-reader" for each in ("catalog", "query")}
STORES = {namespace: {"role_arn": role} for namespace, role in ROLES.items()}


def operator(*, readers: dict[str, str], special: bool = False, **config: Any) -> Callable[[Any], Any]:
    from floe_infra.secrets.external_secrets import ExternalSecrets

    return lambda scope: ExternalSecrets(
        scope,
        "secrets",
        config=ExternalSecretsConfig.model_validate(config),
        site=site("external-secrets", special=special),
        readers={
            namespace: IdentityRef(
                namespace=namespace,
                service_account="secret-reader",
                role="",
                role_arn=role,
                annotations={"eks.amazonaws.com/role-arn": role},
            )
            for namespace, role in readers.items()
        },
        needs={},
    )


CASES = {
    "external-secrets-default": Case("external-secrets", {"region": "eu-west-1", "stores": {}}, operator(readers={})),
    "external-secrets-one": Case(
        "external-secrets",
        {"region": "eu-west-1", "stores": {"query": STORES["query"]}, "replicas": 1},
        operator(readers={"query": ROLES["query"]}, replicas=1),
    ),
    "external-secrets-all": Case(
        "external-secrets",
        {
            "region": "eu-west-1",
            "stores": STORES,
            "namespace": "secrets",
            "replicas": 3,
            "node_selector": SITE["node_selector"],
            "chart_repository": SITE["chart_repository"],
            "values": {"replicaCount": 5, "webhook": {"port": 9443}},
        },
        operator(
            readers=ROLES,
            special=True,
            namespace="secrets",
            replicas=3,
            values={"replicaCount": 5, "webhook": {"port": 9443}},
        ),
    ),
}


@pytest.mark.parametrize(("case", "stores"), list(zip(CASES, (0, 1, 2), strict=True)))
def test_the_module_gives_what_the_construct_gives(case, stores, given):
    assert len(given[case].by_module) == 1 + stores
    assert given[case].by_module == given[case].by_construct
