from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from floe_infra.catalog.clients import pyiceberg, trino_properties, trino_secrets
from floe_infra.refs import BucketRef, CatalogRef, SecretRef, StorageRef

CLIENT = SecretRef("catalog-client-trino", "arn:trino", ("client_id", "client_secret"))
KEYS = SecretRef("storage-keys", "arn:keys", ("access_key", "secret_key"))
LAYERS = {"bronze": BucketRef("lake", "arn:aws:s3:::lake", "s3://lake")}
AWS = StorageRef(layers=LAYERS, region="eu-west-1")
GOOGLE = StorageRef(layers={"bronze": BucketRef("lake", "", "gs://lake")}, region="europe-west4", scheme="gs")
MINIO = StorageRef(layers=LAYERS, region="us-east-1", endpoint="http://minio:9000", path_style=True, secret=KEYS)
POLARIS = CatalogRef(
    kind="polaris",
    warehouse="lake",
    region="eu-west-1",
    uri="http://polaris:8181/api/catalog",
    scope="PRINCIPAL_ROLE:data_engineer",
    clients={"trino": CLIENT},
    vends_credentials=True,
)
OWN_KEYS = dataclasses.replace(POLARIS, vends_credentials=False)
NESSIE = CatalogRef(kind="nessie", warehouse="lake", region="eu-west-1", uri="http://nessie:19120/iceberg")
GLUE = CatalogRef(kind="glue", warehouse="111122223333", region="eu-west-1")


# Trino


def test_trino_with_polaris():
    assert trino_properties(POLARIS, AWS, release=481) == {
        "connector.name": "iceberg",
        "iceberg.catalog.type": "rest",
        "iceberg.rest-catalog.uri": "http://polaris:8181/api/catalog",
        "iceberg.rest-catalog.warehouse": "lake",
        "iceberg.rest-catalog.security": "OAUTH2",
        "iceberg.rest-catalog.oauth2.server-uri": "http://polaris:8181/api/catalog/v1/oauth/tokens",
        "iceberg.rest-catalog.oauth2.credential": "${ENV:CATALOG_CLIENT_ID}:${ENV:CATALOG_CLIENT_SECRET}",
        "iceberg.rest-catalog.oauth2.scope": "PRINCIPAL_ROLE:data_engineer",
        "iceberg.rest-catalog.vended-credentials-enabled": "true",
        "fs.native-s3.enabled": "true",
        "s3.region": "eu-west-1",
    }


def test_trino_with_polaris_off_aws_has_keys():
    found = trino_properties(OWN_KEYS, MINIO, release=481)
    assert found["iceberg.rest-catalog.vended-credentials-enabled"] == "false"
    assert {key: value for key, value in found.items() if key.startswith("s3.")} == {
        "s3.region": "us-east-1",
        "s3.endpoint": "http://minio:9000",
        "s3.path-style-access": "true",
        "s3.aws-access-key": "${ENV:STORAGE_ACCESS_KEY}",
        "s3.aws-secret-key": "${ENV:STORAGE_SECRET_KEY}",
    }


def test_trino_with_nessie_logs_in_nowhere_and_acts_as_itself():
    assert trino_properties(NESSIE, AWS, release=481) == {
        "s3.use-web-identity-token-credentials-provider": "true",
        "connector.name": "iceberg",
        "iceberg.catalog.type": "rest",
        "iceberg.rest-catalog.uri": "http://nessie:19120/iceberg",
        "iceberg.rest-catalog.warehouse": "lake",
        "iceberg.rest-catalog.security": "NONE",
        "iceberg.rest-catalog.vended-credentials-enabled": "false",
        "fs.native-s3.enabled": "true",
        "s3.region": "eu-west-1",
    }


@pytest.mark.parametrize(
    ("release", "property"),
    [(482, ("s3.use-web-identity-token-credentials-provider", "true")), (483, ("s3.auth-type", "WEB_IDENTITY"))],
)
def test_trino_is_its_service_account_where_nothing_is_lent_and_never_the_node(release, property):
    assert property in trino_properties(GLUE, AWS, release=release).items()
    assert property not in trino_properties(POLARIS, AWS, release=release).items()
    assert property not in trino_properties(OWN_KEYS, MINIO, release=release).items()


def test_trino_with_glue():
    assert trino_properties(GLUE, AWS, release=481) == {
        "s3.use-web-identity-token-credentials-provider": "true",
        "connector.name": "iceberg",
        "iceberg.catalog.type": "glue",
        "hive.metastore.glue.region": "eu-west-1",
        "fs.native-s3.enabled": "true",
        "s3.region": "eu-west-1",
    }


@pytest.mark.parametrize(("catalog", "lent"), [(POLARIS, "true"), (NESSIE, "false")])
def test_trino_on_google_has_what_it_is_lent_or_its_service_account(catalog, lent):
    found = trino_properties(catalog, GOOGLE, release=481)
    assert found["iceberg.rest-catalog.vended-credentials-enabled"] == lent
    reach = {key: value for key, value in found.items() if not key.startswith(("iceberg.", "connector."))}
    assert reach == {"fs.native-gcs.enabled": "true"}


@pytest.mark.parametrize("storage", [AWS, MINIO, GOOGLE], ids=["aws", "minio", "google"])
@pytest.mark.parametrize("catalog", [POLARIS, OWN_KEYS, NESSIE, GLUE], ids=["vending", "polaris", "nessie", "glue"])
def test_every_variable_that_trino_reads_comes_from_a_secret(catalog, storage):
    read = {
        name
        for value in trino_properties(catalog, storage, release=481).values()
        for name in re.findall(r"ENV:(\w+)", value)
    }
    secrets = trino_secrets(catalog, storage, client="trino")
    assert read == {name for _, variables in secrets for name in variables}
    for secret, variables in secrets:
        assert {f"{{{{ .{key} }}}}" for key in secret.keys} == set(variables.values())


def test_lent_access_needs_no_keys():
    assert trino_secrets(POLARIS, MINIO, client="trino") == trino_secrets(POLARIS, AWS, client="trino")
    assert [secret for secret, _ in trino_secrets(OWN_KEYS, MINIO, client="trino")] == [CLIENT, KEYS]


def test_a_client_that_the_catalog_does_not_know():
    with pytest.raises(KeyError, match="superset"):
        trino_secrets(POLARIS, AWS, client="superset")


# PyIceberg


def test_pyiceberg_with_polaris():
    assert pyiceberg(POLARIS, AWS) == {
        "type": "rest",
        "uri": "http://polaris:8181/api/catalog",
        "warehouse": "lake",
        "scope": "PRINCIPAL_ROLE:data_engineer",
        "oauth2-server-uri": "http://polaris:8181/api/catalog/v1/oauth/tokens",
        "s3.region": "eu-west-1",
    }


def test_pyiceberg_asks_for_no_credentials_where_none_are_lent():
    found = pyiceberg(OWN_KEYS, MINIO)
    assert found["header.X-Iceberg-Access-Delegation"] == ""
    assert {key: value for key, value in found.items() if key.startswith("s3.")} == {
        "s3.region": "us-east-1",
        "s3.endpoint": "http://minio:9000",
        "s3.force-virtual-addressing": "false",
    }


@pytest.mark.parametrize("catalog", [POLARIS, NESSIE])
def test_pyiceberg_on_google_is_told_nothing_of_the_storage(catalog):
    found = pyiceberg(catalog, GOOGLE)
    assert {key for key in found if key.startswith(("s3.", "gcs."))} == set()
    assert found == {key: value for key, value in pyiceberg(catalog, AWS).items() if key != "s3.region"}


def test_pyiceberg_with_nessie():
    assert pyiceberg(NESSIE, AWS) == {
        "type": "rest",
        "uri": "http://nessie:19120/iceberg",
        "warehouse": "lake",
        "header.X-Iceberg-Access-Delegation": "",
        "s3.region": "eu-west-1",
    }


def test_pyiceberg_with_glue():
    assert pyiceberg(GLUE, AWS) == {
        "type": "glue",
        "glue.region": "eu-west-1",
        "glue.id": "111122223333",
        "s3.region": "eu-west-1",
    }


@pytest.mark.parametrize("catalog", [POLARIS, NESSIE, GLUE])
def test_no_key_is_left_empty_but_the_header_that_is_to_be(catalog: Any):
    for found in (trino_properties(catalog, AWS, release=481), pyiceberg(catalog, AWS)):
        assert {key for key, value in found.items() if not value} <= {"header.X-Iceberg-Access-Delegation"}


def test_an_emulators_glue_has_an_address():
    emulated = dataclasses.replace(GLUE, endpoint="http://localhost:4566")
    assert pyiceberg(emulated, AWS)["glue.endpoint"] == "http://localhost:4566"
    assert trino_properties(emulated, AWS, release=481)["hive.metastore.glue.endpoint-url"] == "http://localhost:4566"
    assert "glue.endpoint" not in pyiceberg(GLUE, AWS)
