"""No chart knows which backend is used: the same Secrets come out of each, with the same keys."""

from __future__ import annotations

import json
import re
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from cdktf import App
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from encrypted import (
    made_by_operator,
    recipient,
    sealed_secret,
    sealing_key,
    sops_encrypted,
    sops_secret,
    unsealed,
    values_for,
    write,
)
from floe_infra.config import PlatformConfig
from floe_infra.network.reachability import all_ends, matrix
from floe_infra.platform import FloePlatform
from floe_infra.secrets.in_files.service import UnfitFilesError
from floe_infra.secrets.in_files.wanted import Wanted
from in_cluster import releases
from synthesized import resources

SEALING, AGE = sealing_key(), X25519PrivateKey.generate()
VAULT = {"kind": "vault", "address": "https://vault.example.com:8200"}
VENDOR = {"kind": "otel_collector", "exporters": {"datadog": {"secret": "datadog"}}}
PLATFORMS: dict[str, dict[str, Any]] = {
    "local": {
        "environment": "local",
        "cloud": {"provider": "local"},
        "cluster": {"kind": "kubeconfig", "context": "k"},
    },
    "aws": {"environment": "dev", "cloud": {"region": "eu-west-1"}, "compute": {"kind": "trino"}, "telemetry": VENDOR},
    "gcp": {
        "environment": "dev",
        "cloud": {"provider": "gcp", "region": "europe-west4", "project": "acme-data"},
    },
    "nessie": {
        "environment": "dev",
        "cloud": {"region": "eu-west-1"},
        "catalog": {"kind": "nessie"},
        "compute": {"kind": "motherduck", "database": "lake", "secret": "motherduck"},
    },
}
STORAGE = {"local": {"storage": {"kind": "seaweedfs"}}, "nessie": {"storage": {"kind": "rustfs"}}}
IN_FILES: dict[str, dict[str, Any]] = {
    "sealed_secrets": {"kind": "sealed_secrets"},
    "sops": {"kind": "sops", "age": [recipient(AGE)]},
}


def build(platform: str, secrets: dict[str, Any], folder: Path) -> FloePlatform:
    data = {
        "name": "acme",
        "database": {"kind": "in_cluster"},
        **PLATFORMS[platform],
        **STORAGE.get(platform, {}),
        "secrets": secrets,
    }
    return FloePlatform(App(), "platform", PlatformConfig.model_validate(data, context={"folder": folder}))


def provide(platform: str, secrets: dict[str, Any], folder: Path) -> list[Wanted]:
    """Write the files that are asked for."""
    with pytest.raises(UnfitFilesError) as unfit:
        build(platform, secrets, folder)
    operator = unfit.value.operator
    for wanted in operator.wanted:
        values = values_for(wanted)
        if secrets["kind"] == "sops":
            document = sops_encrypted(sops_secret(wanted.namespace, wanted.name, values), [AGE])
        else:
            document = sealed_secret(wanted.namespace, wanted.name, values, SEALING.public_key())
        write(operator.folder.place(wanted), document)
    return operator.wanted


def applied(platform: FloePlatform) -> list[tuple[str, dict[str, Any]]]:
    """Objects of our own, each with its namespace."""
    stack = json.loads(json.dumps(platform.services.to_terraform()))
    return [
        (block["namespace"], each)
        for block in releases_of(stack)
        for each in block["values"].get("manifests", [])
        if each["kind"] in ("ExternalSecret", "SealedSecret", "SopsSecret")
    ]


def releases_of(stack: dict[str, Any]) -> list[dict[str, Any]]:
    """All of them: several have the same name, in different namespaces."""
    blocks = stack["resource"]["helm_release"]
    return [releases({"resource": {"helm_release": {name: block}}})[block["name"]] for name, block in blocks.items()]


def copied(platform: FloePlatform) -> set[tuple[str, str, frozenset[str]]]:
    """By External Secrets; what it makes first is in its own namespace."""
    found = set()
    for namespace, each in applied(platform):
        spec = each["spec"]
        if "secretStoreRef" in spec:
            template = spec["target"].get("template", {}).get("data")
            source = spec["dataFrom"][0]["extract"]["key"]
            found.add((namespace, spec["target"]["name"], frozenset(template or keys_of(platform, source))))
    return found


def keys_of(platform: FloePlatform, source: str) -> tuple[str, ...]:
    """Of a secret, by what External Secrets calls it: where only the cloud knows, by the output that says so."""
    return next(
        secret.keys
        for name, secret in platform.services.site.secrets.items()
        if source == secret.remote_key or f"_secret_{name.replace('-', '_')}_remote_key}}" in source
    )


def unlocked(platform: FloePlatform) -> dict[tuple[str, str], dict[str, str]]:
    """By the operators of files: what they make."""
    found = {}
    for namespace, each in applied(platform):
        if each["kind"] == "SealedSecret":
            found[namespace, each["metadata"]["name"]] = unsealed(each, namespace, SEALING)
        elif each["kind"] == "SopsSecret":
            [template] = each["spec"]["secretTemplates"]
            found[namespace, template["name"]] = made_by_operator(each, AGE)
    return found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_secrets_with_the_same_keys_come_out(platform, tmp_path):
    expected = copied(build(platform, {"kind": "in_cluster"}, tmp_path))
    assert len(expected) > 10
    contents = {}
    for kind, secrets in IN_FILES.items():
        provide(platform, secrets, tmp_path)
        contents[kind] = unlocked(build(platform, secrets, tmp_path))
        made = {(namespace, name, frozenset(keys)) for (namespace, name), keys in contents[kind].items()}
        assert made == expected, kind
    assert contents["sealed_secrets"] == contents["sops"], "the same values make the same Secrets"


@pytest.mark.parametrize("secrets", [{"kind": "external_secrets"}, VAULT, {"kind": "openbao"}], ids=itemgetter("kind"))
def test_secret_managers_give_the_same_names_too(secrets, tmp_path):
    expected = copied(build("aws", {"kind": "in_cluster"}, tmp_path))
    assert copied(build("aws", secrets, tmp_path)) == expected


def test_what_is_put_together_is_the_same_as_elsewhere(tmp_path):
    provide("local", IN_FILES["sealed_secrets"], tmp_path)
    found = unlocked(build("local", IN_FILES["sealed_secrets"], tmp_path))
    login = found["catalog", "polaris-db"]
    assert login["username"] == "polaris"
    assert login["jdbcUrl"] == "jdbc:postgresql://postgresql.database.svc.cluster.local:5432/polaris?sslmode=require"
    assert login["password"] == found["database", "database-polaris"]["password"]
    root = found["catalog", "polaris-root"]
    assert root["credentials.yaml"] == (
        f'POLARIS:\n  client-id: "root"\n  client-secret: {json.dumps(root["client_secret"])}\n'
    )


@pytest.mark.parametrize("kind", IN_FILES)
def test_nobody_is_asked_for_what_everybody_knows(kind, tmp_path):
    wanted = provide("aws", IN_FILES[kind], tmp_path)
    asked = {key for each in wanted for key in each.given}
    assert not asked & {"username", "database", "client_id", "access_key", "jdbcUrl"}


@pytest.mark.parametrize("kind", IN_FILES)
def test_a_raised_generation_asks_for_another_file(kind, tmp_path):
    secrets = {**IN_FILES[kind], "generations": {"database-marquez": 2}}
    names = {(each.namespace, each.name) for each in provide("local", secrets, tmp_path)}
    assert {("database", "database-marquez-2"), ("observability", "marquez-database-2")} <= names
    assert ("observability", "marquez-database") not in names


def by_release(platform: FloePlatform) -> dict[tuple[str, str], Any]:
    stack = json.loads(json.dumps(platform.services.to_terraform()))
    return {(block["namespace"], block["name"]): block["values"] for block in releases_of(stack)}


STARTED = {
    "local": ("observability", "marquez-database", {"marquez"}),
    "aws": ("query", "trino-shared-secret", {"trino"}),
    "nessie": ("catalog", "nessie-db", {"nessie"}),
}
ALWAYS = {"postgresql", "databases", "marquez"}
POLARIS = {"polaris", "polaris-bootstrap", "polaris-provisioning"}
ALL_STARTED = {
    "local": {*ALWAYS, *POLARIS, "seaweedfs", "buckets"},
    "aws": {*ALWAYS, *POLARIS, "otel-collector", "trino"},
    "nessie": {*ALWAYS, "nessie", "rustfs", "buckets"},
}


@pytest.mark.parametrize("platform", STARTED)
def test_what_reads_a_secret_starts_anew_with_its_file_and_nothing_else_does(platform, tmp_path):
    """But for floe-runtime's own charts, which are not ours."""
    secrets = IN_FILES["sealed_secrets"]
    wanted = provide(platform, secrets, tmp_path)
    before = by_release(build(platform, secrets, tmp_path))

    def started(*chosen: Wanted) -> set[str]:
        """With these sealed anew."""
        for each in chosen:
            document = sealed_secret(each.namespace, each.name, values_for(each), SEALING.public_key())
            write(tmp_path / "sealed-secrets" / f"{each.namespace}.{each.name}.yaml", document)
        after = by_release(build(platform, secrets, tmp_path))
        changed = {name for namespace, name in before if before[namespace, name] != after[namespace, name]}
        return {name for name in changed if not name.endswith("-secrets") and not name.startswith("await-")}

    namespace, name, readers = STARTED[platform]
    assert started(*(each for each in wanted if (each.namespace, each.name) == (namespace, name))) == readers
    assert started(*wanted) == ALL_STARTED[platform]


@pytest.mark.parametrize("kind", IN_FILES)
def test_no_value_is_in_any_stack(kind, tmp_path):
    provide("local", IN_FILES[kind], tmp_path)
    platform = build("local", IN_FILES[kind], tmp_path)
    for stack in (platform.foundation, platform.services):
        assert "xxxxxxxxxxxxxxxx" not in json.dumps(stack.to_terraform())


@pytest.mark.parametrize("kind", IN_FILES)
def test_the_operator_and_the_jobs_that_wait_reach_the_api_server_and_nobody_else(kind, tmp_path):
    provide("local", IN_FILES[kind], tmp_path)
    services = build("local", IN_FILES[kind], tmp_path).services
    workloads = [workload for section in services.workloads.values() for workload in section]
    policies = [policy for each in services.network_policies.policies.values() for policy in each]
    found = matrix(all_ends(workloads, services.edges), services.edges, policies)
    ours = {workload.name for workload in services.workloads["secrets"]}
    assert len(ours) == 2
    assert {(name, each.server) for each in found for name in ours if each.client.endswith(f"/{name}")} == {
        (name, "API server") for name in ours
    }
    assert not [each for each in found for name in ours if each.server.endswith(f"/{name}")]


@pytest.mark.parametrize("kind", IN_FILES)
def test_no_roles_are_made_that_nobody_takes(kind, tmp_path):
    """Without a secret manager of the cloud's, namespaces have nothing to read there."""
    provide("aws", IN_FILES[kind], tmp_path)
    foundation = json.dumps(build("aws", IN_FILES[kind], tmp_path).foundation.to_terraform())
    assert "secret-reader" not in foundation


def test_on_google_the_operator_decrypts_as_its_own_account(tmp_path):
    key = "projects/acme-data/locations/europe-west4/keyRings/floe/cryptoKeys/sops"
    entry = {"resource_id": key, "created_at": "2026-01-02T03:04:05Z", "enc": "CiQA"}
    secrets = {"kind": "sops", "kms_key_name": key, "age": [recipient(AGE)]}
    with pytest.raises(UnfitFilesError) as unfit:
        build("gcp", secrets, tmp_path)
    operator = unfit.value.operator
    for wanted in operator.wanted:
        document = sops_secret(wanted.namespace, wanted.name, values_for(wanted))
        write(operator.folder.place(wanted), sops_encrypted(document, [AGE], gcp_kms=[entry]))
    platform = build("gcp", secrets, tmp_path)
    foundation = json.loads(json.dumps(platform.foundation.to_terraform()))
    member = resources(foundation, "google_kms_crypto_key_iam_member")["secrets/decrypt"]
    assert (member["crypto_key_id"], member["role"]) == (key, "roles/cloudkms.cryptoKeyDecrypter")
    account = re.fullmatch(r"serviceAccount:\$\{google_service_account\.(\w+)\.email\}", member["member"])
    assert account
    assert "sops-secrets-operator" in json.dumps(foundation["resource"]["google_service_account_iam_member"])
    by_name = {name: values for (_, name), values in by_release(platform).items()}
    [annotated] = [
        each for each in by_name["sops-secrets-operator-access"]["manifests"] if each["kind"] == "ServiceAccount"
    ]
    assert annotated["metadata"]["annotations"].keys() == {"iam.gke.io/gcp-service-account"}
