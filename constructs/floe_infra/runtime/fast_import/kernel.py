"""jsii's kernel without the waiting.

jsii starts Node and waits for it, then asks it to load a package and waits, and so on. Nothing in Python needs
those answers: here requests to load are sent and their replies read before the first request whose answer
matters, which is usually `App()`. Until then Node works while Python imports.

Until then, too, anything that goes wrong has a way back: jsii's own kernel is started and told to load the
same packages.

After that, nothing waits for an answer that can be foreseen either, where code allows for it (`unawaited`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import jsii
from jsii._kernel.providers.process import ProcessProvider
from jsii._kernel.providers.process import _NodeProcess as StockProcess
from jsii._kernel.types import (
    Callback,
    CreateRequest,
    CreateResponse,
    GetRequest,
    GetResponse,
    InvokeRequest,
    InvokeResponse,
    LoadRequest,
    LoadResponse,
    SetRequest,
    SetResponse,
    StaticGetRequest,
    StaticInvokeRequest,
)
from jsii._stack_trace import is_enabled as sends_stack_traces
from jsii.errors import JSIIError

from floe_infra.runtime.fast_import import foreseen, messages
from floe_infra.runtime.fast_import.node import NodeProcess
from floe_infra.runtime.fast_import.process import FastProcess
from floe_infra.runtime.fast_import.tree import Tree

T = TypeVar("T")


def install(process: NodeProcess, *, on_fallback: Callable[[str], None], on_surprise: Callable[[str], None]) -> None:
    """Let jsii talk to this kernel. Nothing may have been loaded before."""
    kernel: Any = jsii.kernel
    kernel.provider = _Provider(FastProcess(process), on_fallback, on_surprise)
    messages.install()


@contextmanager
def unawaited() -> Iterator[None]:
    """See `fast_import.unawaited`."""
    provider: Any = jsii.kernel.provider
    with provider.unawaited():
        yield


def look_up(fqn: str) -> None:
    """Let the kernel import the module of a resource, while Python goes on importing others."""
    provider: Any = jsii.kernel.provider
    provider.look_up(fqn)


class _Provider(ProcessProvider):
    def __init__(
        self, fast: FastProcess, on_fallback: Callable[[str], None], on_surprise: Callable[[str], None]
    ) -> None:
        self._fast = fast
        self._current: StockProcess = fast
        self._on_fallback, self._on_surprise = on_fallback, on_surprise
        self._loads: list[LoadRequest] = []
        self._in_use = False
        self._unawaited = False
        self._calls_back = False
        self._names_tokens: bool | None = None
        self._tree = Tree()

    def load(self, request: LoadRequest) -> LoadResponse:
        if self._current is not self._fast:
            return super().load(request)
        self._loads.append(request)
        self._fast.post(request, _whatever)
        if Path(request.tarball).parent.name != "_jsii":  # Read from a zip: a temporary file, gone when this returns.
            self._settle()
        return LoadResponse(assembly=request.name, types=0)  # which jsii does not read

    def look_up(self, fqn: str) -> None:
        if self._current is self._fast and not self._fast.overdue:
            self._fast.post(StaticGetRequest(fqn, "tfResourceType"), _whatever, required=False)

    @contextmanager
    def unawaited(self) -> Iterator[None]:
        before, self._unawaited = self._unawaited, True
        try:
            yield
        finally:
            self._unawaited = before
            if not self._fast.settled:
                self._settle()

    def create(self, request: CreateRequest) -> CreateResponse:
        self._calls_back |= bool(request.overrides)
        response = (None if self._waits else self._fast.post_create(request)) or super().create(request)
        if isinstance(response, CreateResponse):
            self._tree.add(request, response)
        return response

    def get(self, request: GetRequest) -> GetResponse:
        if not self._waits and foreseen.is_token(request):
            return self._token(request, super().get, GetResponse)
        response = self._tree.answer(request) or super().get(request)
        self._tree.keep(request, response)
        return response

    def set(self, request: SetRequest) -> SetResponse:
        if self._waits:
            return super().set(request)
        self._fast.post(request, _whatever)
        return SetResponse()

    def invoke(self, request: InvokeRequest) -> InvokeResponse | Callback:
        if self._waits:
            return super().invoke(request)
        if foreseen.is_nothing(request):
            self._fast.post(request, lambda answer: answer.get("result") is None)
            return InvokeResponse()
        if foreseen.is_token(request):
            return self._token(request, super().invoke, InvokeResponse)
        return super().invoke(request)

    def sinvoke(self, request: StaticInvokeRequest) -> InvokeResponse:
        if stack := self._tree.stack(request):
            return InvokeResponse(stack)
        if self._waits or not foreseen.is_token(request):
            return super().sinvoke(request)
        return self._token(request, super().sinvoke, InvokeResponse)

    def _token(self, request: Any, wait: Callable[[Any], T], response: Callable[[str], T]) -> T:
        """The first one is waited for, to see whether the kernel knows its other name."""
        if self._names_tokens:
            return response(self._fast.post_for_token(request))
        name = self._fast.next_token
        answer = wait(request)
        if self._names_tokens is None:
            self._names_tokens = self._knows(name)
        return answer

    def _knows(self, token: str) -> bool:
        try:
            super().sinvoke(StaticInvokeRequest("cdktf.Tokenization", "reverseString", [token]))
        except (JSIIError, RuntimeError) as error:
            self._on_surprise(f"Tokens are waited for, because CDKTF is not as expected: {error}")
            return False
        return True

    @property
    def _waits(self) -> bool:
        """Whether to wait for what could be foreseen: until the kernel has answered once, and where it may ask back
        before it answers, as it does when Python has overridden a method of some object."""
        ready = self._unawaited and self._in_use and self._current is self._fast
        return not ready or self._calls_back or sends_stack_traces()

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
        except (JSIIError, RuntimeError, OSError, AssertionError) as error:
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


def _whatever(answer: Any) -> bool:  # noqa: ARG001
    return True
