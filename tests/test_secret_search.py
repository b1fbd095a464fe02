"""No secret that floe-infra could come across is in what it writes; and the search finds one in any form.

What the emulated cloud holds after a deploy is searched for in `tests/e2e/test_production.py`.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from floe_infra.config import PlatformConfig
from secret_search import found
from strategies import Spot, configurations, spots, with_value
from test_properties import examples

ROOT = Path(__file__).parents[1]
SECRET = "canary-Zq7!x/9+~Ü"


@given(
    before=st.binary(max_size=7),
    after=st.binary(max_size=7),
    form=st.sampled_from([base64.b64encode, base64.urlsafe_b64encode, bytes, urllib.parse.quote_from_bytes]),
)
def test_it_is_found_in_any_form_at_any_offset(before: bytes, after: bytes, form: Any):
    made = form(before + SECRET.encode() + after)
    text = made if isinstance(made, str) else made.decode(errors="replace")
    assert found([SECRET], {"x": text})


def test_what_is_not_there_is_not_found():
    assert found([SECRET], {"x": base64.b64encode(SECRET[1:].encode()).decode()}) == []


CREDENTIALS = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "MOTHERDUCK_TOKEN",
    "GRAFANA_CLOUD_API_KEY",
    "DD_API_KEY",
    "VAULT_TOKEN",
    "SOPS_AGE_KEY",
    "KUBE_TOKEN",
    "HELM_REGISTRY_PASSWORD",
    "PGPASSWORD",
    "GITHUB_TOKEN",
    "TF_TOKEN_app_terraform_io",
    "TF_VAR_password",
    "LOCALSTACK_AUTH_TOKEN",
    "CUBEJS_API_SECRET",
    "POLARIS_CLIENT_SECRET",
    "DAGSTER_PG_PASSWORD",
]
"""Environment variables that hold a secret while somebody runs `floe-infra`."""
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: kind-floe
clusters: [{name: kind-floe, cluster: {server: "https://127.0.0.1:6443"}}]
contexts: [{name: kind-floe, context: {cluster: kind-floe, user: me}}]
users: [{name: me, user: {token: TOKEN, client-key-data: KEY}}]
"""


@pytest.mark.parametrize("hcl", [[], ["--hcl"]], ids=["json", "hcl"])
@pytest.mark.parametrize("example", ["floe-infra.yaml", "examples/gcp-prod.yaml", "examples/local-cluster.yaml"])
def test_what_is_secret_around_it_does_not_come_out(example: str, hcl: list[str], tmp_path: Path):
    secrets = {name: f"canary-{name}-7x9Zq" for name in (*CREDENTIALS, "kubeconfig-token", "kubeconfig-key")}
    home, out = tmp_path / "home", tmp_path / "out"
    for folder in (".kube", ".aws"):
        (home / folder).mkdir(parents=True)
    kubeconfig = KUBECONFIG.replace("TOKEN", secrets["kubeconfig-token"])
    encoded = base64.b64encode(secrets["kubeconfig-key"].encode()).decode()
    (home / ".kube/config").write_text(kubeconfig.replace("KEY", encoded))
    keys = f"aws_access_key_id = {secrets['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {secrets['PGPASSWORD']}\n"
    (home / ".aws/credentials").write_text(f"[default]\n{keys}")
    command = [sys.executable, "-m", "floe_infra", "synth", "-c", str(ROOT / example), "-o", str(out), *hcl]
    environment = {**os.environ, **{name: secrets[name] for name in CREDENTIALS}, "HOME": str(home)}
    ran = subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True, text=True)
    texts = {str(path): path.read_text(errors="replace") for path in out.rglob("*") if path.is_file()}
    assert len(texts) > 4
    assert found(secrets.values(), {**texts, "stdout": ran.stdout, "stderr": ran.stderr}) == []


ACCESS_KEY = "AKIA" + "CANARY0123456789"  # put together, so that no search for secrets stumbles over it


@examples(30)
@given(configurations())
def test_a_credential_is_refused_wherever_text_can_be(data: dict[str, Any]):
    """Known by its form in any field at all, and by its key in whatever goes into a chart."""
    for spot in spots(data):
        if isinstance(spot.value, str):
            assert_refused(data, spot, ACCESS_KEY)
        elif is_free(spot):
            assert_refused(data, spot, {**spot.value, "auth": {"adminPassword": SECRET}})
            assert_refused(data, spot, {**spot.value, "env": [{"name": "API_KEY", "value": SECRET}]})


def is_free(spot: Spot) -> bool:
    """Whether it is a mapping of whatever one likes."""
    return str(spot.shape.type) == "dict[str, typing.Any]" and isinstance(spot.value, dict)


def assert_refused(data: dict[str, Any], spot: Spot, value: Any) -> None:
    with pytest.raises(ValidationError):
        PlatformConfig.model_validate(with_value(data, spot.path, value))
