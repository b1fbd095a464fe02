"""Requests that come twice, since the client lost the first answer.

AWS' SDKs send a request again when its connection breaks, and the emulator may have done what it asks by then: a subnet
made a second time is refused. All attempts of a call carry the same id
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html), so the emulator answers them alike.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from werkzeug.wsgi import get_input_stream

_LOGGER = logging.getLogger(__name__)
MOST_KEPT = 64 * 1024
"""Bytes of an answer that is kept. Larger ones are of what has only been read."""

_Environ = dict[str, Any]
_Application = Callable[[_Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class _Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def is_kept(self) -> bool:
        return self.status.startswith("2") and len(self.body) <= MOST_KEPT


@dataclass
class _Call:
    lock: Lock = field(default_factory=Lock)
    """Held while it is answered."""
    answer: _Answer | None = None


class Repeats:
    """An application whose last successful answers are given again to attempts of the same call.

    Args:
        most: calls that are remembered.
    """

    def __init__(self, application: _Application, *, most: int = 500) -> None:
        self._application = application
        self._most = most
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        self._lock = Lock()

    def __call__(self, environ: _Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        invocation = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
        if not invocation:
            return self._application(environ, start_response)
        call = self._call(invocation)
        with call.lock:
            if call.answer:
                answer = call.answer
                _warn(environ)
            else:
                answer = self._answer(environ)
                call.answer = answer if answer.is_kept else None
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _call(self, invocation: str) -> _Call:
        with self._lock:
            call = self._calls.setdefault(invocation, _Call())
            while len(self._calls) > self._most:
                self._calls.popitem(last=False)
            return call

    def _answer(self, environ: _Environ) -> _Answer:
        started: list[Any] = []
        made = self._application(environ, lambda *start: started.append(start))
        try:
            body = b"".join(made)
        finally:
            if hasattr(made, "close"):
                made.close()
        status, headers, *_ = started[-1]
        return _Answer(status, headers, body)


def _warn(environ: _Environ) -> None:
    """Reads the request, as the connection wants it read anyway."""
    action = re.search(rb"\bAction=(\w+)", get_input_stream(environ).read())
    details = [action[1].decode() if action else environ.get("HTTP_X_AMZ_TARGET"), environ.get("HTTP_AMZ_SDK_REQUEST")]
    _LOGGER.warning(
        "%s %s (%s) came again and was answered as before",
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        ", ".join(filter(None, details)),
    )
