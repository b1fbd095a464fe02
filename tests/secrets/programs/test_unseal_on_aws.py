"""A real server unseals itself with the key that the foundation names, as its service account's role. KMS is moto's;
STS, with which the server speaks TLS at its own name and nowhere else, is a few lines here."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from floe_infra.refs import SealRef
from floe_infra.secrets import OpenBaoConfig
from in_cluster import objects, releases
from openbao import HOST, Server, kubernetes, token
from vault_alone import made

pytestmark = pytest.mark.slow
ROLE = "arn:aws:iam::111122223333:role/acme-prod-secrets.openbao"
STS = "sts.eu-west-1.amazonaws.com"
_LENT = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA0123456789ABCDEF</AccessKeyId>
<SecretAccessKey>lent</SecretAccessKey><SessionToken>lent</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer((HOST, 0), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def sts(folder: Path, asked: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Lends a role to whoever asks, and notes it; the environment in which it is found."""
    certificate, key = folder / "sts.crt", folder / "sts.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", f"/CN={STS}", "-addext", f"subjectAltName=DNS:{STS}"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Lender(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            asked.append({name: values[0] for name, values in form.items()})
            self.send_response(200)
            self.send_header("Content-Length", str(len(_LENT)))
            self.end_headers()
            self.wfile.write(_LENT.encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(Lender, context) as port:

        class Proxy(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                if self.path != f"{STS}:443":
                    self.send_error(403)
                    return
                with socket.create_connection((HOST, port)) as there:
                    self.send_response(200)
                    self.end_headers()
                    threading.Thread(target=pump, args=(there, self.connection), daemon=True).start()
                    pump(self.connection, there)

            def log_message(self, *_: object) -> None:
                pass

        with serving(Proxy) as proxy:
            yield {"HTTPS_PROXY": f"http://{HOST}:{proxy}", "SSL_CERT_FILE": str(certificate)}


def pump(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass


def test_the_servers_role_unseals_at_every_start(tmp_path, monkeypatch):
    boto3, _ = pytest.importorskip("boto3"), pytest.importorskip("moto")
    from floe_infra.runtime.emulator import Emulator

    asked: list[dict[str, str]] = []
    login = tmp_path / "token"
    login.write_text(token("secrets", "openbao", "sts.amazonaws.com"))
    with Emulator() as aws, kubernetes() as api_server, sts(tmp_path, asked) as found:
        kms = boto3.client(
            "kms", "eu-west-1", endpoint_url=aws.endpoint, aws_access_key_id="a", aws_secret_access_key="a"
        )
        key = kms.create_key()["KeyMetadata"]["Arn"]
        # What EKS puts into the pods of an annotated service account.
        pod = {
            "AWS_ROLE_ARN": ROLE,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(login),
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        }
        for name, value in {**pod, **found, "AWS_EC2_METADATA_DISABLED": "true"}.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        stack = made(OpenBaoConfig(), seal=SealRef("awskms", {"region": "eu-west-1", "kms_key_id": key}))
        configuration = json.loads(releases(stack)["openbao"]["values"]["server"]["ha"]["raft"]["config"])
        initialize = tmp_path / "initialize.json"
        text = objects(stack)["ConfigMap/openbao-first-start"]["data"]["initialize.json"]
        outside = f'"{api_server}", "disable_local_ca_jwt": true, "kubernetes_ca_cert": "none"'
        initialize.write_text(text.replace('"https://kubernetes.default.svc"', outside))
        seal = {"awskms": {**configuration["seal"]["awskms"], "endpoint": aws.endpoint}}
        server = Server(tmp_path, configuration, initialize, seal=seal)
        try:
            for _ in range(2):
                server.start()
                server.wait()
                assert server.anybody.ask("GET", "sys/seal-status").body["type"] == "awskms"
                server.stop()
        finally:
            server.stop()
    assert {each["RoleArn"] for each in asked} == {ROLE}
    assert {each["WebIdentityToken"] for each in asked} == {login.read_text()}
