"""What is asked of the examples, at the addresses that their parts say."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cdktf import App

from checks.documents import as_data
from floe_infra.checks import spec
from floe_infra.checks.program.run import Check, read
from floe_infra.config import load
from floe_infra.fields import is_token
from floe_infra.handoff.parts import Parts
from floe_infra.network.edges import Workload
from floe_infra.network.reachability import Pod, Reachability
from floe_infra.platform import FloePlatform

ROOT = Path(__file__).parents[2]
PRODUCTION = "floe-infra.yaml"


@cache
def platform(file: str) -> FloePlatform:
    return FloePlatform(App(), "platform", load(ROOT / file))


def parts(file: str) -> Parts:
    made = platform(file)
    return (made.services or made.foundation)._handed_over()


@cache
def checks(file: str) -> dict[str, Check]:
    """As the program reads them, which takes no key that it does not know."""
    return {check.name: check for check in read(spec.document(parts(file)))}


def job(file: str) -> Any:
    return json.loads(spec.document(parts(file)))["job"]


LAYERS = ["storage bronze", "storage silver", "storage gold"]
LOGS = "storage compute logs"
TELEMETRY = ["telemetry grpc", "telemetry http"]


@pytest.mark.parametrize(
    ("file", "names"),
    [
        (
            PRODUCTION,
            [*LAYERS, LOGS, "catalog login", "catalog namespaces", "database", *TELEMETRY, "lineage", "compute trino"],
        ),
        ("examples/local.yaml", [*LAYERS, "catalog glue"]),
        ("examples/aws-nessie.yaml", None),
        ("examples/gcp-dev.yaml", None),
        ("examples/local-cluster.yaml", None),
    ],
)
def test_every_part_is_asked(file, names):
    found = list(checks(file))
    if names is not None:
        assert found == names
    made = parts(file)
    assert ("database" in found) == (made.database is not None)
    assert ("lineage" in found) == (made.lineage is not None)
    assert ("catalog login" in found) == bool(made.catalog and made.catalog.scope)
    assert ("compute trino" in found) == bool(made.compute and made.compute.engine == "trino")


@pytest.mark.parametrize("file", [PRODUCTION, "examples/local-cluster.yaml", "examples/local.yaml"])
def test_the_document_says_what_the_program_would(file):
    data = json.loads(spec.document(parts(file)))
    assert data["checks"] == as_data(read(json.dumps(data)))
    assert (data["job"] is None) == (file == "examples/local.yaml")


def test_synthesis_does_without_the_program():
    code = "import sys, floe_infra.handoff.bundle; print('floe_infra.checks.program' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_where_the_catalog_lends_it_is_asked_to():
    """As Dagster's pods, which have no right of their own there."""
    bucket = checks(PRODUCTION)["storage gold"].what
    assert bucket.lender == checks(PRODUCTION)["catalog login"].what.catalog
    assert (bucket.namespace, bucket.prefix, bucket.keys) == ("gold", "gold/", None)
    logs = checks(PRODUCTION)[LOGS].what
    assert (logs.lender, logs.prefix) == (None, "compute-logs/")
    kept = checks("examples/local-cluster.yaml")["storage gold"].what
    assert kept.lender is None
    assert kept.keys.kubernetes_name == "floe-dagster-storage-secret"
    assert kept.endpoint.startswith("http://")


def test_secrets_are_named():
    client = checks(PRODUCTION)["catalog login"].what.catalog.client
    assert (client.manager, client.kubernetes_name) == ("aws", "floe-dagster-catalog-secret")
    assert "${TfToken" in client.name
    database = checks(PRODUCTION)["database"].what
    assert (database.inside.user, database.inside.database) == ("dagster", "dagster")
    assert database.inside.secret.kubernetes_name == "floe-dagster-postgresql-secret"
    assert database.outside.secret.manager == "aws"
    assert checks("examples/gcp-dev.yaml")["database"].what.outside.secret.project
    assert checks("examples/local-cluster.yaml")["database"].what.outside.secret.manager is None


def test_the_jobs_pod_is_one_of_dagsters():
    place = job(PRODUCTION)
    assert place is not None
    assert (place["namespace"], place["service_account"]) == ("floe", "floe-dagster")
    assert list(place["annotations"]) == ["eks.amazonaws.com/role-arn"]
    assert place["placement"]["nodeSelector"]


def addresses(file: str) -> list[tuple[str, str, int]]:
    """By check, the namespace and port of what it asks in the cluster."""
    found = []
    for name, check in checks(file).items():
        what = check.what
        url = getattr(what, "url", "") or getattr(getattr(what, "catalog", None), "uri", "")
        url = url or f"//{getattr(what, 'host', '')}:{getattr(what, 'port', '')}"
        if is_token(url):
            continue  # the cloud's
        address = urlsplit(url)
        host = (address.hostname or "").split(".")
        if host[2:3] == ["svc"]:
            assert address.port
            found.append((name, host[1], address.port))
    return found


@pytest.mark.parametrize("file", [PRODUCTION, "examples/local-cluster.yaml"])
def test_network_policies_let_it_reach_all_that_it_asks(file):
    services, place = platform(file).services, job(file)
    assert services
    assert services.network_policies
    assert place
    policies = [policy for each in services.network_policies.policies.values() for policy in each]
    servers: dict[tuple[str, int], Workload] = {
        (workload.namespace, port): workload
        for section in services.workloads.values()
        for workload in section
        for port in workload.serves
    }
    client = Pod(place["namespace"], {**place["labels"], "app.kubernetes.io/component": "floe-infra-check"})
    asked = addresses(file)
    assert {name.partition(" ")[0] for name, _, _ in asked} >= {"catalog", "telemetry", "lineage"}
    reach = Reachability(policies)
    for name, namespace, port in asked:
        server = servers[namespace, port]
        assert reach.allows(client, Pod(server.namespace, server.labels), port), name
    stranger = Pod(place["namespace"], {"app.kubernetes.io/name": "stranger"})
    assert not any(
        reach.allows(stranger, Pod(namespace, servers[namespace, port].labels), port) for _, namespace, port in asked
    )
