"""Make buckets on a server that speaks S3's API, where they are not there yet.

Runs in a pod, from a ConfigMap that holds this file alone (`python make_buckets.py BUCKET...`): hence one file and the
standard library only. The environment names the server and the keys to it: S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY and
S3_SECRET_KEY. A server that is still starting is waited for; any other answer than the expected ones ends it, with the
server's own words and status 1.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

_TIMEOUT = 30.0
"""Seconds for one request."""
_PATIENCE = 300.0
"""Seconds for which a server may be starting."""
_INTERVAL = 2.0
_ALGORITHM = "AWS4-HMAC-SHA256"
_STARTING = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}


class RefusedError(Exception):
    """The server gave another answer than the expected ones."""


@dataclass(frozen=True)
class Server:
    """A server, and the keys to it.

    Attributes:
        endpoint: its URL, without a path.
        region: what it calls itself; `us-east-1`, the only one that is not named when a bucket is made.
    """

    endpoint: str
    region: str
    access_key: str
    secret_key: str

    def settle(self, bucket: str) -> str:
        """Make a bucket that is not there; returns what was done."""
        if self._ask("HEAD", bucket, HTTPStatus.OK, HTTPStatus.NOT_FOUND) == HTTPStatus.OK:
            return "as it was"
        if self._ask("PUT", bucket, HTTPStatus.OK, HTTPStatus.CONFLICT) == HTTPStatus.CONFLICT:
            self._ask("HEAD", bucket, HTTPStatus.OK)  # somebody was faster; a stranger's would be refused
            return "as it was"
        return "made"

    def _ask(self, method: str, bucket: str, *expected: HTTPStatus) -> int:
        """The answer's status, which is one of those expected; the server is waited for until it gives one."""
        end = time.monotonic() + _PATIENCE
        while True:
            status, said = self._send(method, bucket)
            if status in expected:
                return status
            if (status and status not in _STARTING) or time.monotonic() > end:
                raise RefusedError(f"{method} {self.endpoint}/{bucket}: {status or 'no answer'}: {said}")
            time.sleep(_INTERVAL)

    def _send(self, method: str, bucket: str) -> tuple[int, str]:
        """Status and text; 0 without an answer."""
        headers = self.sign(method, f"/{bucket}", datetime.now(timezone.utc))
        request = Request(f"{self.endpoint}/{bucket}", headers=headers, method=method)
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT) as response:
                return response.status, ""
        except HTTPError as error:
            return error.code, error.read().decode("utf-8", errors="replace")[:2000]
        except OSError as error:
            return 0, str(error)

    def sign(self, method: str, path: str, now: datetime) -> dict[str, str]:
        """The headers of a signed request (Signature Version 4,
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html) without query and
        body, whose path needs no escape."""
        moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        scope = f"{day}/{self.region}/s3/aws4_request"
        headers = {
            "host": urlsplit(self.endpoint).netloc,
            "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-amz-date": moment,
        }
        signed = ";".join(headers)
        lines = [f"{name}:{value}" for name, value in headers.items()]
        canonical = "\n".join([method, path, "", *lines, "", signed, headers["x-amz-content-sha256"]])
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = _mac(key, part).digest()
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = _mac(key, "\n".join([_ALGORITHM, moment, scope, digest])).hexdigest()
        credential = f"{self.access_key}/{scope}"
        authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={signed}, Signature={signature}"
        return {**headers, "authorization": authorization}


def _mac(key: bytes, text: str) -> hmac.HMAC:
    return hmac.new(key, text.encode(), hashlib.sha256)


def main(buckets: list[str], environment: Mapping[str, str], say: Callable[[str], object]) -> int:
    """Run with the command's arguments and environment; returns its exit status."""
    server = Server(
        endpoint=environment["S3_ENDPOINT"],
        region=environment["S3_REGION"],
        access_key=environment["S3_ACCESS_KEY"],
        secret_key=environment["S3_SECRET_KEY"],
    )
    try:
        for bucket in buckets:
            say(f"bucket {bucket}: {server.settle(bucket)}")
    except RefusedError as error:
        say(f"make_buckets: failed: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, lambda text: print(text, flush=True)))
