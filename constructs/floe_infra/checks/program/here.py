"""Where the program runs, and what can go wrong on the way to a server, in words that say what to do."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

_IN_CLUSTER = ".svc.cluster.local"


class CheckError(Exception):
    """A check has failed.

    Args:
        reason: what happened.
        fix: what to do.
    """

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix


class OnlyInClusterError(Exception):
    """The address is one of the cluster's own, and this is not the cluster."""


class Memory:
    """What need not be asked again by each of the checks, which run at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, Any] = {}

    def get(self, name: str, ask: Callable[[], Any]) -> Any:
        """What was answered the first time."""
        with self._lock:
            if name not in self._held:
                self._held[name] = ask()
            return self._held[name]


@dataclass(frozen=True)
class Here:
    """Where the program runs.

    Attributes:
        environment: its variables.
        in_cluster: whether it runs as Dagster's pods do.
        timeout: seconds for this one check.
        memory: shared with other checks.
        secrets: what has been read as a secret, and may be printed nowhere.
    """

    environment: Mapping[str, str]
    in_cluster: bool = False
    timeout: float = 15
    memory: Memory = field(default_factory=Memory, repr=False)
    secrets: set[str] = field(default_factory=set, repr=False)
    _start: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until the check has to be done. Raises TimeoutError when there are none."""
        left = self._start + self.timeout - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def secret(self, value: str) -> str:
        """The same, from now on crossed out of what is printed."""
        if len(value) >= 4:
            self.secrets.add(value)
        return value

    def printable(self, text: str) -> str:
        """On one line, without secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return " ".join(text.split())

    def look_up(self, url: str) -> None:
        """See that the server has an address here, before a secret is read for it."""
        address = urlsplit(url)
        host, port = address.hostname or "", address.port or 443
        with self.to(host, port, connected=False):
            socket.getaddrinfo(host, port)

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to the server."""
        with self.to(host, port, connected=False):
            return socket.create_connection((host, port), timeout=self.left)

    def take(self, stream: socket.socket, count: int) -> bytes:
        """So many bytes. Raises ConnectionResetError when there are fewer."""
        taken = b""
        while len(taken) < count:
            stream.settimeout(self.left)
            part = stream.recv(count - len(taken))
            if not part:
                raise ConnectionResetError("the server hung up")
            taken += part
        return taken

    def to(self, host: str, port: int, *, connected: bool = True) -> _To:
        """Whatever goes wrong inside is said as an error of this server's."""
        return _To(self, host, port, connected)


@dataclass(frozen=True)
class _To:
    here: Here
    host: str
    port: int
    connected: bool

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, (OSError, HTTPException)) and not isinstance(error, OnlyInClusterError):
            if isinstance(error, socket.gaierror) and self.host.endswith(_IN_CLUSTER) and not self.here.in_cluster:
                raise OnlyInClusterError from None
            raise CheckError(*self._explain(error)) from None

    def _explain(self, error: OSError | HTTPException) -> tuple[str, str]:
        place = f"{self.host}:{self.port}"
        for kind, explain in _WORDS.items():
            if isinstance(error, kind):
                reason, fix = explain(error, self)
                return f"{place}: {reason}", fix
        return f"{place}: {error or type(error).__name__}", ""


def _unknown(error: BaseException, to: _To) -> tuple[str, str]:
    if isinstance(error, OSError) and error.errno == socket.EAI_AGAIN:
        pods = "kubectl -n kube-system get pods -l k8s-app=kube-dns"
        return "no answer from DNS", f"see {pods}" if to.here.in_cluster else "see whether this machine has a network"
    if to.here.in_cluster and to.host.endswith(_IN_CLUSTER):
        service, namespace = to.host.split(".")[:2]
        return "DNS knows no such name", f"see whether it is there: kubectl -n {namespace} get service {service}"
    return f"DNS knows no such name ({error})", "see whether it is still deployed, and which DNS this machine asks"


def _refused(_: BaseException, to: _To) -> tuple[str, str]:
    if to.host.endswith(_IN_CLUSTER):
        namespace = to.host.split(".")[1]
        return "refused", f"nothing is ready to answer; see kubectl -n {namespace} get pods"
    return "refused", "nothing listens there; see whether it runs, and on this port"


def _silent(_: BaseException, to: _To) -> tuple[str, str]:
    reason = f"no answer within {to.here.timeout:g} s"
    if to.connected:
        return reason, "it takes connections, and hangs or has too much to do: see its log"
    if to.here.in_cluster:
        return reason, "a network policy, security group or firewall lets nothing through"
    return reason, (
        "a firewall lets nothing through, or the address is private and reached only from within its network: try "
        "floe-infra check --in-cluster"
    )


def _untrusted(error: BaseException, _: _To) -> tuple[str, str]:
    why = getattr(error, "verify_message", "") or str(error)
    return f"TLS: the certificate is not trusted: {why}", "see who answers there, and until when its certificate holds"


def _no_tls(error: BaseException, _: _To) -> tuple[str, str]:
    why = str(getattr(error, "reason", "") or error).replace("_", " ").lower()
    return f"TLS: {why}", "what listens there does not speak TLS, or not of a version that is still safe"


def _broken(error: BaseException, _: _To) -> tuple[str, str]:
    text = str(error) or type(error).__name__
    return f"broke the connection: {text}", "what listens there speaks another protocol, or just went down"


_WORDS: dict[type[BaseException], Callable[[BaseException, _To], tuple[str, str]]] = {
    socket.gaierror: _unknown,
    ConnectionRefusedError: _refused,
    TimeoutError: _silent,
    ssl.SSLCertVerificationError: _untrusted,
    ssl.SSLError: _no_tls,
    ConnectionError: _broken,
    HTTPException: _broken,
}
