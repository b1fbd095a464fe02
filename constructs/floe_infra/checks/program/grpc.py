"""One call by gRPC: HTTP/2 with prior knowledge, one stream, no compression.

(https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, RFC 9113, RFC 7541)
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from .here import CheckError, Here

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GO_AWAY, _CONTINUATION = 0, 1, 3, 4, 6, 7, 9
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
_NO_TABLE = struct.pack("!HI", 1, 0)
"""SETTINGS_HEADER_TABLE_SIZE: the server's headers refer to no others."""
_UNAUTHENTICATED = "16"
_STATUSES = {8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500"}
"""The entries of the static table that are statuses (RFC 7541, appendix A)."""
_HUFFMAN = {
    5: "012aceiost",
    6: " %-./3456789=A_bdfghlmnpru",
    7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
    8: "&*,;XZ",
    10: '!"()?',
    11: "'+|",
    12: "#>",
    13: "\0$@[]~",
    14: "^}",
    15: "<`{",
    19: "\\",
}
"""By the length of their code, in bits, the characters that have one as short, in the codes' order. The code is
canonical (RFC 7541, appendix B), and no header that matters here holds others."""


def call(here: Here, url: str, path: str, message: bytes) -> bytes:
    """The answer to a message.

    Args:
        url: `http://host:port`, or https.
        path: `/package.Service/Method`.

    Raises:
        CheckError: the server was not reached, or says no.
    """
    address = urlsplit(url)
    secure = address.scheme == "https"
    host, port = address.hostname or "", address.port or (443 if secure else 80)
    with here.connect(host, port) as plain, here.to(host, port), _stream(here, plain, host, secure=secure) as stream:
        request = [
            (":method", "POST"),
            (":scheme", address.scheme),
            (":path", path),
            (":authority", address.netloc),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("user-agent", "floe-infra"),
        ]
        body = struct.pack("!BI", 0, len(message)) + message
        stream.sendall(
            _PREFACE
            + _frame(_SETTINGS, 0, 0, _NO_TABLE)
            + _frame(_HEADERS, _END_HEADERS, 1, b"".join(_literal(*header) for header in request))
            + _frame(_DATA, _END_STREAM, 1, body)
        )
        headers, content = _answer(here, stream)
    if headers.get(":status") != "200":
        raise CheckError(f"{url}{path}: HTTP {headers.get(':status', '?')}", "what listens there is no gRPC server")
    if (status := headers.get("grpc-status", "0")) != "0":
        fix = "the server wants a login" if status == _UNAUTHENTICATED else "see the server's own log"
        raise CheckError(f"{url}{path}: gRPC status {status}: {unquote(headers.get('grpc-message', ''))}", fix)
    return content[5:]


def _stream(here: Here, plain: socket.socket, host: str, *, secure: bool) -> socket.socket:
    if not secure:
        return plain
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    plain.settimeout(here.left)
    return context.wrap_socket(plain, server_hostname=host)


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream) + body


def _literal(name: str, value: str) -> bytes:
    """A header as it is, outside of any table."""
    return b"\0" + b"".join(_integer(len(text), 7) + text.encode() for text in (name, value))


def _integer(value: int, bits: int) -> bytes:
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    value -= most
    rest = bytearray([most])
    while value >= 128:
        rest.append(value % 128 + 128)
        value //= 128
    return bytes([*rest, value])


def _answer(here: Here, stream: socket.socket) -> tuple[dict[str, str], bytes]:
    """Headers and trailers together, and what lies between them."""
    headers: dict[str, str] = {}
    content, block, ends = b"", b"", False
    while True:
        kind, flags, number, body = _receive(here, stream)
        if number != 1:
            _housekeep(stream, kind, flags, body)
        elif kind == _RESET:
            raise ConnectionResetError(f"the server ends the stream with error {struct.unpack('!I', body)[0]}")
        elif kind == _DATA:
            content, ends = content + _unpadded(flags, body), bool(flags & _END_STREAM)
        elif kind == _HEADERS:
            block, ends = _unpadded(flags, body, priority=bool(flags & _PRIORITY)), bool(flags & _END_STREAM)
        elif kind == _CONTINUATION:
            block += body
        if block and flags & _END_HEADERS:
            headers.update(decode(block))
            block = b""
        if ends and not block:
            return headers, content


def _housekeep(stream: socket.socket, kind: int, flags: int, body: bytes) -> None:
    """What concerns the connection and not the call."""
    if kind == _SETTINGS and not flags & _ACK:
        stream.sendall(_frame(_SETTINGS, _ACK, 0, b""))
    elif kind == _PING and not flags & _ACK:
        stream.sendall(_frame(_PING, _ACK, 0, body))
    elif kind == _GO_AWAY:
        raise ConnectionResetError(f"the server goes away: {body[8:].decode('utf-8', 'replace')}")


def _receive(here: Here, stream: socket.socket) -> tuple[int, int, int, bytes]:
    head = here.take(stream, 9)
    if head.startswith(b"HTTP/1"):
        raise CheckError("the server speaks HTTP/1.1, and no gRPC", "see which port is which: 4317 is gRPC's")
    (length,) = struct.unpack("!I", b"\0" + head[:3])
    kind, flags, number = struct.unpack("!BBI", head[3:])
    return kind, flags, number & 0x7FFFFFFF, here.take(stream, length)


def _unpadded(flags: int, body: bytes, *, priority: bool = False) -> bytes:
    padding = body[0] if flags & _PADDED else 0
    start = (1 if flags & _PADDED else 0) + (5 if priority else 0)
    return body[start : len(body) - padding]


def decode(block: bytes) -> Iterator[tuple[str, str]]:
    """The headers of a block that refers to no table but the static one, and there only `:status` by name."""
    place = 0
    while place < len(block):
        first = block[place]
        if first & 0x80:
            index, place = _read_integer(block, place, 7)
            yield _name(index), _STATUSES.get(index, "")
        elif first & 0xE0 == 0x20:  # the table's new size
            _, place = _read_integer(block, place, 5)
        else:
            index, place = _read_integer(block, place, 6 if first & 0x40 else 4)
            name, place = (_name(index), place) if index else _read_text(block, place)
            value, place = _read_text(block, place)
            yield name, value


def _name(index: int) -> str:
    return ":status" if index in _STATUSES else str(index)


def _read_integer(block: bytes, place: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    value, place = block[place] & most, place + 1
    if value < most:
        return value, place
    shift = 0
    while True:
        value += (block[place] & 0x7F) << shift
        shift, place = shift + 7, place + 1
        if not block[place - 1] & 0x80:
            return value, place


def _read_text(block: bytes, place: int) -> tuple[str, int]:
    packed = block[place] & 0x80
    length, place = _read_integer(block, place, 7)
    text = block[place : place + length]
    return (_unpack(text) if packed else text.decode("utf-8", "replace")), place + length


def _codes() -> dict[tuple[int, int], str]:
    """By length and code, the characters."""
    codes, code, before = {}, 0, 0
    for length, characters in _HUFFMAN.items():
        code <<= length - before
        for character in characters:
            codes[length, code] = character
            code += 1
        before = length
    return codes


def _unpack(text: bytes) -> str:
    """Huffman's code, up to the padding, or to what no header that matters here holds."""
    codes, found, length, code = _codes(), "", 0, 0
    for byte in text:
        for bit in range(7, -1, -1):
            length, code = length + 1, code << 1 | byte >> bit & 1
            if (length, code) in codes:
                found += codes[length, code]
                length, code = 0, 0
    return found
