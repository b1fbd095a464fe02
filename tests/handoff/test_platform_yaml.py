"""What platform.yaml says of parts given by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from floe_infra.config import PlatformConfig
from floe_infra.context import Context
from floe_infra.handoff.parts import Parts
from floe_infra.handoff.platform_yaml import platform_yaml
from floe_infra.model import Disabled
from floe_infra.refs import BucketRef, CatalogRef, ComputeRef, IdentityRef, LineageRef, SecretRef, StorageRef

from .platform_spec import PlatformSpec

ROLE = "arn:aws:iam::111122223333:role/acme-prod-floe.floe-dagster"
LENT = "arn:aws:iam::111122223333:role/acme-prod-storage"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000"
IDENTITY = IdentityRef("floe", "floe-dagster", role="r", role_arn=ROLE)
BUCKET = BucketRef("lake", "arn:aws:s3:::lake", "s3://lake")
S3 = StorageRef(layers={"bronze": BUCKET}, region="eu-west-1", kms_key_arn=KEY)
RUSTFS = StorageRef(
    layers={"bronze": BUCKET},
    region="us-east-1",
    endpoint="http://rustfs:9000",
    path_style=True,
    secret=SecretRef("storage-credentials", "k", ("access_key", "secret_key")),
)
GCS = StorageRef(
    layers={"bronze": BucketRef("lake", "projects/_/buckets/lake", "gs://lake")},
    region="europe-west4",
    compute_logs=BucketRef("logs", "projects/_/buckets/logs", "gs://logs"),
    scheme="gs",
)
POLARIS = CatalogRef(
    kind="polaris",
    warehouse="acme_prod",
    region="eu-west-1",
    uri="http://polaris.catalog.svc.cluster.local:8181/api/catalog",
    namespaces={"bronze": "bronze"},
    scope="PRINCIPAL_ROLE:data_engineer",
    vends_credentials=True,
)
GLUE = CatalogRef(kind="glue", warehouse="111122223333", region="eu-west-1", namespaces={"bronze": "acme_prod_bronze"})
CONFIG: dict[str, Any] = {
    "name": "acme",
    "environment": "prod",
    "cloud": {"provider": "aws", "region": "eu-west-1", "account_id": "111122223333"},
}


def parts(provider: str = "aws", **given: Any) -> Parts:
    cluster = {"kind": "kubeconfig", "context": "kind-acme"}
    local = {"name": "acme", "environment": "dev", "cloud": {"provider": "local"}, "cluster": cluster}
    context = Context(
        name="acme", environment="prod", region=given.pop("region", "eu-west-1"), account_id="111122223333"
    )
    # What a file may say of Google is not at stake here.
    config = PlatformConfig.model_validate(CONFIG if provider == "aws" else local)
    if provider == "gcp":
        config = config.model_copy(update={"cloud": config.cloud.model_copy(update={"provider": "gcp"})})
    return Parts(config=config, context=context, **given)


def document(provider: str = "aws", **given: Any) -> dict[str, Any]:
    made = platform_yaml(parts(provider, **given))
    PlatformSpec.model_validate(made)
    return made


def test_tables_are_read_by_the_role_that_the_catalog_lends():
    made = document(storage=S3, catalog=POLARIS, identity=IDENTITY, lent_role=LENT)
    assert made["storage"]["bronze"]["credentials"] == {"mode": "iam_role", "role_arn": LENT}
    assert made["catalogs"]["default"]["access_delegation"] == "vended-credentials"
    assert made["infrastructure"]["cloud"]["aws"]["iam"]["service_accounts"]["dagster"]["role_arn"] == ROLE


def test_or_by_dagsters_own_where_none_is_lent():
    made = document(storage=S3, catalog=GLUE, identity=IDENTITY)
    assert made["storage"]["default"]["credentials"]["role_arn"] == ROLE
    assert made["catalogs"]["default"]["uri"] == "https://glue.eu-west-1.amazonaws.com/iceberg"
    assert made["catalogs"]["default"]["credentials"] == {"mode": "iam_role", "role_arn": ROLE}


def test_roles_that_floe_runtime_does_not_take_are_left_out():
    elsewhere = replace(IDENTITY, role_arn="arn:aws-us-gov:iam::111122223333:role/acme")
    multi_region = replace(S3, kms_key_arn="arn:aws:kms:eu-west-1:111122223333:key/mrk-0a1b")
    made = document(storage=multi_region, catalog=POLARIS, identity=elsewhere)
    assert made["storage"]["bronze"]["credentials"] == {"mode": "static"}
    assert set(made["infrastructure"]["cloud"]["aws"]) == {"account_id"}


def test_roles_with_a_path_are_left_out():
    """Terraform knows the ARN only later, so its pattern cannot be looked at."""
    arn = "${TfToken[TOKEN.7]}"
    given = parts(storage=S3, catalog=POLARIS, identity=replace(IDENTITY, role_arn=arn), lent_role=arn)
    assert arn in json.dumps(platform_yaml(given))
    assert arn not in json.dumps(platform_yaml(replace(given, context=replace(given.context, role_path="/lake/"))))


def test_keys_come_by_the_environment_and_no_reference_names_two():
    made = document("local", storage=RUSTFS, catalog=replace(POLARIS, vends_credentials=False))
    assert made["storage"]["bronze"] == {
        "type": "s3",
        "endpoint": "http://rustfs:9000",
        "region": "us-east-1",
        "bucket": "lake",
        "path_style_access": True,
        "credentials": {"mode": "static"},
    }
    assert made["catalogs"]["default"]["access_delegation"] == "none"
    assert made["infrastructure"]["cloud"] == {"provider": "local"}


def test_google_has_accounts_and_no_roles():
    account = IdentityRef("floe", "floe-dagster", role="dagster@acme.iam.gserviceaccount.com", role_arn="")
    made = document("gcp", storage=GCS, catalog=POLARIS, identity=account, region="europe-west4")
    assert made["storage"]["bronze"]["type"] == "gcs"
    assert made["storage"]["bronze"]["credentials"] == {"mode": "service_account"}
    assert made["observability"]["compute_logs"]["manager_type"] == "gcs"
    assert made["infrastructure"]["cloud"] == {"provider": "gcp", "region": "europe-west4"}


@pytest.mark.parametrize(
    ("compute", "properties"),
    [
        (
            ComputeRef("motherduck", 4096, 2, path="md:acme", environment={
                "DUCKDB_MEMORY_LIMIT": "3072MiB", "DUCKDB_THREADS": "2"}),
            {"path": "md:acme", "threads": 2, "memory_limit": "3072MiB"},
        ),
        (
            ComputeRef("trino", 28672, 7, host="trino", port=8080, catalog="iceberg"),
            {"path": "/tmp/floe.duckdb", "threads": 4, "memory_limit": "12288MiB",
             "trino": {"host": "trino", "port": 8080, "catalog": "iceberg"}},
        ),
    ],
    ids=["motherduck", "trino"],
)  # fmt: skip
def test_pipelines_run_duckdb_whatever_the_engine(compute, properties):
    assert document(compute=compute)["compute"]["default"] == {"type": "duckdb", "properties": properties}


def test_lineage_goes_to_its_whole_address():
    made = document(lineage=LineageRef("http://marquez:5000"))
    assert made["observability"]["lineage_endpoint"] == "http://marquez:5000/api/v1/lineage"
    assert "otlp_endpoint" not in made["observability"]


def test_of_what_there_is_not_nothing_is_said():
    assert set(document()) == {"version", "infrastructure", "security", "compute"}


def test_pipelines_compile_where_there_is_no_engine():
    """floe-runtime wants a profile called default. Its size is that of the runtime's runs, if there are any."""
    sized = {"path": "/tmp/floe.duckdb", "threads": 4, "memory_limit": "12288MiB"}
    assert document()["compute"] == {"default": {"type": "duckdb", "properties": sized}}
    given = parts()
    nowhere = given.config.model_copy(update={"runtime": Disabled()})
    made = platform_yaml(replace(given, config=nowhere))
    assert made["compute"] == {"default": {"type": "duckdb", "properties": {"path": "/tmp/floe.duckdb"}}}
