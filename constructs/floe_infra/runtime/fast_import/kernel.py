"""jsii's kernel without the waiting.

jsii starts Node and waits for it, then asks it to load a package and waits, and so on. Nothing in Python needs
those answers: here requests to load are sent and their replies read before the first request whose answer
matters, which is usually `App()`. Until then Node works while Python imports.

Until then, too, anything that goes wrong has a way back: jsii's own kernel is started and told to load the
same packages.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsii
from jsii._kernel.providers.process import ProcessProvider
from jsii._kernel.providers.process import _NodeProcess as StockProcess
from jsii._kernel.types import LoadRequest, LoadResponse
from jsii.errors import JavaScriptError, JSIIError

from floe_infra.runtime.fast_import.node import NodeProcess

_EXIT_SECONDS = 60
"""How long the kernel may take to exit. It only takes long when it writes jsii's index, once per machine."""


def install(process: NodeProcess, on_fallback: Callable[[str], None]) -> None:
    """Let jsii talk to this kernel. Nothing may have been loaded before."""
    kernel: Any = jsii.kernel
    kernel.provider = _Provider(_FastProcess(process), on_fallback)


class _FastProcess(StockProcess):
    """Speaks jsii's protocol with a kernel that runs already."""

    def __init__(self, node: NodeProcess) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._node = node
        self._process: Any = node.popen
        self._process.stdin, self._process.stdout = node.requests, node.replies
        self._greeted = False
        self._unanswered = 0
        atexit.register(self.stop)

    def post(self, request: LoadRequest) -> None:
        """Ask to load a package and do not wait for the reply."""
        message = {"api": "load", "name": request.name, "version": request.version, "tarball": request.tarball}
        self._unanswered += 1
        with contextlib.suppress(OSError):  # If the kernel is gone, reading its reply will say so.
            self._node.requests.write(json.dumps(message).encode() + b"\n")
            self._node.requests.flush()

    @property
    def settled(self) -> bool:
        return self._unanswered == 0

    def settle(self) -> None:
        """Read the replies that are due.

        Raises:
            JSIIError: if a package could not be loaded.
            OSError: if the kernel is gone.
            AssertionError: if it is of another version.
        """
        try:
            self._greet()
            while self._unanswered:
                self._unanswered -= 1
                reply: Any = self._next_message()
                if "error" in reply:
                    raise JSIIError(reply["error"]) from JavaScriptError(reply["stack"])  # type: ignore[no-untyped-call]
        except ValueError:
            raise ConnectionError("Node ended before it answered.") from None

    def _greet(self) -> None:
        if self._greeted:
            return
        self.handshake()
        self._greeted = True
        # What is imported by now stays: no garbage collection need visit it again, most of all not the one at
        # exit. Saves a tenth of the whole.
        gc.freeze()

    def abandon(self) -> None:
        atexit.unregister(self.stop)
        self._unanswered = 0
        self._node.abandon()

    def stop(self) -> None:
        atexit.unregister(self.stop)
        if self._node.requests.closed:
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


class _Provider(ProcessProvider):
    def __init__(self, fast: _FastProcess, on_fallback: Callable[[str], None]) -> None:
        self._fast = fast
        self._current: StockProcess = fast
        self._on_fallback = on_fallback
        self._loads: list[LoadRequest] = []
        self._in_use = False

    def load(self, request: LoadRequest) -> LoadResponse:
        if self._current is not self._fast:
            return super().load(request)
        self._loads.append(request)
        self._fast.post(request)
        if Path(request.tarball).parent.name != "_jsii":  # Read from a zip: a temporary file, gone when this returns.
            self._settle()
        return LoadResponse(assembly=request.name, types=0)  # which jsii does not read

    @property
    def _process(self) -> StockProcess:
        """Where every other request goes."""
        if not self._fast.settled:
            self._settle()
        self._in_use = True
        return self._current

    def _settle(self) -> None:
        try:
            self._fast.settle()
        except (JSIIError, OSError, AssertionError) as error:
            if self._in_use:  # Objects live in this kernel: another one would not know them.
                raise
            self._fall_back(str(error) or type(error).__name__)

    def _fall_back(self, reason: str) -> None:
        self._on_fallback(reason)
        self._fast.abandon()
        self._current = StockProcess()  # type: ignore[no-untyped-call]
        self._current.start()  # type: ignore[no-untyped-call]
        for request in self._loads:
            self._current.send(request, LoadResponse)
