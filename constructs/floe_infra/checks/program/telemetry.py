"""Telemetry: a collector takes a trace by OTLP, in protobuf, as Dagster's pods send theirs.

What is left behind: one span of the service `floe-infra-check`, by which the trace can be looked up.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from . import grpc
from .here import CheckError, Here
from .web import ask

SERVICE = "floe-infra-check"
_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_TYPE = "application/x-protobuf"


@dataclass(frozen=True)
class Otlp:
    """A receiver (https://opentelemetry.io/docs/specs/otlp/).

    Attributes:
        url: without a path.
    """

    url: str
    protocol: Literal["grpc", "http"]

    def run(self, here: Here) -> str:
        trace = os.urandom(16)
        request = _request(trace, time.time_ns())
        if self.protocol == "grpc":
            answer = grpc.call(here, self.url, _METHOD, request)
        else:
            fixes: dict[int | str, str] = {401: "the collector wants a login", 404: "see which port is which"}
            url = f"{self.url}/v1/traces"
            answer = ask(here, "POST", url, headers={"Content-Type": _TYPE}, content=request, fixes=fixes).content
        _see_that_all_is_taken(self.url, answer)
        return f"{self.url}: took trace {trace.hex()}"


def _request(trace: bytes, now: int) -> bytes:
    """An ExportTraceServiceRequest
    (https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto)."""
    attribute = _bytes(1, b"service.name") + _bytes(2, _bytes(1, SERVICE.encode()))
    span = (
        _bytes(1, trace)
        + _bytes(2, os.urandom(8))
        + _bytes(5, b"check")
        + _tag(6, 0)
        + b"\x01"  # internal
        + _tag(7, 1)
        + struct.pack("<Q", now)
        + _tag(8, 1)
        + struct.pack("<Q", now + 1_000_000)
    )
    return _bytes(1, _bytes(1, _bytes(1, attribute)) + _bytes(2, _bytes(2, span)))


def _see_that_all_is_taken(url: str, answer: bytes) -> None:
    """The answer is empty, or says what was not (ExportTracePartialSuccess)."""
    for field, partial in _fields(answer):
        if field == 1 and isinstance(partial, bytes):
            said = dict(_fields(partial))
            if said.get(1):
                message = said.get(2, b"")
                text = message.decode("utf-8", "replace") if isinstance(message, bytes) else ""
                raise CheckError(f"{url}: rejects the span: {text}", "see the collector's log")


def _tag(field: int, kind: int) -> bytes:
    return bytes([field << 3 | kind])


def _bytes(field: int, value: bytes) -> bytes:
    """A text or a message, of fewer than 16384 bytes."""
    length = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 127 | 128, len(value) >> 7])
    return _tag(field, 2) + length + value


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and texts of a message, by field; nothing else is among those that are read here."""
    place = 0

    def number() -> int:
        nonlocal place
        value = shift = 0
        while place < len(message):
            byte, place = message[place], place + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return value

    while place < len(message):
        tag = number()
        if tag & 7 == 2:
            length = number()
            yield tag >> 3, message[place : place + length]
            place += length
        else:
            yield tag >> 3, number()
