"""PostgreSQL: a login over TLS, and a query (https://www.postgresql.org/docs/current/protocol.html)."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import ssl
import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass

from .credentials import Secret
from .here import CheckError, Here

_PROTOCOL = 196608
_SSL_REQUEST = 80877103
_QUERY = (
    "select coalesce((select version from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid() and ssl), ''),"
    " pg_catalog.current_setting('server_version')"
)
_FIXES = {
    "28P01": "the server does not know this password: see the log of the job that makes databases and logins, and "
    "whether the Secret is older than the last deploy",
    "28000": "the server lets in nobody of this name, or not in this way: see the job that makes databases and logins",
    "3D000": "the database is missing: see the log of the job that makes databases and logins",
    "53300": "raise max_connections, or see who holds them all",
    "57P03": "the server is starting; try again",
}
"""By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


@dataclass(frozen=True)
class Login:
    """Who logs in where.

    Attributes:
        secret: key `password`, and `username` where that is no other than the secret's.
    """

    database: str
    secret: Secret
    user: str = ""


@dataclass(frozen=True)
class PostgreSql:
    """A server.

    Attributes:
        ssl_mode: libpq's word.
        inside: who logs in in the cluster; the same as outside where nobody is named.
        outside: who logs in elsewhere.
    """

    host: str
    port: int
    ssl_mode: str
    outside: Login
    inside: Login | None = None

    def run(self, here: Here) -> str:
        login = self.inside if self.inside and here.in_cluster else self.outside
        with here.connect(self.host, self.port) as plain, here.to(self.host, self.port):
            stream = plain if self.ssl_mode == "disable" else self._encrypted(here, plain)
            with stream:
                version, server = _Session(here, stream).ask(login, _QUERY)
        place = f"{self.host}:{self.port}/{login.database}"
        if self.ssl_mode == "disable":
            return f"{place}: PostgreSQL {server}, without TLS, as the platform has it"
        if not version:
            raise CheckError(f"{place}: the server says that the connection is not encrypted", "ask who is in between")
        return f"{place}: PostgreSQL {server}, {version}"

    def _encrypted(self, here: Here, plain: socket.socket) -> ssl.SSLSocket:
        """As libpq: only `verify-ca` and `verify-full` look whose certificate it is."""
        plain.sendall(struct.pack("!ii", 8, _SSL_REQUEST))
        if plain.recv(1) != b"S":
            raise CheckError(
                f"{self.host}:{self.port}: TLS: the server offers none",
                "switch TLS on at the server; passwords and data would travel in the clear",
            )
        context = ssl.create_default_context()
        if self.ssl_mode != "verify-full":
            context.check_hostname = False
        if not self.ssl_mode.startswith("verify-"):
            context.verify_mode = ssl.CERT_NONE
        plain.settimeout(here.left)
        return context.wrap_socket(plain, server_hostname=self.host)


class _Session:
    """Messages to a server and back."""

    def __init__(self, here: Here, stream: socket.socket) -> None:
        self._here, self._stream = here, stream

    def ask(self, login: Login, sql: str) -> list[str]:
        """The first row of a query's answer."""
        read = login.secret.read(self._here)
        user = login.user or read["username"]
        self._start(user, login.database)
        self._authenticate(user, read["password"])
        self._send(b"Q", sql.encode() + b"\0")
        row: list[str] = []
        while (message := self._receive())[0] != b"Z":
            if message[0] == b"D":
                row = _columns(message[1])
        self._send(b"X", b"")
        if not row:
            raise CheckError("the query has no answer")
        return row

    def _start(self, user: str, database: str) -> None:
        parameters = {"user": user, "database": database, "application_name": "floe-infra check"}
        words = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items())
        self._stream.sendall(struct.pack("!ii", len(words) + 9, _PROTOCOL) + words + b"\0")

    def _authenticate(self, user: str, password: str) -> None:
        """Until the server is ready for queries."""
        scram: _Scram | None = None
        while True:
            kind, body = self._receive()
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            (how,) = struct.unpack("!i", body[:4])
            if how == 5:
                self._send(b"p", _md5(user, password, body[4:8]) + b"\0")
            elif how == 10 and b"SCRAM-SHA-256\0" in body:
                scram = _Scram(password)
                first = scram.first()
                self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
            elif how == 11 and scram:
                self._send(b"p", scram.final(body[4:]))
            elif how == 12 and scram:
                scram.verify(body[4:])
            elif how != 0:
                raise CheckError(f"the server wants a login of kind {how}, which is no password", "see pg_hba.conf")

    def _send(self, kind: bytes, body: bytes) -> None:
        self._stream.settimeout(self._here.left)
        self._stream.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _receive(self) -> tuple[bytes, bytes]:
        kind = self._here.take(self._stream, 1)
        (length,) = struct.unpack("!i", self._here.take(self._stream, 4))
        body = self._here.take(self._stream, length - 4)
        if kind == b"E":
            fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
            state = fields.get(b"C", "")
            raise CheckError(f"PostgreSQL says {state}: {fields.get(b'M', '')}", _FIXES.get(state, ""))
        return kind, body


def _columns(body: bytes) -> list[str]:
    (count,), place, values = struct.unpack("!h", body[:2]), 2, []
    for _ in range(count):
        (length,) = struct.unpack("!i", body[place : place + 4])
        place += 4
        values.append(body[place : place + max(length, 0)].decode())
        place += max(length, 0)
    return values


def _md5(user: str, password: str, salt: bytes) -> bytes:
    inner = hashlib.md5(f"{password}{user}".encode(), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest().encode()


class _Scram:
    """SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677). PostgreSQL takes the user from before."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._nonce = b64encode(os.urandom(18)).decode()
        self._bare = f"n=,r={self._nonce}"

    def first(self) -> bytes:
        return f"n,,{self._bare}".encode()

    def final(self, challenge: bytes) -> bytes:
        told = _attributes(challenge)
        if not told["r"].startswith(self._nonce):
            raise CheckError("the server's answer is not to our question", "ask who is in between")
        salted = hashlib.pbkdf2_hmac("sha256", self._password, b64decode(told["s"]), int(told["i"]))
        without_proof = f"c=biws,r={told['r']}"
        said = f"{self._bare},{challenge.decode()},{without_proof}".encode()
        client_key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client_key).digest(), said)
        proof = bytes(key ^ sign for key, sign in zip(client_key, signature, strict=True))
        self._expected = _hmac(_hmac(salted, b"Server Key"), said)
        return f"{without_proof},p={b64encode(proof).decode()}".encode()

    def verify(self, answer: bytes) -> None:
        """The server knows the password too."""
        if not hmac.compare_digest(b64decode(_attributes(answer).get("v", "")), self._expected):
            raise CheckError("the server does not know the password itself", "ask who is in between")


def _attributes(message: bytes) -> dict[str, str]:
    parts = (part.partition("=") for part in message.decode().split(","))
    return {name: value for name, _, value in parts}


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()
