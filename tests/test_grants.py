from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import App, TerraformStack

from floe_infra.grants import Grants
from floe_infra.needs import ExistingSecret, Needs, Password
from floe_infra.refs import IdentityRef, SecretRef
from in_cluster import identity, secret


class Cloud:
    """Cluster, storage, catalog and secret manager in one: notes who is let do what."""

    def __init__(self) -> None:
        self.granted: list[tuple[str, ...]] = []
        self.made: dict[str, Any] = {}

    def identity(self, _: str, *, namespace: str, service_account: str) -> IdentityRef:
        return identity(namespace, service_account)

    def grant_read_write(self, who: IdentityRef) -> None:
        self.granted.append(("read_write", who.service_account))

    def grant_exchange(self, who: IdentityRef) -> None:
        self.granted.append(("exchange", who.service_account))

    def grant_compute_logs(self, who: IdentityRef) -> None:
        self.granted.append(("compute_logs", who.service_account))

    def grant_use(self, who: IdentityRef) -> None:
        self.granted.append(("use", who.service_account))

    def lend_role(self, who: IdentityRef) -> str:
        self.granted.append(("lend", who.service_account))
        return f"arn:lent-to-{who.service_account}"

    def make(self, name: str, content: Mapping[str, str | Password]) -> SecretRef:
        self.made[name] = content
        return secret(name, *content)

    def find(self, name: str, existing: ExistingSecret) -> SecretRef:
        return secret(name, *existing.keys)

    def grant_read(self, who: IdentityRef, secrets: Sequence[SecretRef]) -> None:
        self.granted.append(("secrets", who.namespace, *(each.name for each in secrets)))


NEEDS = {
    "catalog": Needs(
        namespace="catalog",
        service_account="polaris",
        storage="lend",
        databases=("polaris",),
        secrets={"polaris-root": {"client_id": "root", "client_secret": Password()}},
    ),
    "compute": Needs(
        namespace="query", service_account="trino", storage="read_write", exchange=True, reads=("vendor",)
    ),
    "telemetry": Needs(namespace="observability", existing={"vendor": ExistingSecret("acme/vendor", ("api-key",))}),
    "traces": Needs(namespace="observability"),
    "runtime": Needs(namespace="floe", service_account="dagster", compute=True, compute_logs=True),
}


def grant(needs: Mapping[str, Needs] = NEEDS, *, manager: bool = True) -> tuple[Grants, Cloud]:
    cloud: Any = Cloud()
    made = Grants(
        TerraformStack(App(), "stack"),
        "grants",
        needs=needs,
        cluster=cloud,
        storage=cloud,
        secrets=cloud if manager else None,
        catalog=None,
        compute=cloud,
        database=None,
    )
    return made, cloud


def test_identities_get_what_their_service_needs_and_nothing_else():
    grants, cloud = grant()
    assert list(grants.identities) == ["catalog", "compute", "runtime"]
    assert [each for each in cloud.granted if each[0] != "secrets"] == [
        ("lend", "polaris"),
        ("read_write", "trino"),
        ("exchange", "trino"),
        ("use", "dagster"),
        ("compute_logs", "dagster"),
    ]
    assert grants.lent_roles == {"catalog": "arn:lent-to-polaris"}


def test_each_namespace_reads_its_own_secrets():
    grants, cloud = grant()
    assert [each[1:] for each in cloud.granted if each[0] == "secrets"] == [
        ("catalog", "polaris-root", "database-polaris"),
        ("query", "vendor"),
        ("observability", "vendor"),
    ]
    assert {name: reader.service_account for name, reader in grants.readers.items()} == dict.fromkeys(
        ("catalog", "query", "observability"), "secret-reader"
    )


def test_a_database_brings_a_login():
    _, cloud = grant()
    assert cloud.made["database-polaris"] == {"username": "polaris", "password": Password(), "database": "polaris"}


def test_without_a_secret_manager_nobody_reads_anything():
    grants, cloud = grant({"compute": Needs(namespace="query", service_account="trino")}, manager=False)
    assert grants.secrets == grants.readers == {}
    assert cloud.granted == []
