"""The kernel's process, to which requests can be posted whose replies are read later.

It answers one after the other, so a reply's place in the order says what it answers.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jsii._kernel.providers.process import _NodeProcess as StockProcess
from jsii._kernel.providers.process import jdefault, ohook
from jsii._kernel.types import CreateRequest, CreateResponse
from jsii.errors import ErrorType, JavaScriptError, JSIIError

from floe_infra.runtime.fast_import import messages
from floe_infra.runtime.fast_import.node import NodeProcess

_MOST_DUE = 128
_MOST_BYTES_DUE = 64 * 1024
"""Less than a socket holds, else both ends could wait for the other one to read."""

_EXIT_SECONDS = 60
"""How long the kernel may take to exit. It only takes long when it writes jsii's index, once per machine."""

_OBJECTS = re.compile(rb'"\$jsii\.byref":"[^"]*@(\d+)"')
_TOKEN = re.compile(r"\$\{TfToken\[[^\]]+\]\}")
_LIBRARIES = ("jsii.", "constructs", "cdktf", "floe_infra.runtime.fast_import.")

Foreseen = Callable[[Any], bool]
"""Whether a reply says what was taken for granted."""


@dataclass(frozen=True)
class _Due:
    """A reply that nobody waits for.

    Attributes:
        required: whether it has to be no failure.
        place: where it was asked for.
        size: the request's, in bytes.
    """

    foreseen: Foreseen
    required: bool
    place: str
    size: int


class FastProcess(StockProcess):
    """Speaks jsii's protocol with a kernel that runs already."""

    def __init__(self, node: NodeProcess) -> None:
        self._serializer: Any = messages.Converter()
        self._node = node
        self._process: Any = node.popen
        self._process.stdin, self._process.stdout = node.requests, node.replies
        self._greeted = False
        self._due: deque[_Due] = deque()
        self._bytes_due = 0
        self._failures: list[Exception] = []
        self._replies = 0
        self._newest_object: int | None = None
        self._counts_objects = False
        atexit.register(self.stop)

    @property
    def settled(self) -> bool:
        return not self._due and not self._failures

    @property
    def overdue(self) -> bool:
        """Whether replies have to be read before anything else is posted."""
        return len(self._due) >= _MOST_DUE or self._bytes_due > _MOST_BYTES_DUE

    def post(self, request: Any, foreseen: Foreseen, *, required: bool = True) -> None:
        """Ask, and take for granted what the kernel will answer."""
        message = json.dumps(self._serializer.unstructure(request), default=jdefault).encode() + b"\n"
        while self.overdue:
            self._read()
        self._due.append(_Due(foreseen, required, _place(), len(message)))
        self._bytes_due += len(message)
        with contextlib.suppress(OSError):  # If the kernel is gone, reading its reply will say so.
            self._node.requests.write(message)
            self._node.requests.flush()

    def post_create(self, request: CreateRequest) -> CreateResponse | None:
        """Ask for an object. None if it is not sure what number the kernel will give it."""
        if self._newest_object is None or not self._counts_objects:
            return None
        self._newest_object += 1
        name = f"{request.fqn}@{self._newest_object}"
        self.post(request, lambda answer: answer.ref == name)
        return CreateResponse(name)

    @property
    def next_token(self) -> str:
        """Another name of the token that the reply to the next request will be (see `nameTokens` in kernel.cjs)."""
        return f"${{TfToken[REPLY.{self._replies + len(self._due)}]}}"

    def post_for_token(self, request: Any) -> str:
        """Ask for a string that will be a token; returns another name of it."""
        name = self.next_token
        self.post(request, lambda answer: bool(_TOKEN.fullmatch(str(answer.get("value", answer.get("result"))))))
        return name

    def send(self, request: Any, response_type: Any) -> Any:
        """Ask and wait."""
        before = self._newest_object
        try:
            response = super().send(request, response_type)
        except BaseException:
            self._newest_object = None  # There may be one that was never shown.
            raise
        if isinstance(response, CreateResponse):
            self._newest_object = int(response.ref.rpartition("@")[2])
            self._counts_objects |= self._newest_object - 1 == before
        return response

    def settle(self) -> None:
        """Read the replies that are due.

        Raises:
            JSIIError, RuntimeError: the first failure among them.
            OSError: if the kernel is gone.
            AssertionError: if it is of another version.
        """
        while self._due:
            self._read()
        if self._failures:
            failure, self._failures, self._newest_object = self._failures[0], [], None
            raise failure

    def abandon(self) -> None:
        atexit.unregister(self.stop)
        self._due.clear()
        self._failures.clear()
        self._node.abandon()

    def stop(self) -> None:
        atexit.unregister(self.stop)
        if self._node.requests.closed:
            return
        if not self._greeted:  # Nothing came of it: a file with mistakes, say.
            self._node.abandon()
            return
        with contextlib.suppress(OSError):
            self._node.requests.write(b'{"exit":0}\n')
            self._node.requests.flush()
            self._node.hang_up()
        try:
            self._process.wait(timeout=_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.terminate()
        self._node.close()
        _spare_the_garbage_collector()

    def _read(self) -> None:
        due = self._due.popleft()
        self._bytes_due -= due.size
        try:
            self._greet()
            reply = self._next_message()
        except ValueError:
            raise ConnectionError("Node ended before it answered.") from None
        if "ok" in reply:
            if not due.foreseen(reply["ok"]):
                self._failures.append(JSIIError(f"Fast import did not foresee the reply to {due.place}: {reply}"))
        elif due.required:
            self._failures.append(_failure(reply, due.place))

    def _greet(self) -> None:
        if not self._greeted:
            self.handshake()
            self._greeted = True
            _spare_the_garbage_collector()

    def _next_message(self) -> Any:
        line = self._node.replies.readline()
        self._replies += 1
        if self._newest_object is not None:
            self._newest_object = max(self._newest_object, *map(int, _OBJECTS.findall(line)), 0)
        return json.loads(line, object_hook=ohook)


def _spare_the_garbage_collector() -> None:
    """What is there by now stays: no collection need visit it again, most of all not the one at exit. Saves a tenth of
    the whole."""
    gc.freeze()


def _failure(reply: Any, place: str) -> Exception:
    """The exception that jsii would have raised there."""
    kind = JSIIError if reply["name"] == ErrorType.JSII_FAULT.value else RuntimeError
    failure = kind(reply["error"])
    failure.__cause__ = JavaScriptError(f"{reply['stack']}\nAsked for in {place}")  # type: ignore[no-untyped-call]
    return failure


def _place() -> str:
    """Where in the user's code we are."""
    frame: Any = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(_LIBRARIES):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
