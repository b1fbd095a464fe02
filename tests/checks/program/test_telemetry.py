"""A span, sent to a small collector by HTTP and by gRPC, which answers in the bytes that servers of gRPC send."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

from checks.servers import always, answering, speaking
from floe_infra.checks.program import grpc
from floe_infra.checks.program.here import CheckError, Here
from floe_infra.checks.program.telemetry import Otlp, _fields

RESPONSE_HEADERS = bytes.fromhex("20885f8b1d75d0620d263d4c4d6564")
"""`:status: 200` and `content-type: application/grpc`, Huffman-coded, after a size of 0 for the table."""
OK = bytes.fromhex("40889acac8b21234da8f8107")
NO_TOKEN = bytes.fromhex("40889acac8b21234da8f820b9f40899acac8b5254207317f8fa8ea88093f52d5f4a7ffef47b7ffdf")
"""Trailers likewise."""
PARTIAL = b"\x0a\x0b\x08\x01\x12\x07too old"


def trailers(**headers: str) -> bytes:
    return b"".join(grpc._literal(name.replace("_", "-"), value) for name, value in headers.items())


def frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream) + body


def message(body: bytes) -> bytes:
    return struct.pack("!BI", 0, len(body)) + body


class Collector:
    """HTTP/2 as a server of gRPC speaks it."""

    def __init__(self, *answer: bytes) -> None:
        self.answer = answer
        self.frames: list[tuple[int, int, int, bytes]] = []

    def __call__(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        if stream.read(24) != b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":
            return
        connection.sendall(frame(4, 0, 0, b""))
        connection.sendall(frame(6, 0, 0, b"12345678"))
        for part in self.answer:
            connection.sendall(part)
        while head := stream.read(9):
            kind, flags, number = struct.unpack("!BBI", head[3:])
            self.frames.append((kind, flags, number, stream.read(int.from_bytes(head[:3], "big"))))


def export(*answer: bytes, timeout: float = 5) -> tuple[str, Collector]:
    collector = Collector(*answer)
    with speaking(collector) as server:
        said = Otlp(server.url, "grpc").run(Here({}, timeout=timeout))
    return said, collector


def fields(content: bytes) -> dict[int, Any]:
    return dict(_fields(content))


def span(request: bytes) -> tuple[dict[int, Any], dict[int, Any]]:
    """The resource's attribute and the span of an ExportTraceServiceRequest."""
    of_resource = fields(fields(request)[1])
    return fields(fields(of_resource[1])[1]), fields(of_resource[2])


def see_that_it_is_a_span(request: bytes, said: str) -> None:
    attribute, scope = span(request)
    assert attribute[1] == b"service.name"
    assert fields(attribute[2])[1] == b"floe-infra-check"
    content = scope[2]
    assert content[:2] == b"\x0a\x10"
    assert said.endswith(f"took trace {content[2:18].hex()}")
    assert content[18:20] == b"\x12\x08"
    start, end = content[-17:-9], content[-8:]
    assert abs(struct.unpack("<Q", start)[0] / 1e9 - time.time()) < 60
    assert struct.unpack("<Q", end)[0] - struct.unpack("<Q", start)[0] == 1_000_000


def test_by_grpc():
    said, collector = export(frame(1, 0x4, 1, RESPONSE_HEADERS), frame(0, 0, 1, message(b"")), frame(1, 0x5, 1, OK))
    sent = {kind: body for kind, _, number, body in collector.frames if number == 1}
    headers = dict(grpc.decode(sent[1]))
    assert headers[":path"] == "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    assert (headers["content-type"], headers["te"]) == ("application/grpc", "trailers")
    assert sent[0][:5] == struct.pack("!BI", 0, len(sent[0]) - 5)
    see_that_it_is_a_span(sent[0][5:], said)
    housekeeping = [(kind, flags, body) for kind, flags, number, body in collector.frames if number == 0]
    assert (4, 1, b"") in housekeeping
    assert (6, 1, b"12345678") in housekeeping


def test_headers_in_pieces_with_padding_and_priority():
    padded = frame(1, 0x8 | 0x20, 1, b"\x02" + bytes(5) + RESPONSE_HEADERS[:4] + b"\0\0")
    rest = frame(9, 0x4, 1, RESPONSE_HEADERS[4:])
    body = frame(0, 0x8, 1, b"\x01" + message(b"") + b"\0")
    said, _ = export(padded, rest, body, frame(1, 0x5, 1, trailers(grpc_status="0")))
    assert "took trace" in said


@pytest.mark.parametrize(
    ("answer", "reason", "fix"),
    [
        ([frame(1, 0x5, 1, RESPONSE_HEADERS + NO_TOKEN)], "gRPC status 16: no token, {you}", "wants a login"),
        ([frame(1, 0x5, 1, RESPONSE_HEADERS + trailers(grpc_status="12", grpc_message="Method not found!"))],
         "gRPC status 12: Method not found!", "log"),
        ([frame(1, 0x5, 1, trailers(**{":status": "502"}))], "HTTP 502", "no gRPC server"),
        ([frame(3, 0, 1, struct.pack("!I", 7))], "ends the stream with error 7", "another protocol"),
        ([frame(7, 0, 0, bytes(8) + b"too_many_pings")], "goes away: too_many_pings", "another protocol"),
        ([frame(1, 0x4, 1, RESPONSE_HEADERS), frame(0, 0, 1, message(PARTIAL)),
          frame(1, 0x5, 1, trailers(grpc_status="0"))], "rejects the span: too old", "log"),
    ],
)  # fmt: skip
def test_grpc_says_no(answer, reason, fix):
    with pytest.raises(CheckError) as failed:
        export(*answer)
    assert reason in failed.value.reason
    assert fix in failed.value.fix


def test_grpc_is_silent():
    with pytest.raises(CheckError, match=r"no answer within 0\.3 s"):
        export(timeout=0.3)


@pytest.mark.parametrize("answer", [always(200, b""), always(200, b"\x0a\x00")])
def test_by_http(answer):
    with answering(answer) as server:
        said = Otlp(server.url, "http").run(Here({}))
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/v1/traces")
    assert request.headers["content-type"] == "application/x-protobuf"
    see_that_it_is_a_span(request.content, said)


@pytest.mark.parametrize(
    ("answer", "reason", "fix"),
    [
        (always(401, b"\x08\x10"), "401 Unauthorized", "wants a login"),
        (always(404, b"404 page not found"), "404 Not Found: 404 page not found", "which port is which"),
        (always(503, {"code": 14, "message": "no more memory"}), "503 Service Unavailable: no more memory", "log"),
        (always(200, PARTIAL), "rejects the span: too old", "log"),
    ],
)
def test_http_says_no(answer: Callable[..., Any], reason, fix):
    with answering(answer) as server, pytest.raises(CheckError) as failed:
        Otlp(server.url, "http").run(Here({}))
    assert reason in failed.value.reason
    assert fix in failed.value.fix


def test_the_wrong_port():
    """Each protocol at the other's port."""
    bad = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request"
    with speaking(lambda connection: connection.sendall(bad)) as server, pytest.raises(CheckError) as failed:
        Otlp(server.url, "grpc").run(Here({}))
    assert "speaks HTTP/1.1, and no gRPC" in failed.value.reason
    with speaking(Collector()) as server, pytest.raises(CheckError, match="broke the connection"):
        Otlp(server.url, "http").run(Here({}, timeout=1))


# Huffman's code: the examples of RFC 7541, appendix C


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
        ("a8eb10649cbf", "no-cache"),
        ("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"),
    ],
)
def test_huffman(packed, text):
    assert grpc._unpack(bytes.fromhex(packed)) == text


def test_long_integers():
    """RFC 7541, appendix C.1.2."""
    assert grpc._integer(1337, 5) == bytes([31, 154, 10])
    assert grpc._read_integer(bytes([0b11111, 154, 10]), 0, 5) == (1337, 3)
