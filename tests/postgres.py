"""The machine's own PostgreSQL server, started for tests: TLS only, as in production, every statement in its log."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HOST = "127.0.0.1"
SUPERUSER = "postgres"
_PASSWORD = "superuser"
_CONFIGURATION = f"""
listen_addresses = '{HOST}'
unix_socket_directories = ''
ssl = on
fsync = off
log_statement = all
"""


@dataclass(frozen=True)
class Server:
    """A running server, which nobody reaches without TLS and a password."""

    programs: Path
    port: int
    data: Path
    log: Path
    version: int
    """Major version."""
    account: dict[str, Any]
    """As whom it runs, in the words of `subprocess.run`."""

    def start(self) -> None:
        """After a `stop`."""
        self._control("start", "-l", self.log)

    def stop(self) -> None:
        """At once: what it has not written yet, it recovers at the next start."""
        self._control("stop", "-m", "immediate")

    def _control(self, *arguments: str | Path) -> None:
        # No pipes: the server would keep them open.
        subprocess.run(
            [self.programs / "pg_ctl", *arguments, "-w", "-s", "-D", self.data],
            cwd=self.data.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
            **self.account,
        )

    def environment(
        self, user: str = SUPERUSER, password: str = _PASSWORD, database: str = "postgres"
    ) -> dict[str, str]:
        """What psql needs to log in as this user. PGDATABASE may be any name: here, none is a connection string."""
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PGHOST": HOST,
            "PGPORT": str(self.port),
            "PGUSER": user,
            "PGPASSWORD": password,
            "PGDATABASE": database,
            "PGSSLMODE": "require",
            "PGCLIENTENCODING": "UTF8",
        }

    def psql(self, sql: str, **login: str) -> str:
        """The rows, unaligned. Raises CalledProcessError, with what psql said as `stderr`."""
        return subprocess.run(
            ["psql", "-XAtqw", "-v", "ON_ERROR_STOP=1"],
            input=sql,
            env=self.environment(**login),
            check=True,
            capture_output=True,
            text=True,
        ).stdout.rstrip("\n")


@contextmanager
def running() -> Iterator[Server]:
    """A new server on a free port, gone afterwards. Skips the test where no server is installed.

    `POSTGRES_BIN` names the programs of another version.
    """
    programs = _programs()
    if programs is None or shutil.which("openssl") is None:
        pytest.skip("needs PostgreSQL's server (initdb, pg_ctl, psql) and openssl")
    with tempfile.TemporaryDirectory(prefix="floe-pg-") as folder:
        home: Path = Path(folder)
        account: dict[str, Any] = {}
        if os.getuid() == 0:  # as whom the server refuses to run
            account = {"user": "postgres", "group": "postgres", "extra_groups": ()}
            shutil.chown(home, "postgres", "postgres")

        def run(program: str | Path, *arguments: str | Path) -> None:
            subprocess.run([program, *arguments], cwd=home, stdout=subprocess.DEVNULL, check=True, **account)

        data, log, password = home / "data", home / "log", home / "password"
        password.write_text(_PASSWORD)
        run(
            programs / "initdb",
            *("--pgdata", data, "--username", SUPERUSER, "--pwfile", password),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        run(
            "openssl",
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", f"/CN={HOST}", "-keyout", data / "server.key", "-out", data / "server.crt"),
        )
        port = _free_port()
        with (data / "postgresql.conf").open("a") as file:
            file.write(f"{_CONFIGURATION}port = {port}\n")
        (data / "pg_hba.conf").write_text(f"hostssl all all {HOST}/32 scram-sha-256\n")
        server = Server(programs, port, data, log, int((data / "PG_VERSION").read_text()), account)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path | None:
    """Newest first; pg_config also comes with the client's library alone."""
    if chosen := os.environ.get("POSTGRES_BIN"):
        return Path(chosen)
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    if shutil.which("pg_config"):
        told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout
        places.append(Path(told.strip()))
    return next((place for place in places if (place / "initdb").exists() and (place / "psql").exists()), None)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port
