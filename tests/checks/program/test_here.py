"""What goes wrong on the way to a server, each once."""

from __future__ import annotations

import shutil
import socket
import time

import pytest

from checks.servers import always, answering, free_port, self_signed, speaking
from floe_infra.checks.program.here import CheckError, Here, OnlyInClusterError
from floe_infra.checks.program.web import ask

SERVICE = "polaris.catalog.svc.cluster.local"


def failure(url: str, *, in_cluster: bool = False, timeout: float = 5) -> CheckError:
    with pytest.raises(CheckError) as failed:
        ask(Here({}, in_cluster=in_cluster, timeout=timeout), "GET", url)
    return failed.value


def test_refused():
    port = free_port()
    failed = failure(f"http://127.0.0.1:{port}/v1")
    assert failed.reason == f"127.0.0.1:{port}: refused"
    assert "nothing listens there" in failed.fix


def test_no_answer_from_a_server_that_takes_connections():
    with speaking(lambda _: time.sleep(1)) as server:
        failed = failure(f"{server.url}/v1", timeout=0.2)
    assert failed.reason == f"127.0.0.1:{server.port}: no answer within 0.2 s"
    assert "hangs" in failed.fix


def test_no_answer_at_all(monkeypatch):
    def connect(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert "--in-cluster" in failure("http://10.0.0.1:5432/").fix
    assert "network policy" in failure("http://10.0.0.1:5432/", in_cluster=True).fix


def test_a_name_that_dns_does_not_know():
    assert "nowhere.invalid:80: DNS knows no such name" in failure("http://nowhere.invalid/").reason
    failed = failure(f"http://{SERVICE}:8181/", in_cluster=True)
    assert failed.reason == f"{SERVICE}:8181: DNS knows no such name"
    assert failed.fix.endswith("kubectl -n catalog get service polaris")


def test_dns_does_not_answer(monkeypatch):
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    failed = failure(f"http://{SERVICE}:8181/", in_cluster=True)
    assert failed.reason == f"{SERVICE}:8181: no answer from DNS"
    assert "k8s-app=kube-dns" in failed.fix


def test_a_name_of_the_clusters_own_is_not_missed_elsewhere():
    with pytest.raises(OnlyInClusterError):
        ask(Here({}), "GET", f"http://{SERVICE}:8181/")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_a_certificate_that_is_not_trusted(tmp_path):
    with answering(always(200, {}), certificate=self_signed(tmp_path)) as server:
        failed = failure(server.url)
    assert "TLS: the certificate is not trusted: self-signed certificate" in failed.reason.replace(
        "self signed", "self-signed"
    )
    assert server.requests == []


def test_no_tls():
    with answering(always(200, {})) as server:
        failed = failure(server.url.replace("http:", "https:"))
    assert "TLS: " in failed.reason
    assert "does not speak TLS" in failed.fix


def test_another_protocol():
    with speaking(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")) as server:
        failed = failure(server.url)
    assert "broke the connection" in failed.reason
    assert "another protocol" in failed.fix


def test_secrets_are_crossed_out():
    here = Here({})
    here.secret("hunter2")
    here.secret("hunter2000")
    assert here.printable("pass\nhunter2000,  hunter2") == "pass ***, ***"
    assert "hunter2" not in repr(here)
