from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alone import DISPOSABLE, PROD, synthesized
from floe_infra.catalog import GlueConfig
from floe_infra.catalog.glue import GlueCatalog
from floe_infra.refs import BucketRef, IdentityRef, StorageRef
from synthesized import data, resources


def bucket(name: str) -> BucketRef:
    return BucketRef(name=name, arn=f"arn:aws:s3:::{name}", uri=f"s3://{name}")


STORAGE = StorageRef(layers={"bronze": bucket("lake-bronze"), "gold": bucket("lake-gold")}, region="eu-west-1")
RUNTIME = IdentityRef(namespace="floe", service_account="dagster", role="acme-runtime", role_arn="arn")


def glue(config: GlueConfig | None = None, *, storage: StorageRef = STORAGE, context: Any = PROD) -> Any:
    made = []

    def make(stack: Any) -> None:
        catalog = GlueCatalog(stack, "catalog", config=config or GlueConfig(), context=context, storage=storage)
        catalog.grant_read_write(RUNTIME)
        made.append(catalog)

    return synthesized(make), made[0]


def databases(stack: Any) -> dict[str, Any]:
    return resources(stack, "aws_glue_catalog_database")


def test_one_database_for_each_layer_in_its_bucket():
    stack, _ = glue()
    assert {path: (block["name"], block["location_uri"]) for path, block in databases(stack).items()} == {
        "catalog/bronze": ("acme_prod_bronze", "s3://lake-bronze/acme_prod_bronze/"),
        "catalog/gold": ("acme_prod_gold", "s3://lake-gold/acme_prod_gold/"),
    }


def test_layers_of_one_bucket_lie_side_by_side():
    whole = bucket("lake")
    stack, _ = glue(storage=StorageRef(layers={"bronze": whole, "gold": whole}, region="eu-west-1"))
    assert [block["location_uri"] for block in databases(stack).values()] == [
        "s3://lake/acme_prod_bronze/",
        "s3://lake/acme_prod_gold/",
    ]


def test_a_prefix_of_ones_own():
    stack, _ = glue(GlueConfig(database_prefix="lake"))
    assert {block["name"] for block in databases(stack).values()} == {"lake_bronze", "lake_gold"}


def test_databases_and_their_tables_are_kept():
    stack, _ = glue()
    assert all(block["lifecycle"]["prevent_destroy"] is True for block in databases(stack).values())


def test_both_keys_release_them():
    stack, _ = glue(context=DISPOSABLE)
    assert not any("lifecycle" in block for block in databases(stack).values())


def test_what_belongs_to_the_whole_account_is_left_alone():
    stack, _ = glue()
    assert set(stack["resource"]) == {"aws_glue_catalog_database", "aws_iam_role_policy"}


def test_grants_name_this_platforms_databases_and_no_others():
    stack, _ = glue()
    [policy] = data(stack, "aws_iam_policy_document").values()
    account = "arn:aws:glue:eu-west-1:111122223333"
    bronze, gold = (f"aws_glue_catalog_database.{name}" for name in stack["resource"]["aws_glue_catalog_database"])
    for statement in policy["statement"]:
        assert statement["resources"] == [
            f"{account}:catalog",
            f"${{{bronze}.arn}}",
            f"${{{gold}.arn}}",
            f"{account}:table/${{{bronze}.name}}/*",
            f"{account}:table/${{{gold}.name}}/*",
        ]
    actions = [action for statement in policy["statement"] for action in statement["actions"]]
    assert not any("*" in action or (action.endswith("Database") and "Get" not in action) for action in actions)
    [attached] = resources(stack, "aws_iam_role_policy").values()
    assert attached["role"] == "acme-runtime"


def test_ref_says_how_clients_find_it():
    _, catalog = glue()
    assert (catalog.ref.kind, catalog.ref.warehouse, catalog.ref.region) == ("glue", "111122223333", "eu-west-1")
    assert list(catalog.ref.namespaces) == ["bronze", "gold"]
    assert catalog.ref.clients == {}


@pytest.mark.parametrize("prefix", ["Lake", "my-lake", "a" * 102])
def test_bad_prefixes(prefix):
    with pytest.raises(ValidationError, match="not valid here"):
        GlueConfig(database_prefix=prefix)
