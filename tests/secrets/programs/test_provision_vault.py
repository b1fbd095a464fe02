"""The program, and what the first server does at its very first start, against a real server."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alone import PROD
from floe_infra.secrets import OpenBaoConfig, VaultConfig, vault_layout
from floe_infra.secrets.programs import provision_vault as program
from floe_infra.secrets.programs.provision_vault import Answer, Made, SpecError, Vault, read_spec
from floe_infra.secrets.vault_layout import WRITER
from floe_infra.secrets.vault_server import ADMINISTRATOR
from in_cluster import objects, releases
from openbao import Client, Server, binary, free_port, kubernetes, token
from vault_alone import ADDRESS, CERTIFICATE, NEEDS, made, spec

pytestmark = pytest.mark.slow
PROGRAM = Path(program.__file__)


@pytest.fixture(scope="module")
def api_server() -> Iterator[str]:
    with kubernetes() as url:
        yield url


@contextmanager
def first_start(folder: Path, api_server: str, places: Mapping[str, str] = {}, **settings: Any) -> Iterator[Server]:
    """A server that has just initialized itself, as the chart's first one does.

    Args:
        places: where files are, by where they are in the pod.
    """
    configuration, initialize = emitted(folder, api_server, places, **settings)
    server = Server(folder, configuration, initialize)
    server.start()
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def emitted(folder: Path, api_server: str, places: Mapping[str, str] = {}, **settings: Any) -> tuple[Any, Path]:
    """The servers' configuration, and the file with what the first one asks of itself."""
    stack = made(OpenBaoConfig.model_validate(settings))
    configuration = releases(stack)["openbao"]["values"]["server"]["ha"]["raft"]["config"]
    for there, here in places.items():
        configuration = configuration.replace(there, here)
    text = objects(stack)["ConfigMap/openbao-first-start"]["data"]["initialize.json"]
    assert text.count('"https://kubernetes.default.svc"') == 1
    outside = f'"{api_server}", "disable_local_ca_jwt": true, "kubernetes_ca_cert": "none"'
    initialize = folder / "initialize.json"
    initialize.write_text(text.replace('"https://kubernetes.default.svc"', outside))
    return json.loads(configuration), initialize


@pytest.fixture(scope="module")
def server(tmp_path_factory, api_server: str) -> Iterator[Server]:
    with first_start(tmp_path_factory.mktemp("openbao"), api_server) as started:
        yield started


@pytest.fixture
def administrator(server: Server) -> Client:
    return server.anybody.log_in(ADMINISTRATOR, token("secrets", ADMINISTRATOR))


@pytest.fixture
def fresh(server: Server, administrator: Client) -> Server:
    """Without anything that a job has made."""
    wipe(administrator)
    return server


def wipe(administrator: Client) -> None:
    for path in everything(administrator):
        assert administrator.ask("DELETE", f"secret/metadata/{path}").status == 204
    for collection in ("auth/kubernetes/role", "sys/policies/acl"):
        for name in listed(administrator, collection):
            if name.startswith("acme-prod."):
                assert administrator.ask("DELETE", f"{collection}/{name}").status == 204


def listed(client: Client, path: str) -> list[str]:
    return (client.ask("LIST", path).data or {}).get("keys", [])


def everything(client: Client, folder: str = "") -> list[str]:
    """The paths of all secrets."""
    found: list[str] = []
    for name in listed(client, f"secret/metadata/{folder}"):
        found += everything(client, f"{folder}{name}") if name.endswith("/") else [f"{folder}{name}"]
    return found


def state(client: Client) -> dict[str, Any]:
    """All that a job makes: values with their versions, policies and roles."""
    values = {path: client.ask("GET", f"secret/data/{path}").data for path in everything(client)}
    return {
        "values": {path: (value["data"], value["metadata"]["version"]) for path, value in values.items()},
        "policies": {
            name: client.ask("GET", f"sys/policies/acl/{name}").data["policy"]
            for name in listed(client, "sys/policies/acl")
            if name.startswith("acme-prod.")
        },
        "roles": {
            name: client.ask("GET", f"auth/kubernetes/role/{name}").data["bound_service_account_namespaces"]
            for name in listed(client, "auth/kubernetes/role")
            if name.startswith("acme-prod.")
        },
    }


def write(folder: Path, server: Server, namespace: str = "secrets", **changes: Any) -> Path:
    """The emitted spec, with this server's address."""
    login = folder / "token"
    login.write_text(f"{token(namespace, WRITER)}\n")
    address = f"http://127.0.0.1:{server.port}"
    wanted = {**spec(made(OpenBaoConfig())), "address": address, "token_file": str(login), "patience": 5, **changes}
    file = folder / "spec.json"
    file.write_text(json.dumps(wanted))
    return file


def run(file: Path) -> str:
    """As the pod does; what it says."""
    done = subprocess.run([sys.executable, "-I", PROGRAM, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fails(file: Path) -> str:
    done = subprocess.run([sys.executable, "-I", PROGRAM, file], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    return done.stderr


SECRETS = {"acme/prod/polaris-root/1", "acme/prod/polaris-token-key/1", "acme/prod/database-polaris/1"}


# The first start


def test_the_first_start_leaves_no_root_token(fresh, administrator):
    accessors = administrator.ask("LIST", "auth/token/accessors").data["keys"]
    found = [administrator.ask("POST", "auth/token/lookup-accessor", {"accessor": each}).data for each in accessors]
    assert all("root" not in each["policies"] for each in found)
    assert administrator.ask("GET", "sys/seal-status").body["recovery_seal"] is True


def test_a_later_start_repeats_nothing(tmp_path, api_server):
    with first_start(tmp_path, api_server) as server:
        administrator = server.anybody.log_in(ADMINISTRATOR, token("secrets", ADMINISTRATOR))
        administrator.ask("DELETE", "sys/policies/acl/acme-prod-writer")
        run_before = listed(administrator, "sys/policies/acl")
        server.stop()
        server.start()
        server.wait()
        administrator = server.anybody.log_in(ADMINISTRATOR, token("secrets", ADMINISTRATOR))
        assert listed(administrator, "sys/policies/acl") == run_before
        assert "acme-prod-writer" not in run_before


def test_three_servers_have_all_data_and_get_it_again_when_a_disk_is_lost(tmp_path, api_server):
    """In the order in which the chart starts them; only the first is told to initialize itself."""
    configuration, initialize = emitted(tmp_path, api_server)
    ports = [free_port() for _ in range(3)]
    peers = [f"http://127.0.0.1:{port}" for port in ports]
    servers = [
        Server(
            tmp_path / str(index),
            configuration,
            initialize if index == 0 else None,
            name=f"openbao-{index}",
            port=port,
            peers=peers,
        )
        for index, port in enumerate(ports)
    ]
    first, second, third = servers
    try:
        first.start()
        first.wait()
        for other in (second, third):
            other.start()
            other.wait(429)
        run(write(tmp_path, first))
        wait_for_voters(first, 3)
        first.stop()
        values = state(administrator_of(leader(second, third)))["values"]
        assert values.keys() == SECRETS

        for file in first.data.rglob("*"):
            if file.is_file():
                file.unlink()
        first.initialize = None  # what the script says while the others are initialized
        first.start()
        first.wait(429)
        wait_for_voters(leader(second, third), 3)
        second.stop()
        assert state(administrator_of(leader(first, third)))["values"] == values
    finally:
        for each in servers:
            each.stop()


def administrator_of(server: Server) -> Client:
    return server.anybody.log_in(ADMINISTRATOR, token("secrets", ADMINISTRATOR))


def leader(*servers: Server) -> Server:
    for _ in range(300):
        for each in servers:
            if each.wait(200, 429) == 200:
                return each
        time.sleep(0.2)
    raise TimeoutError("nobody leads")


def wait_for_voters(server: Server, number: int) -> None:
    """Who has just joined has no vote until it has kept up for ten seconds."""
    voters: list[str] = []
    for _ in range(300):
        reply = administrator_of(server).ask("GET", "sys/storage/raft/configuration")
        voters = [each["node_id"] for each in reply.data["config"]["servers"] if each["voter"]]
        if len(voters) == number:
            return
        time.sleep(0.2)
    raise TimeoutError(voters)


def test_a_first_start_that_was_cut_off_is_not_gone_on_with_until_its_data_is_deleted(tmp_path, api_server):
    """As the documentation says what to do."""
    configuration, initialize = emitted(tmp_path, api_server)
    whole = initialize.read_text()
    initialize.write_text(whole.replace('"sys/auth/kubernetes"', '"sys/nothing"'))
    server = Server(tmp_path, configuration, initialize)
    try:
        server.start()
        assert server.ended() != 0
        initialize.write_text(whole)
        server.start()
        assert server.ended() != 0
        assert "self-initialization failed" in server.log
        shutil.rmtree(server.data)
        server.data.mkdir()
        server.start()
        server.wait()
        assert "acme-prod-writer" in listed(administrator_of(server), "auth/kubernetes/role")
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("namespace", "account", "audience"),
    [
        ("secrets", "default", "openbao"),
        ("catalog", WRITER, "openbao"),
        ("secrets", WRITER, "https://kubernetes.default.svc"),
    ],
)
def test_nobody_else_logs_in_as_the_job(fresh, namespace, account, audience):
    with pytest.raises(PermissionError):
        fresh.anybody.log_in("acme-prod-writer", token(namespace, account, audience))


# Making


def test_all_is_made_and_then_left_alone(fresh, administrator, tmp_path):
    file = write(tmp_path, fresh)
    assert {line.rpartition(": ")[2] for line in run(file).splitlines()} == {"made"}
    made_first = state(administrator)
    assert made_first["values"].keys() == SECRETS
    assert (
        made_first["policies"].keys()
        == made_first["roles"].keys()
        == {"acme-prod.database", "acme-prod.catalog", "acme-prod.observability"}
    )
    assert {line.rpartition(": ")[2] for line in run(file).splitlines()} == {"as it was"}
    assert state(administrator) == made_first


def test_values_are_what_was_asked_for(fresh, administrator, tmp_path):
    run(write(tmp_path, fresh))
    values = {path: value for path, (value, _) in state(administrator)["values"].items()}
    root, login = values["acme/prod/polaris-root/1"], values["acme/prod/database-polaris/1"]
    assert (root["client_id"], login["username"], login["database"]) == ("root", "polaris", "polaris")
    made_ones = [root["client_secret"], login["password"], values["acme/prod/polaris-token-key/1"]["key"]]
    assert [len(value) for value in made_ones] == [40, 40, 96]
    assert all(value.isascii() and value.isalnum() for value in made_ones)
    assert len(set(made_ones)) == 3


def test_no_value_is_said_or_logged(fresh, administrator, tmp_path):
    said = run(write(tmp_path, fresh))
    secret = state(administrator)["values"]["acme/prod/polaris-root/1"][0]["client_secret"]
    assert secret not in said
    assert "acme/prod/polaris-root/1" in fresh.log, "the audit log says what was asked for"
    assert secret not in fresh.log


def test_a_namespace_reads_its_own_secrets_and_later_generations_and_no_others(fresh, tmp_path):
    run(write(tmp_path, fresh))
    catalog = fresh.anybody.log_in("acme-prod.catalog", token("catalog", "secret-reader"))
    database = fresh.anybody.log_in("acme-prod.database", token("database", "secret-reader"))
    assert catalog.ask("GET", "secret/data/acme/prod/polaris-root/1").status == 200
    assert database.ask("GET", "secret/data/acme/prod/database-polaris/1").status == 200
    assert catalog.ask("GET", "secret/data/acme/prod/polaris-root/2").status == 404
    assert database.ask("GET", "secret/data/acme/prod/polaris-root/1").status == 403
    assert database.ask("GET", "secret/data/acme/prod/polaris-root/2").status == 403
    assert database.ask("LIST", "secret/metadata/acme/prod").status == 403
    assert catalog.ask("POST", "secret/data/acme/prod/polaris-root/1", {"data": {}}).status == 403


def test_somebody_elses_secret_is_read_by_its_path(fresh, administrator, tmp_path):
    administrator.ask("POST", "secret/data/vendors/vendor", {"data": {"api-key": "k"}})
    run(write(tmp_path, fresh))
    reader = fresh.anybody.log_in("acme-prod.observability", token("observability", "secret-reader"))
    assert reader.ask("GET", "secret/data/vendors/vendor").data["data"] == {"api-key": "k"}
    assert reader.ask("GET", "secret/data/vendors/other").status == 403


def test_who_reads_for_another_namespace_is_refused(fresh, tmp_path):
    run(write(tmp_path, fresh))
    with pytest.raises(PermissionError):
        fresh.anybody.log_in("acme-prod.catalog", token("database", "secret-reader"))
    with pytest.raises(PermissionError):
        fresh.anybody.log_in("acme-prod.catalog", token("catalog", "default"))


def test_the_job_neither_reads_values_nor_writes_over_them(fresh, tmp_path):
    run(write(tmp_path, fresh))
    job = fresh.anybody.log_in("acme-prod-writer", token("secrets", WRITER))
    assert job.ask("GET", "secret/data/acme/prod/polaris-root/1").status == 403
    assert job.ask("POST", "secret/data/acme/prod/polaris-root/1", {"data": {"x": "y"}}).status == 403
    assert job.ask("DELETE", "secret/metadata/acme/prod/polaris-root/1").status == 403
    assert job.ask("POST", "secret/data/elsewhere", {"data": {"x": "y"}}).status == 403


def test_a_raised_generation_is_another_secret(fresh, administrator, tmp_path):
    run(write(tmp_path, fresh))
    before = state(administrator)
    again = spec(made(OpenBaoConfig(generations={"polaris-root": 2})))
    run(write(tmp_path, fresh, secrets=again["secrets"], policies=again["policies"]))
    after = state(administrator)
    assert after["values"].keys() - before["values"].keys() == {"acme/prod/polaris-root/2"}
    assert {path: after["values"][path] for path in before["values"]} == before["values"]
    assert after["policies"] == before["policies"], "nobody has to be let in to a new generation"


def test_what_was_changed_is_made_as_it_should_be_again_but_for_values(fresh, administrator, tmp_path):
    run(write(tmp_path, fresh))
    expected = state(administrator)
    administrator.ask("POST", "sys/policies/acl/acme-prod.catalog", {"policy": 'path "a" { capabilities = ["read"] }'})
    administrator.ask("POST", "auth/kubernetes/role/acme-prod.catalog", {"bound_service_account_namespaces": ["*"]})
    administrator.ask("POST", "secret/data/acme/prod/polaris-root/1", {"data": {"client_id": "by hand"}})
    said = run(write(tmp_path, fresh))
    assert "policy acme-prod.catalog: changed" in said
    assert "role acme-prod.catalog: changed" in said
    after = state(administrator)
    assert (after["policies"], after["roles"]) == (expected["policies"], expected["roles"])
    assert after["values"]["acme/prod/polaris-root/1"] == ({"client_id": "by hand"}, 2)


def test_who_no_longer_reads_is_shut_out(fresh, administrator, tmp_path):
    run(write(tmp_path, fresh))
    fewer = {section: need for section, need in NEEDS.items() if section != "telemetry"}
    wanted = spec(made(OpenBaoConfig(), needs=fewer))
    said = run(write(tmp_path, fresh, policies=wanted["policies"], roles=wanted["roles"]))
    assert "role acme-prod.observability: removed" in said
    assert state(administrator)["roles"].keys() == {"acme-prod.database", "acme-prod.catalog"}
    assert "acme-prod-writer" in listed(administrator, "auth/kubernetes/role")


# Interrupted


class KilledError(BaseException):
    """The pod is gone."""


def killed(monkeypatch, at: int, *, before: bool) -> list[str]:
    """From now on a process of the program's ends at its request of this number: before the server gets it, or before
    the answer comes. Returns what was asked, in the making."""
    asked: list[str] = []
    transfer = Vault._transfer

    def interrupted(self: Vault, method: str, path: str, body: Any) -> Answer:
        if path == "auth/token/revoke-self":
            raise OSError("gone")
        asked.append(f"{method} {path}")
        if len(asked) == at and before:
            raise KilledError
        answer = transfer(self, method, path, body)
        if len(asked) == at:
            raise KilledError
        return answer

    monkeypatch.setattr(Vault, "_transfer", interrupted)
    return asked


@pytest.mark.parametrize("before", [True, False])
def test_it_can_be_killed_at_any_request(fresh, administrator, tmp_path, monkeypatch, capsys, before):
    file = str(write(tmp_path, fresh))
    with monkeypatch.context() as patch:
        number = len(requests_of(patch, file))
    expected = state(administrator)
    assert number > 15
    for at in range(1, number + 1):
        wipe(administrator)
        with monkeypatch.context() as patch:
            killed(patch, at, before=before)
            with pytest.raises(KilledError):
                program.main([file])
        halfway = state(administrator)
        assert program.main([file]) == 0
        whole = state(administrator)
        assert whole["values"].keys() == expected["values"].keys()
        assert all(version == 1 for _, version in whole["values"].values())
        assert {path: whole["values"][path] for path in halfway["values"]} == halfway["values"], "nothing made twice"
        assert (whole["policies"], whole["roles"]) == (expected["policies"], expected["roles"])
    capsys.readouterr()


def requests_of(monkeypatch, file: str) -> list[str]:
    """Those of a whole run."""
    asked = killed(monkeypatch, 0, before=True)
    assert program.main([file]) == 0
    return asked


def test_an_answer_that_is_lost_makes_no_second_value(fresh, administrator, tmp_path, monkeypatch, capsys):
    """The same process asks again: check-and-set refuses it, and so it looks."""
    transfer, lost = Vault._transfer, set()

    def flaky(self: Vault, method: str, path: str, body: Any) -> Answer:
        answer = transfer(self, method, path, body)
        if method == "POST" and "/data/" in path and path not in lost:
            lost.add(path)
            raise ConnectionResetError("reset by peer")
        return answer

    monkeypatch.setattr(Vault, "_transfer", flaky)
    monkeypatch.setattr(program, "_DELAYS", (0.0,))
    assert program.main([str(write(tmp_path, fresh))]) == 0
    assert len(lost) == len(SECRETS)
    assert {version for _, version in state(administrator)["values"].values()} == {1}
    assert "polaris-root/1: made" in capsys.readouterr().out


def test_somebody_faster_wins(fresh, administrator, tmp_path, monkeypatch, capsys):
    transfer = Vault._transfer

    def raced(self: Vault, method: str, path: str, body: Any) -> Answer:
        if method == "POST" and path.endswith("polaris-root/1"):
            administrator.ask("POST", path, {"data": {"client_id": "theirs"}})
        return transfer(self, method, path, body)

    monkeypatch.setattr(Vault, "_transfer", raced)
    assert program.main([str(write(tmp_path, fresh))]) == 0
    assert state(administrator)["values"]["acme/prod/polaris-root/1"] == ({"client_id": "theirs"}, 1)
    capsys.readouterr()


# Refused


def test_a_deleted_value_is_not_made_anew_under_the_same_generation(fresh, administrator, tmp_path):
    file = write(tmp_path, fresh)
    run(file)
    administrator.ask("DELETE", "secret/data/acme/prod/polaris-root/1")
    assert "acme/prod/polaris-root/1: its newest version was deleted" in fails(file)


def test_a_login_that_is_refused_says_what_to_do(fresh, tmp_path):
    said = fails(write(tmp_path, fresh, namespace="elsewhere"))
    assert "log in as acme-prod-writer: POST auth/kubernetes/login: 403" in said
    assert "delete the claims data-openbao-*" in said
    assert (tmp_path / "token").read_text().strip() not in said


def test_a_server_that_does_not_answer_is_waited_for_and_named(fresh, tmp_path):
    file = write(tmp_path, fresh, address="http://127.0.0.1:1", patience=0.1)
    assert "Connection refused" in fails(file)


def test_it_waits_while_the_server_starts(tmp_path, api_server, monkeypatch, capsys):
    with first_start(tmp_path, api_server) as server:
        file = write(tmp_path, server, patience=60)
        server.stop()
        monkeypatch.setattr(program, "_DELAYS", (0.1,))
        threading.Timer(0.5, server.start).start()
        assert program.main([str(file)]) == 0
    capsys.readouterr()


# A server of the user's own


def test_what_its_administrator_runs_is_all_that_the_job_needs(fresh, administrator, tmp_path):
    """The foundation's output, with OpenBao's own command line; then the job with nothing but values to make."""
    config = VaultConfig(address=ADDRESS, namespace="external-secrets", audience="openbao", path="shared/acme")
    layout = vault_layout.layout(config, PROD)
    reads = {"catalog": [layout.key("polaris-root", 1), layout.existing("vendors/vendor")]}
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "vault").symlink_to(binary())
    environment = {"PATH": f"{bin}:/usr/bin:/bin", "HOME": str(tmp_path), "BAO_TOKEN": administrator.token}
    environment["BAO_ADDR"] = f"http://127.0.0.1:{fresh.port}"
    for _ in range(2):
        subprocess.run(["sh"], input=vault_layout.setup(layout, reads, None), text=True, check=True, env=environment)
    wanted = spec(made(config))
    assert "policies" not in wanted
    (tmp_path / "token").write_text(token("external-secrets", WRITER))
    changes = {"address": environment["BAO_ADDR"], "token_file": str(tmp_path / "token")}
    (tmp_path / "spec.json").write_text(json.dumps({**wanted, **changes}))
    said = run(tmp_path / "spec.json")
    assert "secret shared/acme/polaris-root/1: made" in said
    reader = fresh.anybody.log_in("acme-prod.catalog", token("catalog", "secret-reader"))
    assert reader.ask("GET", "secret/data/shared/acme/polaris-root/1").data["data"]["client_id"] == "root"
    assert reader.ask("GET", "secret/data/shared/acme/polaris-token-key/1").status == 403
    assert "vault_setup" in fails_at_login(tmp_path)


def fails_at_login(folder: Path) -> str:
    (folder / "token").write_text(token("external-secrets", "default"))
    return fails(folder / "spec.json")


# TLS


def test_it_speaks_tls_with_whom_it_is_told_to_trust(tmp_path, api_server):
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    tls = {"secret": "openbao-tls", "ca_certificate": CERTIFICATE}
    places = {"/openbao/tls/tls.crt": str(certificate), "/openbao/tls/tls.key": str(key)}
    with first_start(tmp_path, api_server, places=places, tls=tls) as server:
        address = f"https://localhost:{server.port}"
        assert "made" in run(write(tmp_path, server, address=address, ca_file=str(certificate)))
        said = fails(write(tmp_path, server, address=address, ca_file=None))
    assert "self-signed certificate" in said


# The spec


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"role": None}, "role: not of the type str"),
        ({"secrets": {"a": {}}}, "secrets.a: not an object with something in it"),
        ({"secrets": {"a": {"b": 1}}}, "secrets.a.b: neither a text nor"),
        ({"secrets": {"a": {"b": {"random": 2}}}}, "secrets.a.b: neither a text nor"),
        ({"address": "vault.example.com"}, "address: 'vault.example.com' is no http:// or https:// URL"),
        ({"address": "http://vault:0"}, "no http:// or https:// URL"),
        ({"patience": True}, "patience: not of the type float"),
        ({"surprise": 1}, "surprise: not known"),
    ],
)
def test_a_wrong_spec_is_refused(change, message):
    good = spec(made(OpenBaoConfig()))
    with pytest.raises(SpecError, match=re.escape(message)):
        read_spec(json.dumps({**good, **change}))


def test_what_is_missing_is_named():
    good = spec(made(OpenBaoConfig()))
    with pytest.raises(SpecError, match="mount, role: missing"):
        read_spec(json.dumps({key: value for key, value in good.items() if key not in ("role", "mount")}))


def test_a_spec_that_is_wrong_ends_with_2(tmp_path):
    (tmp_path / "spec.json").write_text("{")
    done = subprocess.run(
        [sys.executable, PROGRAM, tmp_path / "spec.json"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "not JSON" in done.stderr


def test_values_have_letters_of_both_cases_and_digits():
    for _ in range(200):
        value = Made(3).make()
        assert sorted(map(str.isdigit, value)) == [False, False, True]
        assert value.lower() != value != value.upper()


def test_it_needs_nothing_but_the_standard_library():
    imported = [
        node for node in ast.walk(ast.parse(PROGRAM.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imported}
    assert {(name or "").partition(".")[0] for name in names} <= set(sys.stdlib_module_names)
