"""The platform between two servers: what is there besides, and who may talk to whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chart_values import emitted_values
from floe_infra.config import PlatformConfig
from floe_infra.migration.proof import Synthesized

BASE = {
    "name": "acme",
    "environment": "dev",
    "cloud": {"region": "eu-west-1", "account_id": "111122223333"},
}
ARRIVING = {"database": {"kind": "in_cluster"}, "migration": {"kind": "arriving", "database": {"kind": "rds"}}}
LEAVING = {"database": {"kind": "rds"}, "migration": {"kind": "leaving", "database": {"kind": "in_cluster"}}}


def config(sections: dict[str, Any]) -> PlatformConfig:
    return PlatformConfig.model_validate({**BASE, **sections})


def stacks(sections: dict[str, Any], out: Path) -> dict[str, Any]:
    Synthesized(config(sections), out)
    return {
        path.parent.name.rpartition("-")[2]: json.loads(path.read_text()) for path in out.glob("stacks/*/cdk.tf.json")
    }


@pytest.fixture(scope="module")
def arriving(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return stacks(ARRIVING, tmp_path_factory.mktemp("arriving"))


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return stacks(LEAVING, tmp_path_factory.mktemp("leaving"))


def names(stack: dict[str, Any]) -> list[tuple[str, str]]:
    """Namespaces and names of the releases, as Helm knows them."""
    return [(each["namespace"], each["name"]) for each in stack["resource"]["helm_release"].values()]


def objects(stack: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The objects of our own, as `Kind/name`; of those with the same name, any."""
    blocks = stack["resource"]["helm_release"].values()
    found = (each for block in blocks for each in emitted_values(block, text=None).get("manifests", []))
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


def secrets(stack: dict[str, Any], namespace: str) -> dict[str, str]:
    """By Kubernetes Secret of a namespace, which of the cloud's it is a copy of."""
    copies = {}
    for block in stack["resource"]["helm_release"].values():
        for each in emitted_values(block, text=None).get("manifests", []):
            if each["kind"] == "ExternalSecret" and block["namespace"] == namespace:
                assert each["metadata"]["name"] not in copies
                copies[each["metadata"]["name"]] = each["spec"]["dataFrom"][0]["extract"]["key"]
    return copies


def reached(stack: dict[str, Any], workload: str) -> list[tuple[str, list[int]]]:
    """Where a workload may go, but for names: pods by name, or `cloud`, each with the ports."""
    policy = objects(stack)[f"NetworkPolicy/{workload}"]["spec"]
    found = []
    for rule in policy["egress"]:
        ports = [port["port"] for port in rule["ports"]]
        for peer in rule.get("to", []):
            pods = peer.get("podSelector", {}).get("matchLabels", {})
            found.append((pods.get("app.kubernetes.io/name", "cloud" if "ipBlock" in peer else "?"), ports))
    return [each for each in found if 53 not in each[1]]


@pytest.mark.parametrize("phase", ["arriving", "leaving"])
def test_helm_knows_every_release_once(phase, request):
    found = names(request.getfixturevalue(phase)["services"])
    assert len(found) == len(set(found))
    assert all(name == name.lower() and "_" not in name for _, name in found)


def test_the_job_that_moves_reaches_both_servers_and_nothing_else(arriving):
    found = reached(arriving["services"], "move-databases")
    assert ("postgresql", [5432]) in found
    assert {where for where, _ in found} == {"postgresql", "cloud"}
    assert all(ports == [5432] for _, ports in found)


def test_applications_reach_the_server_they_use(arriving, leaving):
    assert ("postgresql", [5432]) in reached(arriving["services"], "marquez")
    assert ("postgresql", [5432]) not in reached(leaving["services"], "marquez")
    assert ("cloud", [5432]) in reached(leaving["services"], "marquez")


def test_the_old_server_lets_nobody_in_but_who_looks(leaving):
    ingress = objects(leaving["services"])["NetworkPolicy/postgresql"]["spec"]["ingress"]
    peers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for rule in ingress for peer in rule["from"]]
    assert peers == ["databases-moved"]


def test_each_login_is_that_of_its_server(arriving, leaving):
    for stack, namespace, step in ((arriving, "migration", "copy"), (leaving, "database", "check")):
        found = secrets(stack["services"], namespace)
        assert found[f"{step}-in-cluster-postgresql-admin"] != found[f"{step}-database-admin"]
        assert "in_cluster_postgresql_admin" in found[f"{step}-in-cluster-postgresql-admin"].replace("-", "_")
    assert (
        secrets(arriving["services"], "migration")["database-admin"]
        == (secrets(leaving["services"], "database")["database-admin"])
    )


def test_what_is_copied_may_be_read(arriving, leaving):
    for sections in (ARRIVING, LEAVING):
        needs = config(sections).needs
        assert {"database-admin", "in-cluster-postgresql-admin", "database-polaris"} <= {
            name for need in (needs["migration"], needs["database"]) for name in need.all_reads
        }
    assert config(ARRIVING).databases == config(LEAVING).databases == ("polaris", "marquez", "dagster")


@pytest.mark.parametrize("migration", [ARRIVING["migration"], LEAVING["migration"]], ids=["arriving", "leaving"])
def test_without_a_server_in_use_there_is_nothing_to_move(migration):
    others = {section: {"kind": "none"} for section in ("catalog", "lineage")}
    with pytest.raises(ValidationError, match="while `database` is `kind: none`"):
        config({"database": {"kind": "none"}, "migration": migration, **others})


def test_the_new_server_is_where_it_will_be(arriving, leaving):
    [one] = arriving["foundation"]["resource"]["aws_db_instance"].items()
    [other] = leaving["foundation"]["resource"]["aws_db_instance"].items()
    assert one == other


def test_floe_runtime_is_told_of_the_server_in_use(arriving, leaving):
    before, after = (stack["services"]["output"]["handoff"]["value"] for stack in (arriving, leaving))
    [name] = [each for each in before if each.startswith("floe-dagster/")]
    assert "postgresql.database.svc.cluster.local" in before[name]
    assert "services_database_host" in after[name]
