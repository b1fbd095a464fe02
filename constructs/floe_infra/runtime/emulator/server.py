"""The HTTP server around moto. Imports moto, and is therefore imported only when an emulator starts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from floe_infra.runtime.emulator.corrections import corrected
from floe_infra.runtime.emulator.repeats import Repeats

_LOGGER = logging.getLogger(__name__)
_ONE_AT_A_TIME = Lock()


@contextmanager
def running(host: str, port: int) -> Iterator[BaseWSGIServer]:
    """Serve every AWS service of moto on one port, from an empty account."""
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise RuntimeError("An emulator is already running in this process; moto keeps one state per process")
    try:
        with corrected():
            reset()
            server = make_server(
                host, port, Repeats(_Application()), threaded=True, request_handler=_QuietRequestHandler
            )
            thread = Thread(target=server.serve_forever, name="aws-emulator", daemon=True)
            thread.start()
            try:
                yield server
            finally:
                server.shutdown()
                thread.join()
                server.server_close()
                reset()
    finally:
        _ONE_AT_A_TIME.release()


def reset() -> None:
    """Empty every account; what `POST /moto-api/reset` does."""
    BackendDict.reset()
    reset_model_data()


class _Application:
    """moto's dispatcher, with an answer for what it does not implement.

    An exception would become status 500, which AWS clients retry (Terraform 25 times, for minutes). 501 is final,
    and names the operation.
    """

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return self._moto(environ, start_response)  # type: ignore[no-any-return]
        except Exception as error:
            request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            if not isinstance(error, NotImplementedError):
                _LOGGER.exception("the emulator failed on %s", request)
            message = f"The AWS emulator cannot answer {request}: {type(error).__name__}: {error}"
            start_response("501 Not Implemented", [("Content-Type", "text/plain; charset=utf-8")])
            return [message.encode()]


class _QuietRequestHandler(MotoRequestHandler):
    """Requests are not written to the terminal, where Terraform's progress is."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        _LOGGER.debug('"%s" %s %s', getattr(self, "requestline", ""), code, size)
