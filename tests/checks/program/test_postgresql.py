"""Logins, on the machine's own PostgreSQL server, which wants TLS and SCRAM."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

import postgres
from checks.servers import speaking
from floe_infra.checks.program.credentials import Entry, Secret
from floe_infra.checks.program.here import CheckError, Here
from floe_infra.checks.program.postgresql import Login, PostgreSql

SECRET = Secret((Entry("password", "PW"),), "dagster-secret")
ADMIN = Secret((Entry("username", "PGUSER"), Entry("password", "PGPASSWORD")))


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        server.psql("create role dagster login password 'dagster-pass'; create database dagster owner dagster")
        server.psql("set password_encryption = 'md5'; create role old login password 'old-password'")
        yield server


@pytest.fixture
def check(server) -> PostgreSql:
    login = Login("dagster", SECRET, "dagster")
    return PostgreSql(postgres.HOST, server.port, "require", Login("postgres", ADMIN), login)


def failure(check: PostgreSql, password: str = "dagster-pass") -> CheckError:
    with pytest.raises(CheckError) as failed:
        check.run(Here({"PW": password}, in_cluster=True, timeout=5))
    return failed.value


def test_a_login_over_tls(server, check):
    said = check.run(Here({"PW": "dagster-pass"}, in_cluster=True))
    assert re.fullmatch(rf"127\.0\.0\.1:{server.port}/dagster: PostgreSQL {server.version}\.\d+.*, TLSv1\.3", said)
    assert "pg_stat_ssl" in server.log.read_text()


def test_elsewhere_somebody_else_logs_in(server, check):
    said = check.run(Here({"PGUSER": "postgres", "PGPASSWORD": "superuser"}))
    assert f":{server.port}/postgres: PostgreSQL" in said


def test_a_password_that_is_kept_as_md5(server, check):
    """As servers have it that were PostgreSQL 13 once."""
    with (server.data / "pg_hba.conf").open("r+") as file:
        before = file.read()
        file.seek(0)
        file.write(f"hostssl all old 127.0.0.1/32 md5\n{before}")
    server.psql("select pg_reload_conf()")
    login = Login("postgres", SECRET, "old")
    assert "TLSv1.3" in replace(check, inside=login).run(Here({"PW": "old-password"}, in_cluster=True))


def test_a_wrong_password(check):
    failed = failure(check, "swordfish")
    assert failed.reason == 'PostgreSQL says 28P01: password authentication failed for user "dagster"'
    assert "does not know this password" in failed.fix
    assert "swordfish" not in failed.reason


def test_a_missing_database(check):
    failed = failure(replace(check, inside=Login("marquez", SECRET, "dagster")))
    assert failed.reason == 'PostgreSQL says 3D000: database "marquez" does not exist'
    assert "makes databases" in failed.fix


def test_a_server_that_insists_on_tls(check):
    failed = failure(replace(check, ssl_mode="disable"))
    assert failed.reason.startswith("PostgreSQL says 28000: no pg_hba.conf entry for host")


def test_a_certificate_that_is_to_be_trusted_and_is_not(check):
    assert "TLS: the certificate is not trusted" in failure(replace(check, ssl_mode="verify-full")).reason


def test_a_server_without_tls(check):
    def refuse(connection: socket.socket) -> None:
        assert connection.recv(8) == bytes.fromhex("0000000804d2162f")
        connection.sendall(b"N")

    with speaking(refuse) as other:
        failed = failure(replace(check, port=other.port))
    assert failed.reason == f"127.0.0.1:{other.port}: TLS: the server offers none"
    assert "switch TLS on" in failed.fix


def test_without_tls_where_the_platform_has_none(server, check):
    with (server.data / "pg_hba.conf").open("a") as file:
        file.write("hostnossl all dagster 127.0.0.1/32 scram-sha-256\n")
    server.psql("select pg_reload_conf()")
    said = replace(check, ssl_mode="disable").run(Here({"PW": "dagster-pass"}, in_cluster=True))
    assert said.endswith("without TLS, as the platform has it")


def test_a_server_that_does_not_know_the_password_itself(check):
    """Whoever answers in its place is found out by its signature."""
    from floe_infra.checks.program.postgresql import _Scram

    scram = _Scram("pencil")
    scram.final(f"r={scram._nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode())
    with pytest.raises(CheckError, match="does not know the password"):
        scram.verify(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")


def test_a_server_that_hangs_up(check):
    with speaking(lambda _: None) as other:
        failed = failure(replace(check, port=other.port, ssl_mode="disable"))
    assert "broke the connection" in failed.reason


def test_a_secret_that_is_missing(check):
    with pytest.raises(CheckError, match="no PW: the Secret dagster-secret is not there, or lacks a key"):
        check.run(Here({}, in_cluster=True))
