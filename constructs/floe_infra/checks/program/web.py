"""One HTTP request. No redirects: they would get to see the credentials. Proxies only for what is encrypted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from .here import CheckError, Here

_LONGEST_MESSAGE = 500


class RefusedError(CheckError):
    """The server gave another status than the expected ones.

    Attributes:
        status: which one.
        code: what the server calls the error, where it has a name for it.
    """

    def __init__(self, reason: str, fix: str, *, status: int, code: str) -> None:
        super().__init__(reason, fix)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""

    @property
    def json(self) -> dict[str, Any]:
        """Raises CheckError when it is no JSON object."""
        try:
            body = json.loads(self.content)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise CheckError(
                f"{self.asked}: {self.status}, but the answer is no JSON object",
                "something else than the expected server answers there",
            )
        return body


def ask(
    here: Here,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    expected: tuple[int, ...] = (HTTPStatus.OK,),
    fixes: Mapping[int | str, str] | None = None,
) -> Answer:
    """The server's answer.

    Args:
        fixes: what to do, by the answer's status, or by what the server calls the error.

    Raises:
        CheckError: the server was not reached.
        RefusedError: it gave an unexpected status.
    """
    address = urlsplit(url)
    host = address.hostname or ""
    port = address.port or (443 if address.scheme == "https" else 80)
    path = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
    connection = _connection(here, host, port, secure=address.scheme == "https")
    with here.to(connection.host, connection.port, connected=False):
        connection.connect()
    with here.to(host, port):
        try:
            connection.request(method, path, content, {"Connection": "close", **(headers or {})})
            response = connection.getresponse()
            answer = Answer(
                response.status,
                response.read(),
                {name.lower(): value for name, value in response.getheaders()},
                f"{method} {address.scheme}://{address.netloc}{address.path}",
            )
        finally:
            connection.close()
    if answer.status not in expected:
        raise _refused(answer, fixes or {})
    return answer


def _connection(here: Here, host: str, port: int, *, secure: bool) -> HTTPConnection:
    """To the server, or through the proxy that the environment names, as Terraform's providers go."""
    if not secure:
        return HTTPConnection(host, port, timeout=here.left)
    told = here.environment
    proxy = urlsplit(told.get("https_proxy") or told.get("HTTPS_PROXY") or "")
    direct = [each.strip().lstrip(".") for each in (told.get("no_proxy") or told.get("NO_PROXY") or "").split(",")]
    if not proxy.hostname or any(name and f".{host}".endswith(f".{name}") for name in direct):
        return HTTPSConnection(host, port, timeout=here.left)
    connection = HTTPSConnection(proxy.hostname, proxy.port or 80, timeout=here.left)
    connection.set_tunnel(host, port)
    return connection


def _refused(answer: Answer, fixes: Mapping[int | str, str]) -> RefusedError:
    code, message = error_of(answer.content.decode("utf-8", errors="replace"))
    parts = [f"{answer.asked}: {answer.status} {_phrase(answer.status)}".rstrip(), code, message]
    if region := answer.headers.get("x-amz-bucket-region"):
        parts.append(f"the bucket is in {region}")
    reason = ": ".join(part for part in parts if part)
    fix = fixes.get(code) or fixes.get(answer.status) or ""
    if not fix and answer.status >= 500:
        fix = "see the server's own log"
    return RefusedError(reason, fix, status=answer.status, code=code)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def error_of(text: str) -> tuple[str, str]:
    """An error's name and message, as Iceberg's catalogs, OAuth, AWS, Google, S3, Marquez or nobody writes them."""
    try:
        body = json.loads(text)
    except ValueError:
        code, message = (re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Code", "Message"))
        if code or message:
            return code[1] if code else "", message[1] if message else ""
        return "", " ".join(re.sub(r"(?s)<(style|script|title).*?</\1>|<[^>]*>", " ", text).split())[:_LONGEST_MESSAGE]
    if not isinstance(body, dict):
        return "", text[:_LONGEST_MESSAGE]
    error = body.get("error")
    if isinstance(error, dict):
        return str(error.get("type") or error.get("status") or ""), str(error.get("message") or "")
    if isinstance(error, str):
        return error, str(body.get("error_description") or body.get("message") or "")
    kind = str(body.get("__type") or "").rpartition("#")[2]
    return kind, str(body.get("message") or body.get("Message") or text[:_LONGEST_MESSAGE])
