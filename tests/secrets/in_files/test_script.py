from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from ruamel.yaml import YAML

from encrypted import sealing_key, unsealed
from floe_infra.cli.secrets import in_files
from floe_infra.config import PlatformConfig
from floe_infra.secrets.in_files.script import script, unmade
from floe_infra.secrets.in_files.service import SecretsInFiles

KEY = sealing_key()
ROOT = Path(__file__).parents[3]
DATA: dict[str, Any] = {
    "name": "acme",
    "environment": "local",
    "cloud": {"provider": "local"},
    "cluster": {"kind": "kubeconfig", "context": "kind"},
    "storage": {"kind": "rustfs"},
    "database": {"kind": "in_cluster"},
    **{section: {"kind": "none"} for section in ("lineage", "traces", "runtime")},
    "telemetry": {"kind": "otel_collector", "exporters": {"datadog": {"secret": "datadog"}}},
}
SEALED = {"kind": "sealed_secrets", "files": "sealed secrets"}
SOPS = {"kind": "sops", "age": ["age1" + "q" * 58]}
KUBECTL = """\
import base64, json, sys
arguments = sys.argv[1:]
assert arguments[:3] == ["create", "secret", "generic"] and "--dry-run=client" in arguments
files = dict(each.removeprefix("--from-file=").split("=", 1) for each in arguments if each.startswith("--from-file="))
data = {key: base64.b64encode(open(file, "rb").read()).decode() for key, file in files.items()}
metadata = {"name": arguments[3], "namespace": arguments[arguments.index("-n") + 1]}
print(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}))
"""


def operator(folder: Path, secrets: dict[str, Any]) -> SecretsInFiles:
    config = PlatformConfig.model_validate({**DATA, "secrets": secrets}, context={"folder": folder})
    made = in_files(config)
    assert made
    return made


@pytest.fixture
def programs(tmp_path):
    """Stand-ins for kubectl, kubeseal and sops."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "kubectl.py").write_text(KUBECTL)
    commands = {
        "kubectl": f'exec {sys.executable} {tmp_path / "kubectl.py"} "$@"',
        "kubeseal": f'exec {sys.executable} {ROOT / "tests/kubeseal.py"} "$@"',
        "sops": "cat",
    }
    for name, command in commands.items():
        (folder / name).write_text(f"#!/bin/sh\n{command}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def certificate(tmp_path):
    """The controller's, where it is looked for."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sealed-secrets")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(KEY, SHA256())
    )
    (tmp_path / "sealed secrets").mkdir()
    (tmp_path / "sealed secrets/certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))


def run(text: str, programs: Path, *, answers: str = "") -> str:
    """What the script says; it leaves no plain value behind."""
    temporary = programs.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "PATH": f"{programs}:/usr/bin:/bin", "TMPDIR": str(temporary)}
    done = subprocess.run(
        ["sh", "-c", text], input=answers, env=environment, capture_output=True, text=True, check=True
    )
    assert list(temporary.iterdir()) == []
    return done.stderr


def values(folder: Path, namespace: str, name: str) -> dict[str, str]:
    return unsealed(YAML(typ="safe").load(folder / f"sealed secrets/{namespace}.{name}.yaml"), namespace, KEY)


def test_the_script_makes_all_that_is_missing(tmp_path, programs, certificate):
    asked = operator(tmp_path, SEALED)
    text = script(asked, unmade(asked))
    assert "datadog.api-key: " in run(text, programs, answers="k3y$(x)'\"\\\n")
    operator(tmp_path, SEALED).settle()
    assert unmade(operator(tmp_path, SEALED)) == []
    assert values(tmp_path, "observability", "datadog") == {"api-key": "k3y$(x)'\"\\"}
    password = values(tmp_path, "catalog", "polaris-db")["password"]
    assert password.isalnum()
    assert len(password) == 40
    assert values(tmp_path, "database", "database-polaris")["password"] == password
    assert len(values(tmp_path, "catalog", "polaris-token-key")["symmetric.key"]) == 96


def test_who_shares_a_value_with_what_is_missing_gets_the_new_one(tmp_path, programs, certificate):
    """Nobody can get the old one out of the file that is there."""
    asked = operator(tmp_path, SEALED)
    run(script(asked, unmade(asked)), programs, answers="key\n")
    before = values(tmp_path, "database", "database-polaris")
    (tmp_path / "sealed secrets/catalog.polaris-db.yaml").unlink()
    asked = operator(tmp_path, SEALED)
    assert {each.name for each in unmade(asked)} == {"polaris-db", "database-polaris"}
    text = script(asked, unmade(asked))
    assert f"# {tmp_path}/sealed secrets/database.database-polaris.yaml is there" in text
    run(text, programs)
    after = values(tmp_path, "database", "database-polaris")
    assert after["password"] == values(tmp_path, "catalog", "polaris-db")["password"] != before["password"]
    operator(tmp_path, SEALED).settle()


def test_a_typed_value_reaches_sops_as_it_is(tmp_path, programs):
    asked = operator(tmp_path, SOPS)
    run(script(asked, unmade(asked)), programs, answers="k3y'\"\\\n")
    document = json.loads((tmp_path / "sops/observability.datadog.yaml").read_text())
    [template] = document["spec"]["secretTemplates"]
    assert template["stringData"] == {"api-key": "k3y'\"\\"}
    root = json.loads((tmp_path / "sops/catalog.polaris-root.yaml").read_text())["spec"]["secretTemplates"][0]
    secret = root["stringData"]["client_secret"]
    assert root["stringData"]["credentials.yaml"] == f'POLARIS:\n  client-id: "root"\n  client-secret: "{secret}"\n'
