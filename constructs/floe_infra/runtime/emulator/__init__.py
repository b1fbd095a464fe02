"""An AWS in this process, for demonstrations and end-to-end tests: no account, no container, no network.

Real Terraform with the real AWS provider applies against it. moto does the work (the extra ``emulator``); beside this
file are what moto lacks (:mod:`.eks`) and where it answers differently from AWS (:mod:`.corrections`). It emulates the
control plane only: an emulated database takes no connections, an emulated cluster runs no pods.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

ACCOUNT_ID = "123456789012"
"""The account that every caller is in, unless told otherwise; moto's own default."""


class EmulatorMissingError(Exception):
    """The extra that brings moto is not installed."""

    def __init__(self, module: str | None) -> None:
        super().__init__(
            f"The AWS emulator needs moto, which is not installed (no module {module!r}). "
            "Install it with: pip install 'floe-infra[emulator]'"
        )


class Emulator:
    """An emulated AWS that answers on a loopback port for as long as the context lasts.

    One per process: moto keeps its state in module globals. It starts empty and leaves nothing behind.

    ::

        with Emulator() as aws:
            boto3.client("s3", endpoint_url=aws.endpoint, ...)
    """

    def __init__(self, port: int = 0, *, host: str = "127.0.0.1", account_id: str = ACCOUNT_ID) -> None:
        """`port` 0 takes a free one. A `host` other than loopback opens an AWS without any access control.

        Every caller is in the account `account_id`, whatever its credentials.
        """
        self._host = host
        self._port = port
        self._account_id = account_id
        self._stack = ExitStack()
        self._server: BaseWSGIServer | None = None

    def __enter__(self) -> Emulator:
        """Start to listen. Raises `EmulatorMissingError` without moto, `OSError` when the port is taken."""
        try:
            from floe_infra.runtime.emulator import server
        except ModuleNotFoundError as missing:
            raise EmulatorMissingError(missing.name) from missing
        with ExitStack() as stack:
            stack.enter_context(self._environ())
            self._server = stack.enter_context(server.running(self._host, self._port))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server = None
        self._stack.close()

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("The emulator is not running; use it as a context manager")
        return self._server.server_port

    @property
    def endpoint(self) -> str:
        """The URL for every AWS service."""
        return f"http://{self._host}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What Terraform's AWS provider, the AWS CLI and boto3 need to talk to this AWS and no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def reset(self) -> None:
        """Forget everything that was made."""
        from floe_infra.runtime.emulator import server

        server.reset()

    @contextmanager
    def _environ(self) -> Iterator[None]:
        """Tell moto the account, and take away what breaks it: it asks boto3 for regions and partitions, which fails
        when a profile is named that does not exist."""
        changes = {"MOTO_ACCOUNT_ID": self._account_id, "AWS_PROFILE": None, "AWS_DEFAULT_PROFILE": None}
        before = {variable: os.environ.get(variable) for variable in changes}
        _change_environ(changes)
        try:
            yield
        finally:
            _change_environ(before)


def _change_environ(changes: Mapping[str, str | None]) -> None:
    for variable, value in changes.items():
        if value is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = value
