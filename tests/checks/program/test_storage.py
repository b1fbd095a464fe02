"""Objects in buckets: on the emulator's S3, and on a small server that answers as Google's does."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from checks.servers import Answer, Request, always, answering
from floe_infra.checks.program import storage as program
from floe_infra.checks.program.catalog import Catalog
from floe_infra.checks.program.credentials import Entry, Secret
from floe_infra.checks.program.here import CheckError, Here
from floe_infra.checks.program.storage import Bucket

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret-key"}


@pytest.fixture(scope="module")
def lake(aws, client):
    client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client("s3").put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    return Bucket("s3://lake", "gold/", region="eu-west-1", endpoint=aws.endpoint, path_style=True)


def test_an_object_is_written_read_and_deleted(lake, client):
    assert lake.run(Here(KEYS)) == "s3://lake/gold/: written, read and deleted, as environment"
    left = client("s3").list_object_versions(Bucket="lake")
    assert "Contents" not in client("s3").list_objects_v2(Bucket="lake")
    [version] = left["Versions"]
    assert version["Key"].startswith("gold/floe-infra-check-")


def test_keys_of_the_storage_come_before_the_environments(lake):
    entries = (Entry("access_key", "A", "a"), Entry("secret_key", "B", "b"))
    bucket = Bucket(lake.uri, "x/", lake.region, lake.endpoint, path_style=True, keys=Secret(entries, "storage-keys"))
    assert bucket.run(Here({"A": "id", "B": "key"})).endswith(", as storage-keys")
    with pytest.raises(CheckError, match="no B: the Secret storage-keys is not there"):
        bucket.run(Here({"A": "id"}, in_cluster=True))


def test_a_missing_bucket(lake):
    with pytest.raises(CheckError) as failed:
        Bucket("s3://elsewhere", "gold/", lake.region, lake.endpoint, path_style=True).run(Here(KEYS))
    assert "404 Not Found: NoSuchBucket: The specified bucket does not exist" in failed.value.reason
    assert failed.value.fix == "the bucket is missing: deploy again"


def s3(refuse: str, error: bytes) -> Answer:
    """A server that refuses one of the methods."""

    def answer(request: Request) -> Answer:
        content = program._CONTENT if request.method == "GET" else b""
        return (403, error) if request.method == refuse else (200, content)

    return answer


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_access_denied(method):
    error = b"<Error><Code>AccessDenied</Code><Message>User: x is not authorized</Message></Error>"
    with answering(s3(method, error)) as server, pytest.raises(CheckError) as failed:
        Bucket("s3://lake", "gold/", "eu-west-1", server.url, path_style=True).run(Here(KEYS))
    assert failed.value.reason.startswith(f"{method} {server.url}/lake/gold/floe-infra-check-")
    assert failed.value.reason.endswith("403 Forbidden: AccessDenied: User: x is not authorized")
    assert failed.value.fix.startswith("environment is who asks")
    assert [request.method for request in server.requests][-1] == ("PUT" if method == "PUT" else "DELETE")


def test_something_else_is_read():
    with answering(always(200, b"stale")) as server, pytest.raises(CheckError, match="not what was written"):
        Bucket("s3://lake", "gold/", "eu-west-1", server.url, path_style=True).run(Here(KEYS))


@pytest.mark.parametrize(
    ("bucket", "base"),
    [
        (Bucket("s3://lake", "", "eu-west-1"), "https://lake.s3.eu-west-1.amazonaws.com"),
        (Bucket("s3://my.lake", "", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/my.lake"),
        (Bucket("s3://lake", "", "us-east-1", "http://minio:9000", path_style=True), "http://minio:9000/lake"),
    ],
)
def test_where_a_bucket_is(bucket, base):
    assert bucket._base() == base


# What a catalog lends


def catalog(config: dict[str, str], location: str, **more: object) -> Answer:
    def answer(request: Request) -> Answer:
        if request.path == "/v1/config":
            return 200, {"defaults": {}, "overrides": {"prefix": "lake"}}
        return 200, {"metadata": {"location": location}, "config": config, **more}

    return answer


def test_with_what_the_catalog_lends(lake, aws, client):
    lent = {"s3.access-key-id": "lent", "s3.secret-access-key": "lent-key", "s3.session-token": "lent-token"}
    with answering(
        catalog({}, "s3://lake/gold/staged", **{"storage-credentials": [{"prefix": "s3://lake", "config": lent}]})
    ) as server:
        bucket = Bucket(
            lake.uri,
            "gold/",
            lake.region,
            aws.endpoint,
            path_style=True,
            lender=Catalog(server.url, "lake"),
            namespace="gold",
        )
        said = bucket.run(Here({}, in_cluster=True))
        assert said == "s3://lake/gold/staged/data/: written, read and deleted, with what the catalog has lent"
        table = server.requests[-1]
        assert table.path == "/v1/lake/namespaces/gold/tables"
        assert table.headers["x-iceberg-access-delegation"] == "vended-credentials"
        assert table.json["stage-create"] is True
        models = pytest.importorskip("apache_polaris.sdk.catalog.models")
        assert models.CreateTableRequest.from_dict(table.json).var_schema.type == "struct"
        bucket.run(Here(KEYS))  # elsewhere, whoever runs it has to have a right of his own
        assert len(server.requests) == 2


def test_a_catalog_that_lends_nothing(lake):
    with answering(catalog({"s3.region": "eu-west-1"}, "s3://lake/gold/staged")) as server:
        bucket = Bucket(lake.uri, "gold/", lake.region, lender=Catalog(server.url, "lake"), namespace="gold")
        with pytest.raises(CheckError, match=r"the catalog lends no s3\.access-key-id"):
            bucket.run(Here({}, in_cluster=True))


# Google Cloud Storage


class Gcs:
    """https://cloud.google.com/storage/docs/json_api/v1"""

    def __init__(self, token: str, bucket: str) -> None:
        self.token, self.bucket, self.objects = token, bucket, {}
        self.done: list[str] = []

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"error": {"code": 401, "message": "Invalid Credentials"}}
        upload, _, rest = request.path.partition("/b/")
        bucket, _, name = rest.partition("/o")
        if bucket != self.bucket:
            return 404, {"error": {"code": 404, "message": "The specified bucket does not exist."}}
        name = request.query["name"] if upload.startswith("/upload") else unquote(name.lstrip("/"))
        self.done.append(f"{request.method} {name.rpartition('-')[0]}")
        if request.method == "POST":
            self.objects[name] = request.content
            return 200, {"name": name}
        if request.method == "DELETE":
            del self.objects[name]
            return 204, b""
        return 200, self.objects[name]


def test_google(monkeypatch):
    with answering(Gcs("ya29.token", "lake")) as server:
        bucket = Bucket("gs://lake", "gold/", endpoint=server.url)
        said = bucket.run(Here({"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.token"}))
        assert said == "gs://lake/gold/: written, read and deleted"
        with pytest.raises(CheckError, match="401 Unauthorized: Invalid Credentials"):
            bucket.run(Here({"GOOGLE_OAUTH_ACCESS_TOKEN": "old"}))
        with pytest.raises(CheckError, match="bucket does not exist") as failed:
            Bucket("gs://gone", "gold/", endpoint=server.url).run(Here({"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.token"}))
        assert failed.value.fix == "the bucket is missing: deploy again"


def test_google_with_what_the_catalog_lends():
    gcs = Gcs("lent-token", "lake")
    config = {"gcs.oauth2.token": "lent-token"}
    with answering(gcs) as server, answering(catalog(config, "gs://lake/gold/staged")) as lender:
        bucket = Bucket("gs://lake", "gold/", endpoint=server.url, lender=Catalog(lender.url, "lake"), namespace="gold")
        assert "what the catalog has lent" in bucket.run(Here({}, in_cluster=True))
    assert gcs.objects == {}
    assert gcs.done == [f"{method} gold/staged/data/floe-infra-check" for method in ("POST", "GET", "DELETE")]
