"""External Secrets with Vault in a stack of its own: a few services that want secrets, and one of the cloud's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alone import PROD
from floe_infra.context import Context
from floe_infra.kubernetes.site import SecretCopy
from floe_infra.needs import ExistingSecret, Needs, Password
from floe_infra.refs import IdentityRef, SealRef, SecretRef
from floe_infra.secrets import OpenBaoConfig, VaultConfig
from floe_infra.secrets.vault_external_secrets import VaultExternalSecrets
from floe_infra.secrets.vault_layout import layout
from floe_infra.secrets.vault_server import OpenBao
from in_cluster import identity, objects, secret, site, synthesized

NEEDS = {
    "secrets": Needs(namespace="secrets", service_account="openbao", unseals=True),
    "database": Needs(namespace="database", reads=("database-admin", "database-polaris")),
    "catalog": Needs(
        namespace="catalog",
        databases=("polaris",),
        secrets={
            "polaris-root": {"client_id": "root", "client_secret": Password()},
            "polaris-token-key": {"key": Password(length=96)},
        },
    ),
    "telemetry": Needs(namespace="observability", existing={"vendor": ExistingSecret("vendors/vendor", ("api-key",))}),
}
ADMIN = secret("database-admin", "username", "password")
"""RDS' own, in AWS Secrets Manager."""
SEAL = SealRef("awskms", {"region": "eu-west-1", "kms_key_id": "arn:aws:kms:eu-west-1:111122223333:key/1"})
ADDRESS = "https://vault.example.com:8200"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"


def made(
    config: VaultConfig | OpenBaoConfig,
    *copies: SecretCopy,
    needs: Mapping[str, Needs] = NEEDS,
    context: Context = PROD,
    reader: Any = identity,
    seal: SealRef = SEAL,
) -> dict[str, Any]:
    """The Terraform JSON. `reader` makes the accounts that read, of namespace and name."""
    place, generations = layout(config, context), config.generations
    wanted = {name: content for need in needs.values() for name, content in need.all_secrets.items()}
    secrets = [
        *(
            SecretRef(name, place.key(name, number), tuple(content), generation=number)
            for name, content in wanted.items()
            for number in [generations.get(name, 1)]
        ),
        SecretRef("vendor", place.existing("vendors/vendor"), ("api-key",)),
        ADMIN,
    ]
    readers = {need.namespace: reader(need.namespace, "secret-reader") for need in needs.values() if need.all_reads}
    known = site(
        cluster_secrets=None,
        secrets=secrets,
        context=context,
        identities={"secrets": identity(config.namespace, "openbao")},
    )

    def make(stack: Any) -> None:
        given = {"config": config, "site": known, "readers": readers, "needs": needs}
        service = (
            OpenBao(stack, "secrets", **given, seal=seal)
            if isinstance(config, OpenBaoConfig)
            else VaultExternalSecrets(stack, "secrets", **given)
        )
        if copies:
            service.copy(stack, "copies", namespace="database", secrets=copies)

    return synthesized(make)


def spec(stack: Mapping[str, Any]) -> dict[str, Any]:
    """What the job is to make."""
    found: dict[str, Any] = json.loads(objects(stack)["ConfigMap/vault-writer"]["data"]["spec.json"])
    return found


def google_identity(namespace: str, service_account: str) -> IdentityRef:
    """One on Google."""
    email = f"{namespace}-reader@acme-data.iam.gserviceaccount.com"
    return IdentityRef(namespace, service_account, email, "", {"iam.gke.io/gcp-service-account": email})
