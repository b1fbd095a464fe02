"""What a server in the cluster needs at each start, with a real server: stopped without warning, and started again."""

from __future__ import annotations

import os
import shutil
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_infra.database import programs
from postgres import SUPERUSER, Server, running

PROGRAM = Path(programs.__file__).parent / "prepare.sh"
HOSTILE = "it's \\' \"; DROP DATABASE postgres; -- $(id) %s"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def folder(server: Server) -> Path:
    """That the server's user may write to."""
    folder = server.data.parent / "tls"
    folder.mkdir(exist_ok=True)
    if owner := server.account.get("user"):
        shutil.chown(folder, owner, owner)
    return folder


def prepare(server: Server, folder: Path, password: str, user: str = SUPERUSER) -> subprocess.CompletedProcess[str]:
    secret = folder / "password"
    secret.write_text(password)
    environment = {
        "PATH": f"{server.programs}:{os.environ['PATH']}",
        "PGDATA": str(server.data),
        "POSTGRES_USER": user,
        "POSTGRES_PASSWORD_FILE": str(secret),
    }
    return subprocess.run(
        ["sh", PROGRAM, folder], env=environment, cwd=folder, capture_output=True, text=True, **server.account
    )


@pytest.mark.parametrize("password", ["letters4ndDigits", HOSTILE])
def test_the_password_is_the_secrets_from_the_next_start_on(server: Server, folder: Path, password: str):
    server.stop()
    server.data.chmod(0o770)  # as a volume's group would have it
    result = prepare(server, folder, password)
    server.start()
    assert result.returncode == 0, result.stderr
    assert server.psql("SELECT current_user", password=password) == SUPERUSER
    assert server.psql("SELECT rolpassword ~ '^SCRAM' FROM pg_authid WHERE rolcanlogin", password=password) == "t"
    with pytest.raises(subprocess.CalledProcessError):
        server.psql("SELECT 1", password="another")
    assert password not in server.log.read_text() + result.stdout + result.stderr


def test_a_user_who_is_not_there_ends_it_and_the_password_is_in_no_message(server: Server, folder: Path):
    server.stop()
    result = prepare(server, folder, HOSTILE, user="nobody")
    server.start()
    assert result.returncode != 0
    assert 'role "nobody" does not exist' in result.stderr
    assert "DROP DATABASE" not in result.stdout + result.stderr


def test_a_new_server_gets_a_certificate_alone(server: Server, tmp_path: Path):
    environment = {"PATH": os.environ["PATH"], "PGDATA": str(tmp_path / "pgdata")}
    for _ in range(2):  # a container that is started again finds the first one's files
        subprocess.run(["sh", PROGRAM, tmp_path], env=environment, check=True, capture_output=True)
    assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    assert not (tmp_path / "pgdata").exists()
