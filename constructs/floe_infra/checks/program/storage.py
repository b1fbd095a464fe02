"""Object storage: an object is written where a layer's tables go, read back, and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from . import aws, google
from .catalog import Catalog
from .credentials import Secret
from .here import CheckError, Here
from .web import ask

GOOGLE = "https://storage.googleapis.com"
_CONTENT = b"Written by floe-infra check, which deletes it at once.\n"


@dataclass(frozen=True)
class Bucket:
    """A place for a layer's tables.

    With credentials that the catalog lends, where it does and the program runs as its clients do; else with the keys to
    the storage, where there are any; else with whatever the environment acts as.

    Attributes:
        uri: `s3://name` or `gs://name`.
        prefix: of the objects' names, with a slash at the end.
        region: on AWS, or what the server calls itself.
        endpoint: if it is not the cloud's own.
        keys: to the storage, keys `access_key` and `secret_key`.
        lender: the catalog that lends them, in the cluster.
        namespace: for whose tables.
    """

    uri: str
    prefix: str
    region: str = ""
    endpoint: str = ""
    path_style: bool = False
    keys: Secret | None = None
    lender: Catalog | None = None
    namespace: str = ""

    def run(self, here: Here) -> str:
        place, lent, by = f"{self.uri}/{self.prefix}", None, ""
        if self.lender and here.in_cluster:
            location, lent = self.lender.lend(here, self.namespace)
            place, by = f"{location.rstrip('/')}/data/", ", with what the catalog has lent"
        store = self._store(here, place, lent)
        name = f"{urlsplit(place).path.lstrip('/')}floe-infra-check-{uuid4().hex}"
        store.put(name, _CONTENT)
        try:
            if store.get(name) != _CONTENT:
                raise CheckError(f"{place}: what is read is not what was written")
        finally:
            store.delete(name)
        return f"{place}: written, read and deleted{by or store.by}"

    def _store(self, here: Here, place: str, lent: Mapping[str, str] | None) -> _Store:
        if self.uri.startswith("gs://"):
            token = google.find_token(here) if lent is None else here.secret(_lent(lent, "gcs.oauth2.token"))
            return _Gcs(here, self.endpoint or GOOGLE, urlsplit(place).netloc, token)
        keys = self._find_keys(here) if lent is None else _lent_keys(here, lent)
        return _S3(here, self._base(), self.region, keys)

    def _find_keys(self, here: Here) -> aws.Keys:
        if self.keys is None:
            return aws.find_keys(here, self.region)
        here.look_up(self.endpoint or f"https://{aws.host('s3', self.region)}")
        read = self.keys.read(here)
        return aws.Keys(read["access_key"], read["secret_key"], source=self.keys.kubernetes_name)

    def _base(self) -> str:
        """The bucket's URL."""
        bucket = urlsplit(self.uri).netloc
        server = self.endpoint or f"https://{aws.host('s3', self.region)}"
        if self.path_style or "." in bucket:  # AWS' certificate is for names without dots
            return f"{server}/{bucket}"
        scheme, _, host = server.partition("://")
        return f"{scheme}://{bucket}.{host}"


class _Store(Protocol):
    by: str

    def put(self, name: str, content: bytes) -> None: ...
    def get(self, name: str) -> bytes: ...
    def delete(self, name: str) -> None: ...


class _S3:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html"""

    def __init__(self, here: Here, base: str, region: str, keys: aws.Keys) -> None:
        self._here, self._base, self._region, self._keys = here, base, region, keys
        self.by = f", as {keys.source}" if keys.source else ""

    def put(self, name: str, content: bytes) -> None:
        self._ask("PUT", name, 200, content=content)

    def get(self, name: str) -> bytes:
        return self._ask("GET", name, 200)

    def delete(self, name: str) -> None:
        self._ask("DELETE", name, 200, 204)

    def _ask(self, method: str, name: str, *expected: int, content: bytes = b"") -> bytes:
        url = f"{self._base}/{quote(name)}"
        missing = "the bucket is missing: deploy again"
        fixes: dict[int | str, str] = {"NoSuchBucket": missing, 301: "the bucket is in another region"}
        return aws.ask_aws(
            self._here,
            self._keys,
            "s3",
            self._region,
            method,
            url,
            content=content,
            expected=expected,
            fixes=fixes,
        ).content


class _Gcs:
    """https://cloud.google.com/storage/docs/json_api/v1/objects"""

    def __init__(self, here: Here, base: str, bucket: str, token: str) -> None:
        self._here, self._base, self._bucket = here, base, bucket
        self._headers = {"Authorization": f"Bearer {token}"}
        self.by = ""

    def put(self, name: str, content: bytes) -> None:
        query = urlencode({"uploadType": "media", "name": name})
        self._ask("POST", f"/upload/storage/v1/b/{self._bucket}/o?{query}", 200, content=content)

    def get(self, name: str) -> bytes:
        return self._ask("GET", f"{self._object(name)}?alt=media", 200)

    def delete(self, name: str) -> None:
        self._ask("DELETE", self._object(name), 200, 204)

    def _object(self, name: str) -> str:
        return f"/storage/v1/b/{self._bucket}/o/{quote(name, safe='')}"

    def _ask(self, method: str, path: str, *expected: int, content: bytes | None = None) -> bytes:
        type_ = {"Content-Type": "application/octet-stream"} if content else {}
        fixes: dict[int | str, str] = {
            401: "the token is no longer valid: log in anew",
            403: f"who asks is not let use {self._bucket}: see who has a role there",
            404: "the bucket is missing: deploy again",
        }
        return ask(
            self._here,
            method,
            f"{self._base}{path}",
            headers={**self._headers, **type_},
            content=content,
            expected=expected,
            fixes=fixes,
        ).content


def _lent(config: Mapping[str, str], key: str) -> str:
    if not config.get(key):
        raise CheckError(
            f"the catalog lends no {key}",
            "see the catalog's log: it has been asked to lend access, and does not",
        )
    return config[key]


def _lent_keys(here: Here, config: Mapping[str, str]) -> aws.Keys:
    return aws.Keys(
        _lent(config, "s3.access-key-id"),
        here.secret(_lent(config, "s3.secret-access-key")),
        here.secret(config.get("s3.session-token", "")),
        "what the catalog lends",
    )
