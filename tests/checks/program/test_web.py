from __future__ import annotations

import socket

import pytest

from checks.servers import always, answering, speaking
from floe_infra.checks.program.here import CheckError, Here
from floe_infra.checks.program.web import RefusedError, ask, error_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"error": {"message": "no such thing", "type": "NoSuchNamespaceException", "code": 404}}',
         ("NoSuchNamespaceException", "no such thing")),
        ('{"error": {"message": "denied", "status": "PERMISSION_DENIED"}}', ("PERMISSION_DENIED", "denied")),
        ('{"error": "unauthorized_client", "error_description": "who?"}', ("unauthorized_client", "who?")),
        ('{"__type": "com.amazonaws#EntityNotFoundException", "Message": "none"}', ("EntityNotFoundException", "none")),
        ('{"__type": "EntityNotFoundException", "message": "none"}', ("EntityNotFoundException", "none")),
        ('<?xml version="1.0"?><Error><Code>NoSuchBucket</Code><Message>none</Message></Error>',
         ("NoSuchBucket", "none")),
        ("<html><title>t</title><body><h1>Bad\nGateway</h1></body></html>", ("", "Bad Gateway")),
        ("[1]", ("", "[1]")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_whoever_says_it(text, found):
    assert error_of(text) == found


def test_the_servers_words_and_what_to_do_about_them():
    said = {"error": {"type": "Forbidden", "message": "not you"}}
    with answering(always(403, said)) as server, pytest.raises(RefusedError) as refused:
        ask(Here({}), "GET", f"{server.url}/v1/x?secret=1", fixes={403: "ask", "Forbidden": "ask somebody"})
    assert refused.value.reason == f"GET {server.url}/v1/x: 403 Forbidden: Forbidden: not you"
    assert refused.value.fix == "ask somebody"
    assert (refused.value.status, refused.value.code) == (403, "Forbidden")


def test_redirects_are_not_followed():
    with answering(always(302, b"")) as server, pytest.raises(RefusedError):
        ask(Here({}), "GET", server.url, headers={"Authorization": "Bearer x"})
    assert len(server.requests) == 1


def test_an_answer_that_is_no_object():
    with answering(always(200, b"<html>")) as server, pytest.raises(CheckError, match="is no JSON object"):
        _ = ask(Here({}), "GET", server.url).json


def test_a_proxy_for_what_is_encrypted():
    asked = []

    def proxy(connection: socket.socket) -> None:
        asked.append(connection.recv(1000).split(b"\r\n")[0])
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    with speaking(proxy) as server:
        here = Here({"HTTPS_PROXY": server.url, "NO_PROXY": "169.254.169.254,.internal", "http_proxy": server.url})
        with pytest.raises(CheckError, match="Tunnel connection failed: 407 Proxy Authentication Required"):
            ask(here, "GET", "https://s3.eu-west-1.amazonaws.com/lake")
        with pytest.raises(CheckError, match="DNS knows no such name"):
            ask(here, "GET", "https://nowhere.internal/")
        with pytest.raises(CheckError, match="DNS knows no such name"):
            ask(here, "GET", "http://nowhere.invalid/")
    [line] = asked
    assert line.startswith(b"CONNECT s3.eu-west-1.amazonaws.com:443 ")
