"""What a change of the file does to the stacks; and that every way there is loses nothing."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from floe_infra.config import PlatformConfig
from floe_infra.config.document import Document
from floe_infra.config.load import validate
from floe_infra.migration.phases import way
from floe_infra.migration.proof import LEAVING, Difference, Synthesized, differences, losses

ROOT = Path(__file__).parents[2]
ON_AWS = """\
name: acme
environment: dev
cloud: {region: eu-west-1, account_id: "111122223333"}
database: {kind: in_cluster}
"""
ON_GOOGLE = ON_AWS.replace("region: eu-west-1, account_id: ", "provider: gcp, region: europe-west4, project: ").replace(
    "111122223333", "acme-data"
)


def small(**sections: Any) -> dict[str, Any]:
    """A platform without a cluster."""
    cloud = {"region": "eu-west-1", "account_id": "111122223333"}
    return {"name": "acme", "environment": "prod", "cloud": cloud, "cluster": {"kind": "none"}, **sections}


def made(data: dict[str, Any], out: Path) -> Synthesized:
    return Synthesized(PlatformConfig.model_validate(data), out)


def words(changes: list[Difference], action: str, *, with_data: bool = True) -> set[str]:
    found = (each.resource for each in changes if each.action == action)
    return {f"{each.stack}/{each.path}" for each in found if each.holds_data is with_data}


# Every way


@pytest.mark.parametrize(
    ("text", "target", "settings", "comes", "goes"),
    [
        (
            ON_AWS,
            "rds",
            {},
            {"foundation/database/instance", "foundation/database/key/key"},
            "in-cluster-postgresql-admin",
        ),
        (
            ON_GOOGLE,
            "cloud_sql",
            {},
            {"foundation/database/instance", "foundation/database/secret/secret"},
            "in-cluster-postgresql-admin/secret",
        ),
    ],
    ids=["rds", "cloud_sql"],
)
def test_a_database_server(text, target, settings, comes, goes, tmp_path):
    found = way(text, "floe-infra.yaml", target, settings)
    stacks = [made_of(text, tmp_path / "0")]
    for phase in found.phases:
        stacks.append(Synthesized(phase.config, tmp_path / str(phase.number)))
    add, switch, remove = (differences(one, other) for one, other in pairwise(stacks))
    assert words(add, "add") == comes
    assert words(add, "remove") == words(switch, "remove") == words(switch, "add") == words(remove, "add") == set()
    assert words(remove, "remove") == {f"services/{LEAVING}", f"foundation/secrets/{goes}"}
    for changes in (add, switch, remove):
        assert words(changes, "change") == set()
    for before, after in pairwise(stacks[:3]):
        assert losses(before, after) == []
    assert losses(stacks[2], stacks[3], leaving={LEAVING}) == []
    assert losses(stacks[2], stacks[3]) == [
        f"services: {LEAVING} ({stacks[0].resources[old_server(stacks[0])].address}) would be destroyed"
    ]
    # The old server is the same to Terraform and to Helm as long as it is there.
    assert [stack.resources[old_server(stack)].arguments for stack in stacks[:3]] == [
        stacks[0].resources[old_server(stacks[0])].arguments
    ] * 3
    # Whoever has gone the whole way has what whoever begins with the new server has.
    assert differences(stacks[3], made_of(text.replace("in_cluster", target), tmp_path / "new")) == []


def made_of(text: str, out: Path) -> Synthesized:
    return Synthesized(validate(Document(text, "floe-infra.yaml")), out)


def old_server(stack: Synthesized) -> tuple[str, str]:
    [key] = [key for key, each in stack.resources.items() if each.path == LEAVING]
    return key


def test_nothing_uses_the_new_server_before_the_data_is_there(tmp_path):
    switch = way(ON_AWS, "floe-infra.yaml", "rds", {}).phases[1]
    resources = Synthesized(switch.config, tmp_path).resources
    by_path = {each.path: each for each in resources.values()}
    moved = by_path["migration/moved/job/release"].address
    for path in ("catalog/bootstrap/release", "lineage/marquez/release"):
        assert moved in by_path[path].block["depends_on"]
    assert by_path["database/job/release"].address in by_path["migration/moved/job/release"].block["depends_on"]


def test_the_way_itself_moves_data_of_nobody(tmp_path):
    """Phase one changes nothing but who may talk to the old server."""
    [add, *_] = way(ON_AWS, "floe-infra.yaml", "rds", {}).phases
    changes = differences(made_of(ON_AWS, tmp_path / "0"), Synthesized(add.config, tmp_path / "1"))
    assert words(changes, "change", with_data=False) == {"services/network_policies/database/release"}


ENGINES = [
    ("examples/aws-dev.yaml", "trino", {}),
    ("examples/aws-dev.yaml", "motherduck", {"database": "lake", "secret": "acme/motherduck"}),
    ("examples/gcp-dev.yaml", "bigquery", {}),
    ("examples/gcp-dev.yaml", "trino", {}),
    ("examples/local-cluster.yaml", "trino", {}),
    ("floe-infra.yaml", "duckdb", {}),
    ("floe-infra.yaml", "motherduck", {"database": "lake", "secret": "acme/motherduck"}),
]


@pytest.mark.parametrize(("file", "target", "settings"), ENGINES, ids=[f"{a}-{b}" for a, b, _ in ENGINES])
def test_an_engine(file, target, settings, tmp_path):
    text = (ROOT / file).read_text()
    [phase] = way(text, file, target, settings).phases
    before, after = made_of(text, tmp_path / "before"), Synthesized(phase.config, tmp_path / "after")
    assert losses(before, after) == []
    assert losses(after, before, leaving={"compute/datasets/marts"}) == []
    assert before.locations == after.locations
    assert len(before.locations) > 6
    changes = differences(before, after)
    assert words(changes, "change") <= {"services/secrets/values/release"}  # recipes, released again in place
    assert all("/secrets/" in path for path in words(changes, "remove"))


def test_an_engine_with_tables_of_its_own_does_not_go(tmp_path):
    text = (ROOT / "examples/gcp-dev.yaml").read_text()
    [there] = way(text, "f", "bigquery", {}).phases
    [back] = way(there.text, "f", "duckdb", {}).phases
    [loss] = losses(Synthesized(there.config, tmp_path / "a"), Synthesized(back.config, tmp_path / "b"))
    assert loss.startswith("foundation: compute/datasets/marts (google_bigquery_dataset.")
    assert loss.endswith(" would be destroyed")


# What is found


@pytest.fixture(scope="module")
def clusterless(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return made(small(), tmp_path_factory.mktemp("stacks"))


def test_what_is_the_same_is_no_loss(clusterless, tmp_path):
    again = made(small(), tmp_path)
    assert differences(clusterless, again) == []
    assert losses(clusterless, again) == []


def test_a_layer_less(clusterless, tmp_path):
    found = losses(clusterless, made(small(storage={"layers": ["bronze", "silver"]}), tmp_path))
    assert any(each.startswith("foundation: storage/layers/gold/bucket ") for each in found)
    assert any(each.startswith("foundation: catalog/gold") and each.endswith("would be destroyed") for each in found)
    assert any(each.startswith("platform.yaml: layers.gold: ") for each in found)


def test_a_bucket_of_another_name(clusterless, tmp_path):
    found = losses(clusterless, made(small(storage={"bucket_names": {"gold": "acme-other"}}), tmp_path))
    assert any("storage/layers/gold/bucket" in each and "may have to be replaced: bucket" in each for each in found)


def test_another_region(clusterless, tmp_path):
    data = small()
    data["cloud"]["region"] = "eu-central-1"
    found = losses(clusterless, made(data, tmp_path))
    assert found[0] == "foundation: its state, or the account or region that it is in, would be another one"


def test_another_catalog(clusterless, tmp_path):
    found = losses(clusterless, made(small(catalog={"kind": "none"}), tmp_path))
    assert sum("aws_glue_catalog_database" in each and "would be destroyed" in each for each in found) == 3


def test_a_change_of_what_is_referred_to(clusterless, tmp_path):
    """The database's own block stays to the letter; its subnets do not."""
    found = losses(clusterless, made(small(network={"kind": "vpc", "zones": 2}), tmp_path))
    assert any("database/instance" in each and each.endswith("replaced: what it refers to") for each in found)


def test_a_disk_that_goes_with_its_namespace(tmp_path):
    remove = way(ON_AWS, "f", "rds", {"namespace": "pg"}).phases
    before, after = Synthesized(remove[1].config, tmp_path / "2"), Synthesized(remove[2].config, tmp_path / "3")
    assert losses(before, after, leaving={LEAVING}) == [
        f"services: {LEAVING}: its disk would go with the namespace database"
    ]


def test_a_release_in_another_namespace_is_another_one(tmp_path):
    moved = ON_AWS.replace("kind: in_cluster", "kind: in_cluster, namespace: pg")
    found = losses(made_of(ON_AWS, tmp_path / "a"), made_of(moved, tmp_path / "b"))
    assert any(LEAVING in each and "its name or namespace is another one" in each for each in found)


def test_a_smaller_disk(tmp_path):
    smaller = ON_AWS.replace("kind: in_cluster", "kind: in_cluster, storage_gib: 5")
    found = losses(made_of(ON_AWS, tmp_path / "a"), made_of(smaller, tmp_path / "b"))
    assert any(LEAVING in each and each.endswith("would have other disks") for each in found)


def test_locations_are_those_of_the_buckets_themselves(clusterless):
    assert clusterless.locations["storage.gold"]["bucket"].startswith("${aws_s3_bucket.storage_layers_gold_bucket_")
    assert clusterless.locations["layers.gold"]["namespace"]
    assert "terraform_remote_state" not in json.dumps(clusterless.locations)
