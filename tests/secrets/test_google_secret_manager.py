from __future__ import annotations

from typing import Any

from alone import GOOGLE, GOOGLE_DISPOSABLE, synthesized_on_google
from floe_infra.needs import ExistingSecret, Password
from floe_infra.refs import IdentityRef, SecretRef
from floe_infra.secrets import SecretManagerConfig
from floe_infra.secrets.google_secret_manager import GoogleSecretManager
from synthesized import data, resources

KEY = "projects/acme-kms/locations/europe-west4/keyRings/data/cryptoKeys/secrets"


def reader(namespace: str) -> IdentityRef:
    email = f"{namespace}@acme-data.iam.gserviceaccount.com"
    return IdentityRef(namespace=namespace, service_account="secret-reader", role=email, role_arn=email)


def manager(context: Any = GOOGLE, **settings: Any) -> tuple[dict[str, Any], SecretRef, SecretRef]:
    refs: list[SecretRef] = []

    def make(stack: Any) -> None:
        made = GoogleSecretManager(stack, "secrets", config=SecretManagerConfig(**settings), context=context)
        refs.append(made.make("database-polaris", {"username": "polaris", "password": Password()}))
        refs.append(made.find("vendor", ExistingSecret("team-vendor", ("api-key",))))
        made.grant_read(reader("catalog"), refs[:1])
        made.grant_read(reader("observability"), refs)

    return synthesized_on_google(make), *refs


def only(stack: dict[str, Any], type: str) -> dict[str, Any]:
    [block] = resources(stack, type).values()
    return block


def test_a_secret_stays_in_the_region_is_kept_and_named_by_platform_and_environment():
    stack, ref, _ = manager()
    block = only(stack, "google_secret_manager_secret")
    assert block["secret_id"] == "acme-prod-database-polaris"
    assert block["replication"] == {"user_managed": {"replicas": [{"location": "europe-west4"}]}}
    assert block["lifecycle"]["prevent_destroy"] is block["deletion_protection"] is True
    assert block["version_destroy_ttl"] == "2592000s"
    assert (ref.name, ref.keys, ref.generation) == ("database-polaris", ("username", "password"), 1)


def test_its_value_is_written_by_an_argument_that_no_state_holds():
    version = only(manager()[0], "google_secret_manager_secret_version")
    assert version["secret_data_wo"] == (
        '${jsonencode({"username" = "polaris", '
        '"password" = ephemeral.random_password.secrets_database_polaris_password.result})}'
    )
    assert "secret_data" not in version
    assert version["secret_data_wo_version"] == 1, "the provider's next major refuses 0"


def test_raising_the_generation_writes_a_new_one_before_the_old_one_goes():
    stack, ref, _ = manager(generations={"database-polaris": 3})
    version = only(stack, "google_secret_manager_secret_version")
    assert version["secret_data_wo_version"] == 3
    assert version["lifecycle"]["create_before_destroy"] is True
    assert ref.generation == 3


def test_disposable_secrets_leave_nothing_behind():
    block = only(manager(GOOGLE_DISPOSABLE)[0], "google_secret_manager_secret")
    assert block["deletion_protection"] is False
    assert not {"lifecycle", "version_destroy_ttl"} & block.keys()


def test_an_existing_secret_is_only_looked_up():
    stack, _, vendor = manager()
    [block] = data(stack, "google_secret_manager_secret").values()
    assert block["secret_id"] == "team-vendor"
    assert vendor.keys == ("api-key",)


def test_readers_get_exactly_their_secrets():
    stack, _, _ = manager()
    granted = resources(stack, "google_secret_manager_secret_iam_member")
    assert set(granted) == {
        "secrets/read_catalog_secret-reader/database-polaris",
        "secrets/read_observability_secret-reader/database-polaris",
        "secrets/read_observability_secret-reader/vendor",
    }
    assert {block["role"] for block in granted.values()} == {"roles/secretmanager.secretAccessor"}
    member = granted["secrets/read_catalog_secret-reader/database-polaris"]["member"]
    assert member == "serviceAccount:catalog@acme-data.iam.gserviceaccount.com"


def test_an_existing_key_encrypts():
    block = only(manager(kms_key_name=KEY)[0], "google_secret_manager_secret")
    [replica] = block["replication"]["user_managed"]["replicas"]
    assert replica["customer_managed_encryption"] == {"kms_key_name": KEY}


def test_secrets_come_after_the_api_is_switched_on():
    [dependency] = only(manager()[0], "google_secret_manager_secret")["depends_on"]
    assert dependency.startswith("google_project_service.apis_secretmanager")
