from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from floe_infra.config import PlatformConfig
from floe_infra.handoff import FloeRuntimeConfig
from floe_infra.handoff.floe_runtime import FloeRuntime
from floe_infra.kubernetes.site import SecretCopy
from floe_infra.refs import DatabaseRef
from in_cluster import CopiedSecrets, secret, site, synthesized

DATABASE = DatabaseRef("db", 5432, "dagster", "floe", secret("database-admin", "username"), "16")
CLIENT = secret("catalog-client-runtime", "client_id", "client_secret", generation=2)
LOGIN = secret("database-dagster", "username", "password")


def copies(database: DatabaseRef | None, *secrets: Any) -> dict[str, SecretCopy]:
    operator = CopiedSecrets()

    def make(stack: Any) -> None:
        place = site(secrets=secrets, cluster_secrets=operator)
        FloeRuntime(stack, "runtime", config=FloeRuntimeConfig(), site=place, database=database, catalog=None)

    synthesized(make)
    return operator.copies


def test_secrets_have_the_names_and_keys_that_floe_runtimes_charts_read():
    made = copies(DATABASE, LOGIN, CLIENT)
    assert {name: dict(copy.data or {}) for name, copy in made.items()} == {
        "floe/floe-dagster-postgresql-secret": {"postgresql-password": "{{ .password }}"},
        "floe/floe-dagster-catalog-secret": {
            "polaris-client-id": "{{ .client_id }}",
            "polaris-client-secret": "{{ .client_secret }}",
        },
    }


def test_motherducks_token_has_the_name_that_duckdb_looks_for():
    made = copies(None, secret("motherduck", "token"))
    assert {name: dict(copy.data or {}) for name, copy in made.items()} == {
        "floe/floe-dagster-compute-secret": {"MOTHERDUCK_TOKEN": "{{ .token }}"}
    }
    [copy] = made.values()
    assert copy.stable_name


def test_names_stay_when_values_are_made_anew():
    assert "floe/floe-dagster-catalog-secret" in copies(None, CLIENT)


def test_nothing_is_copied_that_there_is_not():
    assert copies(None) == {}


def test_keys_to_storage_in_the_cluster_have_the_names_that_s3_clients_look_for():
    made = copies(None, secret("storage-credentials", "access_key", "secret_key"))
    assert {name: dict(copy.data or {}) for name, copy in made.items()} == {
        "floe/floe-dagster-storage-secret": {
            "AWS_ACCESS_KEY_ID": "{{ .access_key }}",
            "AWS_SECRET_ACCESS_KEY": "{{ .secret_key }}",
        },
        "floe/floe-cube-s3": {"access-key": "{{ .access_key }}", "secret-key": "{{ .secret_key }}"},
    }


def test_cubes_secrets_are_made_under_the_names_of_its_variables():
    made = copies(None, secret("cube", "api_secret", "sql_password"))
    assert {name: dict(copy.data or {}) for name, copy in made.items()} == {
        "floe/floe-cube-secrets": {
            "CUBEJS_API_SECRET": "{{ .api_secret }}",
            "CUBEJS_SQL_PASSWORD": "{{ .sql_password }}",
        }
    }


def platform(**sections: Any) -> PlatformConfig:
    cloud = {"region": "eu-west-1", "account_id": "111122223333"}
    return PlatformConfig.model_validate({"name": "acme", "environment": "dev", "cloud": cloud, **sections})


def test_the_runtime_may_keep_what_its_runs_print():
    assert platform().needs["runtime"].compute_logs
    assert not platform(storage={"compute_logs": False}).needs["runtime"].compute_logs


@pytest.mark.parametrize("image", ["registry.example.com/lake/pipelines", "lake/pipelines:latest"])
def test_an_image_has_a_tag_that_stays(image):
    with pytest.raises(ValidationError, match="image"):
        platform(runtime={"image": image})


def test_runs_are_sized_by_the_tier():
    assert (platform().runtime.run_memory_gib, platform(environment="prod").runtime.run_memory_gib) == (4, 16)
