from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from constructs import Construct

from chart_values import value_problems
from encrypted import sealed_secret, sealing_key, unsealed, write
from floe_infra.kubernetes.site import SecretCopy
from floe_infra.needs import Needs, Password
from floe_infra.refs import SecretRef
from floe_infra.secrets import SealedSecretsConfig
from floe_infra.secrets.in_files.sealed_secrets import SealedSecrets
from floe_infra.secrets.in_files.service import UnfitFilesError
from in_cluster import STEADY, objects, releases, site, synthesized
from provider_schema import conformance_problems

KEY = sealing_key()
ROOT = {"client_id": "root", "client_secret": Password()}
NEEDS = {
    "catalog": Needs("catalog", secrets={"polaris-root": ROOT}),
    "runtime": Needs("floe", reads=("polaris-root",)),
    "secrets": Needs("sealed-secrets", existing_namespace=True),
}
SECRET = SecretRef("polaris-root", "polaris-root", tuple(ROOT))
LOGIN = SecretCopy("login", SECRET, {"client_id": "{{ .client_id }}", "client_secret": "{{ .client_secret }}"})


@pytest.fixture
def files(tmp_path):
    """The file of the one Secret that is wanted."""
    document = sealed_secret("catalog", "login", {"client_secret": "s" * 40}, KEY.public_key())
    write(tmp_path / "catalog.login.yaml", document)
    return tmp_path


def operator(files: Path, **more: Any) -> dict[str, Any]:
    config = SealedSecretsConfig.model_validate({"files": files.name, **more}, context={"folder": files.parent})

    def make(stack: Any) -> None:
        made = SealedSecrets(stack, "secrets", config=config, site=site(secrets=[SECRET]), readers={}, needs=NEEDS)
        made.copy(Construct(stack, "catalog"), "secrets", namespace="catalog", secrets=[LOGIN])
        made.settle()

    return synthesized(make)


def test_the_controller_unseals_what_is_applied(files):
    sealed = objects(operator(files))["SealedSecret/login"]
    assert unsealed(sealed, "catalog", KEY) == {"client_id": "root", "client_secret": "s" * 40}


def test_the_stack_is_fit(files):
    stack = operator(files)
    assert conformance_problems(stack) == []
    assert value_problems(stack) == []


def test_the_same_files_make_the_same_bytes(files):
    assert json.dumps(operator(files)) == json.dumps(operator(files))


def test_no_plain_value_is_anywhere(files):
    assert "s" * 40 not in json.dumps(operator(files))


def test_the_controller_runs_where_nobody_takes_it_away(files):
    values = releases(operator(files))["sealed-secrets-controller"]["values"]
    assert {key: values[key] for key in STEADY} == STEADY
    assert values["resources"] == {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}}


def test_it_writes_secrets_only_where_some_are_read(files):
    values = releases(operator(files))["sealed-secrets-controller"]["values"]
    assert values["rbac"] == {
        "clusterRole": False,
        "namespacedRoles": True,
        "serviceProxier": {"create": False},
    }
    assert values["additionalNamespaces"] == ["sealed-secrets", "catalog", "floe"]


def test_it_makes_no_key_of_its_own_beside_ours(files):
    values = releases(operator(files))["sealed-secrets-controller"]["values"]
    assert values["keyrenewperiod"] == "0"
    assert values["watchForSecrets"] is True


def test_it_tries_for_as_long_as_the_job_waits(files):
    """client-go's workqueue: 5 ms, and twice as long each time."""
    tries = releases(operator(files))["sealed-secrets-controller"]["values"]["maxRetries"]
    assert sum(0.005 * 2**number for number in range(tries)) > 540


def test_the_users_values_are_laid_over_ours(files):
    stack = operator(files, values={"logLevel": "ERROR", "rbac": {"serviceProxier": {"create": True}}})
    values = releases(stack)["sealed-secrets-controller"]["values"]
    assert values["logLevel"] == "ERROR"
    assert values["rbac"]["serviceProxier"] == {"create": True}
    assert values["rbac"]["clusterRole"] is False


def test_whoever_reads_waits_until_the_controller_has_made_the_secret(files):
    stack = operator(files)
    job = releases(stack)["await-secrets-catalog"]
    assert job["namespace"] == "sealed-secrets"
    [spec] = [each["spec"]["template"]["spec"] for each in job["values"]["manifests"]]
    [container] = spec["containers"]
    assert container["command"][1:] == [
        "/program/await_secrets.py",
        "bitnami.com/v1alpha1/sealedsecrets",
        "catalog",
        "login",
    ]
    assert spec["automountServiceAccountToken"] is True
    [waited_for] = [each for each in job["depends_on"] if "catalog_secrets" in each]
    assert waited_for.startswith("helm_release.")


def test_the_job_may_look_at_these_objects_and_at_no_secret(files):
    found = objects(operator(files))
    [rule] = found["Role/await-secrets-catalog"]["rules"]
    assert rule == {
        "apiGroups": ["bitnami.com"],
        "resources": ["sealedsecrets"],
        "resourceNames": ["login"],
        "verbs": ["get"],
    }
    [subject] = found["RoleBinding/await-secrets-catalog"]["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "await-secrets", "namespace": "sealed-secrets"}
    assert found["ServiceAccount/await-secrets"]["automountServiceAccountToken"] is False


def test_a_file_that_changes_makes_the_job_run_again(files):
    def mark() -> str:
        job = objects(operator(files))["Job/await-secrets-catalog"]
        return job["spec"]["template"]["metadata"]["annotations"]["checksum/secrets"]

    before = mark()
    assert mark() == before
    write(
        files / "catalog.login.yaml",
        sealed_secret("catalog", "login", {"client_secret": "t" * 40}, KEY.public_key()),
    )
    assert mark() != before


def test_what_is_missing_is_said_with_the_command_that_makes_it(files):
    (files / "catalog.login.yaml").unlink()
    with pytest.raises(UnfitFilesError) as error:
        operator(files)
    _, missing = error.value.problems
    assert missing.file == str(files / "catalog.login.yaml")
    assert missing.fix == (
        "kubectl create secret generic login -n catalog --dry-run=client -o yaml "
        '--from-file=client_secret="$VALUES/polaris-root.client_secret" | '
        f"kubeseal --cert {files}/certificate.pem --format yaml > {files}/catalog.login.yaml"
    )


def test_who_talks_to_whom():
    controller, waiting = SealedSecrets.workloads(SealedSecretsConfig())
    assert (controller.api_server, controller.cloud, controller.serves, controller.webhooks) == (True, False, (), ())
    assert controller.metrics == (8081,)
    assert (waiting.api_server, waiting.cloud, waiting.listens) == (True, False, ())
    assert waiting.labels == {"app.kubernetes.io/name": "await-secrets", "app.kubernetes.io/managed-by": "floe-infra"}
