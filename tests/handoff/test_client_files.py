"""The clients' files in the hands of the clients: PyIceberg, and DuckDB with its own Iceberg extension."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import boto3
import pytest
import yaml

from duckdb_offline import connected
from floe_infra.handoff.client_files import client_files
from floe_infra.refs import BucketRef, CatalogRef, ComputeRef, StorageRef
from floe_infra.runtime.emulator import ACCOUNT_ID, Emulator

from .iceberg_rest import RestCatalog, serving
from .test_platform_yaml import GCS, GLUE, POLARIS, S3, parts

REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
READS = "print(load_catalog('default').load_table('bronze.words').scan().to_arrow().sort_by('id')['id'].to_pylist())"
WRITES = """
rows = pyarrow.table({"id": [1, 2], "word": ["lake", "house"]})
table = load_catalog("default").create_table("bronze.words", schema=rows.schema)
table.append(rows)
print(json.dumps(load_catalog("default").load_table("bronze.words").metadata_location))
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def storage(aws: Emulator) -> StorageRef:
    client = boto3.client("s3", endpoint_url=aws.endpoint, region_name=REGION, **_as_arguments(KEYS))
    client.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    bucket = BucketRef("lake", "arn:aws:s3:::lake", "s3://lake")
    return StorageRef(layers={"bronze": bucket}, region=REGION, endpoint=aws.endpoint, path_style=True)


@pytest.fixture(scope="module")
def glue(aws: Emulator, storage: StorageRef) -> CatalogRef:
    client = boto3.client("glue", endpoint_url=aws.endpoint, region_name=REGION, **_as_arguments(KEYS))
    client.create_database(DatabaseInput={"Name": "bronze", "LocationUri": "s3://lake"})
    return replace(GLUE, warehouse=ACCOUNT_ID, endpoint=aws.endpoint, namespaces={"bronze": "bronze"})


@pytest.fixture(scope="module")
def location(glue: CatalogRef, storage: StorageRef, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the table's metadata, once PyIceberg has made it by the written file."""
    files = client_files(parts(storage=storage, catalog=glue))
    made = python(WRITES, files, tmp_path_factory.mktemp("pyiceberg"), **KEYS)
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout))


def _as_arguments(keys: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in keys.items()}


def python(program: str, files: dict[str, str], home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program that has the written file, the given variables, and nothing else."""
    (home / ".pyiceberg.yaml").write_text(files["pyiceberg.yaml"])
    return subprocess.run(
        [sys.executable, "-c", f"import json, pyarrow\nfrom pyiceberg.catalog import load_catalog\n{dedent(program)}"],
        env={
            "PATH": os.environ["PATH"],
            "PYICEBERG_HOME": str(home),
            "AWS_EC2_METADATA_DISABLED": "true",
            **environment,
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with connected(tmp_path / "extensions") as connection:
        yield connection


def without_getenv(script: str, **variables: str) -> str:
    """`getenv()` is of DuckDB's command line alone."""
    return re.sub(r"getenv\('(\w+)'\)", lambda found: f"'{variables[found[1]]}'", script)


@pytest.fixture
def polaris(location: str, aws: Emulator) -> Iterator[RestCatalog]:
    """It lends to its client what opens the storage."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    client = boto3.client("s3", endpoint_url=aws.endpoint, region_name=REGION, **_as_arguments(KEYS))
    metadata = json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    lent = {
        "s3.access-key-id": "lent",
        "s3.secret-access-key": "lent",
        "s3.session-token": "lent",
        "s3.region": REGION,
        "s3.endpoint": aws.endpoint,
        "s3.path-style-access": "true",
    }
    catalog = RestCatalog("acme_prod", "bronze.words", location, metadata, lent=lent, client="floe-runtime:s3cret")
    with serving(catalog):
        yield catalog


@pytest.mark.slow
def test_duckdb_attaches_polaris_and_reads_with_what_it_lends(polaris, storage, database):
    files = client_files(parts(storage=storage, catalog=replace(POLARIS, uri=polaris.uri)))
    login = {"POLARIS_CLIENT_ID": "floe-runtime", "POLARIS_CLIENT_SECRET": "s3cret"}
    database.execute(without_getenv(files["duckdb-attach.sql"], **login))
    assert database.execute("FROM words ORDER BY id").fetchall() == [(1, "lake"), (2, "house")]
    assert set(polaris.scopes) == {"PRINCIPAL_ROLE:data_engineer"}


@pytest.mark.slow
def test_duckdb_attaches_a_catalog_that_asks_nobody_and_has_keys_of_its_own(polaris, storage, database, monkeypatch):
    polaris.client = polaris.lent = None
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    nessie = replace(POLARIS, kind="nessie", uri=polaris.uri, scope=None, vends_credentials=False)
    files = client_files(parts(storage=storage, catalog=nessie))
    database.execute(files["duckdb-attach.sql"])
    assert database.execute("SELECT word FROM lakehouse.bronze.words ORDER BY id").fetchall() == [("lake",), ("house",)]


@pytest.mark.slow
def test_pyiceberg_reads_polaris_with_what_it_lends(polaris, storage, tmp_path):
    files = client_files(parts(storage=storage, catalog=replace(POLARIS, uri=polaris.uri)))
    credential = {"PYICEBERG_CATALOG__DEFAULT__CREDENTIAL": "floe-runtime:s3cret"}
    read = python(READS, files, tmp_path, **credential)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == [1, 2]
    assert set(polaris.scopes) == {"PRINCIPAL_ROLE:data_engineer"}
    assert python(READS, files, tmp_path).returncode != 0


@pytest.mark.slow
def test_pyiceberg_reads_with_keys_where_nothing_is_lent(polaris, storage, tmp_path):
    polaris.client = polaris.lent = None
    nessie = replace(POLARIS, kind="nessie", uri=polaris.uri, scope=None, vends_credentials=False)
    files = client_files(parts(storage=storage, catalog=nessie))
    read = python(READS, files, tmp_path, **KEYS)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == [1, 2]


@pytest.mark.slow
def test_duckdb_beside_an_emulators_glue_reads_by_the_metadata_file(location, glue, storage, database, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    script = client_files(parts(storage=storage, catalog=glue))["duckdb-attach.sql"]
    assert "ATTACH" not in script
    database.execute(script)
    assert database.execute("SELECT count(*) FROM iceberg_scan(?)", [location]).fetchone() == (2,)


def test_aws_own_glue_is_attached_by_its_account():
    script = client_files(parts(storage=S3, catalog=GLUE))["duckdb-attach.sql"]
    assert (
        "ATTACH '111122223333' AS lakehouse (\n    TYPE iceberg,\n    ENDPOINT_TYPE 'glue',\n    SECRET storage\n);"
        in script
    )
    assert script.endswith('USE lakehouse."acme_prod_bronze";\n')


def test_google_has_no_keys_to_give():
    files = client_files(parts("gcp", storage=GCS, catalog=POLARIS))
    assert "AWS" not in files[".env.example"]
    assert "TYPE s3" not in files["duckdb-attach.sql"]


def test_dbt_runs_where_the_queries_are_answered():
    trino = ComputeRef("trino", 28672, 7, host="trino", port=8080, catalog="iceberg")
    profile = yaml.safe_load(client_files(parts(storage=S3, catalog=POLARIS, compute=trino))["dbt/profiles.yml"])
    target = profile["acme-prod"]["outputs"]["prod"]
    assert (target["type"], target["host"], target["database"], target["schema"]) == (
        "trino",
        "trino",
        "iceberg",
        "bronze",
    )


def test_without_a_catalog_there_are_none():
    assert client_files(parts(storage=S3)) == {}
