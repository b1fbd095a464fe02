"""What Cube is told of parts given by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from floe_infra.handoff.cube_values import cube_values, needs_keys
from floe_infra.refs import BucketRef, ComputeRef

from .test_platform_yaml import GCS, POLARIS, RUSTFS, S3, parts

CUBE = BucketRef("cube", "arn:aws:s3:::cube", "s3://cube")
TRINO = ComputeRef("trino", 28672, 7, host="trino", port=8080, catalog="iceberg")


def env(values: dict[str, Any], pod: str = "api") -> dict[str, Any]:
    found = values[pod]["extraEnv"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in found}


def test_both_pods_are_told_the_same():
    values = cube_values(parts(storage=S3, catalog=POLARIS, compute=TRINO))
    assert values["database"] == {"type": "trino"}
    assert env(values) == env(values, "refreshWorker")
    assert env(values)["CUBEJS_DB_PRESTO_CATALOG"] == "iceberg"
    assert values["refreshWorker"]["envFrom"] == [{"secretRef": {"name": "floe-cube-secrets"}}]


def test_without_a_bucket_pre_aggregations_stay_in_the_database():
    values = cube_values(parts(storage=S3, catalog=POLARIS, compute=TRINO))
    assert values["cubeStore"] == {"enabled": False}
    assert env(values)["CUBEJS_EXTERNAL_DEFAULT"] == "false"


def test_duckdb_reads_files_by_keys_and_an_endpoint_without_scheme():
    told = env(cube_values(parts("local", storage=RUSTFS, catalog=POLARIS)))
    assert told["CUBEJS_DB_DUCKDB_S3_ENDPOINT"] == "rustfs:9000"
    assert told["CUBEJS_DB_DUCKDB_S3_USE_SSL"] == "false"
    assert told["CUBEJS_DB_DUCKDB_S3_ACCESS_KEY_ID"] == {"secretKeyRef": {"name": "floe-cube-s3", "key": "access-key"}}
    assert not needs_keys(parts("local", storage=RUSTFS))


def test_in_a_cloud_pods_start_without_keys_that_nobody_makes():
    given = parts(storage=replace(S3, preaggregations=CUBE), catalog=POLARIS, compute=TRINO)
    assert needs_keys(given)
    store = {each["name"]: each for each in cube_values(given)["cubeStore"]["extraEnv"]}
    assert store["CUBESTORE_S3_BUCKET"]["value"] == "cube"
    assert store["CUBESTORE_AWS_ACCESS_KEY_ID"]["valueFrom"]["secretKeyRef"]["optional"] is True


def test_storage_in_the_cluster_is_reached_by_its_endpoint():
    values = cube_values(parts("local", storage=replace(RUSTFS, preaggregations=CUBE), compute=TRINO))
    store = {each["name"]: each.get("value") for each in values["cubeStore"]["extraEnv"]}
    assert store["CUBESTORE_MINIO_SERVER_ENDPOINT"] == "http://rustfs:9000"
    assert values["preAggregations"] == {"external": True}


def test_google_has_buckets_of_its_own():
    values = cube_values(parts("gcp", storage=replace(GCS, preaggregations=CUBE)))
    assert values["cubeStore"]["extraEnv"] == [{"name": "CUBESTORE_GCS_BUCKET", "value": "cube"}]
    assert not any("S3" in name for name in env(values))


def test_motherduck_is_reached_by_its_token():
    motherduck = ComputeRef("motherduck", 4096, 2, path="md:acme")
    told = env(cube_values(parts(storage=S3, compute=motherduck)))
    assert told["CUBEJS_DB_DUCKDB_MOTHERDUCK_TOKEN"]["secretKeyRef"]["key"] == "MOTHERDUCK_TOKEN"
    assert not needs_keys(parts(storage=S3, compute=motherduck))
