"""Secrets that were written into the file are refused where they stand; names of secrets are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from chart_values import CHARTS
from floe_infra.config import ConfigError, PlatformConfig
from floe_infra.config.credentials import written_out
from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.kubernetes.config import ChartsConfig
from floe_infra.observability.config import OtelCollectorConfig

# Put together here, so that no search for secrets stumbles over them.
AWS = "AKIA" + "ABCDEFGHIJKLMNOP"
JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "c2lnbmF0dXJl"])
TOKENS = [
    AWS,
    JWT,
    "ghp_" + "a1" * 18,
    "glpat-" + "a1" * 10,
    "glc_" + "eyJvIjoiMTIzNDU2Nzg5" * 3,
    "glsa_" + "a1" * 16 + "_0123abcd",
    "hvs." + "CAESI" * 8,
    "xoxb-" + "123456789012-abc",
    "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw",
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n",
    "AGE-SECRET-" + "KEY-1" + "QQ23" * 14,
]


def found(values: dict[str, Any]) -> list[tuple[str | int, ...]]:
    return [path[1:] for path, _ in written_out(OtelCollectorConfig.model_construct(values=values))]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:8])
def test_tokens_are_known_by_their_form(token: str):
    assert found({"a": [{"b": f"x {token} y"}]}) == [("a", 0, "b")]


@pytest.mark.parametrize(
    "values",
    [
        {"password": "hunter2"},
        {"auth": {"rootPassword": "hunter2"}},
        {"apiKey": "0123"},
        {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
        {"env": {"AWS_SECRET_ACCESS_KEY": "abc"}},
        {"headers": {"Authorization": "Basic Zm9vOmJhcg=="}},
        {"headers": [{"name": "x-api-key", "value": "0123"}]},
        {"extraConfig": "a=b\ninternal-communication.shared-secret=0123\n"},
        {"catalogs": {"pg": "connector.name=postgresql\nconnection-password=hunter2"}},
        {"url": "postgresql://floe:hunter2@db:5432/marquez"},
        {"endpoints": ["a", "jdbc:postgresql://u:p@db/x"]},
        {"token": "abc"},
        {"client": {"clientSecret": ["abc"]}},
    ],
)
def test_keys_say_what_is_secret(values: dict[str, Any]):
    assert len(found(values)) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"password": ""},
        {"usePassword": "true"},
        {"password": None},
        {"existingSecret": "minio-root"},
        {"secret": {"name": "polaris-db", "username": "username", "password": "password"}},
        {"secret": {"awsSecretAccessKey": "secret_key"}},
        {"tokenBroker": {"secret": {"privateKey": "private.pem", "secretKey": "symmetric.key"}}},
        {"license": {"secretName": "license", "secretKey": "license"}},
        {"passwordKey": "postgresql-password"},
        {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
        {"exporters": {"otlp": {"headers": {"Authorization": "Basic ${env:GRAFANA_AUTH}"}}}},
        {"catalogs": {"x": "iceberg.rest-catalog.oauth2.token=${ENV:TOKEN}"}},
        {"config": "http-server.authentication.type=PASSWORD\npassword-authenticator.name=file"},
        {"config": "file.password-file=/etc/trino/password.db"},
        {"url": "postgresql://floe:${DB_PASSWORD}@db:5432/marquez"},
        {"automountServiceAccountToken": "false"},
        {"image": "registry.example.com:5000/a@sha256:0a1b"},
        {"annotations": {"eks.amazonaws.com/token-expiration": "3600"}},
        {"kms": "arn:aws:kms:eu-west-1:111122223333:key/0a1b"},
    ],
)
def test_names_and_references_are_none(values: dict[str, Any]):
    assert found(values) == []


PLACEHOLDERS = {
    ("dagster", "postgresqlPassword"),
    ("dagster", "password"),
    ("ilum-marquez", "password"),
    ("marquez", "password"),
    ("minio", "secretKey"),
    ("vault", "devRootToken"),
}
"""Charts' values that are secrets, if only for trying: whoever writes them into the file is told."""


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the charts' values are not here")
def test_the_charts_own_values_raise_no_false_alarm():
    from ruamel.yaml import YAML

    alarms = set()
    for file in sorted(CHARTS.glob("*/values.yaml")):
        values = json.loads(json.dumps(YAML(typ="safe", pure=True).load(file.read_text()), default=str))
        alarms |= {(file.parent.name, str(path[-1])) for path in found(values)}
    assert alarms == PLACEHOLDERS


HEAD = """\
name: acme
environment: prod
cloud: {region: eu-west-1, account_id: "111122223333"}
"""


def test_the_file_is_refused_and_says_where_a_secret_belongs():
    text = f"{HEAD}telemetry:\n  values:\n    config: {{exporters: {{x: {{headers: {{x-api-key: abcdef}}}}}}}}\n"
    with pytest.raises(ConfigError) as error:
        validate(Document(text, "f.yaml"))
    [problem] = error.value.problems
    assert (problem.line, problem.key) == (6, "telemetry.values.config.exporters.x.headers.x-api-key")
    assert "is a secret, as its key says" in problem.message
    assert "Kubernetes Secret" in problem.fix
    assert "abcdef" not in str(problem)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("cloud", {"region": "eu-west-1", "tags": {"owner": AWS}}),
        ("compute", {"kind": "motherduck", "database": "lake", "secret": JWT}),
        ("telemetry", {"exporters": {"datadog": {"secret": "glc_" + "eyJvIjoiMTIzNDU2Nzg5" * 3}}}),
    ],
)
def test_every_text_of_the_file_is_looked_at(section: str, value: dict[str, Any]):
    with pytest.raises(ValidationError, match=r"holds a(n access key of AWS| JSON web token| token of Grafana)"):
        PlatformConfig.model_validate(
            {"name": "acme", "environment": "prod", "cloud": {"region": "eu-west-1"}, section: value}
        )


def test_a_token_of_cdktf_is_none():
    assert list(written_out(ChartsConfig.model_construct(repository="${TfToken[TOKEN.1]}"))) == []
