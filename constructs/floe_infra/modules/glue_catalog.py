"""`terraform-modules/glue-catalog`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from floe_infra.catalog.config import GlueConfig
from floe_infra.context import Context
from floe_infra.fields import LayerName, Matches
from floe_infra.model import Model
from floe_infra.modules.definition import MEMBER, Each, Module, Output, Outputs, Tokens
from floe_infra.refs import BucketRef, StorageRef

if TYPE_CHECKING:
    from constructs import Construct

StorageUri = Annotated[str, Matches(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s/]+)*", "s3://<bucket>, or below it")]


class GlueInputs(Model):
    """What the module asks for besides what the configuration does."""

    database_prefix: Annotated[
        str, Matches(r"[a-z0-9][a-z0-9_]{0,100}", "lower-case letters, digits and underscores")
    ] = "lakehouse"
    """Before the layer in a database's name: `<database_prefix>_<layer>`."""
    layers: Annotated[dict[LayerName, StorageUri], Field(min_length=1, max_length=20)]
    """Where each layer's tables lie, by layer; the module `s3` says so as `bucket_uris`."""


def _build(scope: Construct, chosen: Mapping[str, Any], tokens: Tokens, context: Context) -> Outputs:  # noqa: ARG001
    from floe_infra.catalog.glue import GlueCatalog

    bucket = BucketRef(name="", arn="", uri=tokens.text("each.value"))
    storage = StorageRef(layers={MEMBER: bucket}, region=context.region)
    config = tokens.of(GlueConfig, "var")
    catalog = GlueCatalog(scope, "module", config=config, context=context, storage=storage)
    arns = {layer: database.arn for layer, database in catalog.databases.items()}
    return {
        "catalog_id": Output(catalog.ref.warehouse, "Glue's id of the catalog: the account."),
        "database_names": Output(dict(catalog.ref.namespaces), "The databases' names, by layer."),
        "database_arns": Output(arns, "Their ARNs, by layer."),
    }


MODULE = Module(
    name="glue-catalog",
    summary="A database in the account's AWS Glue Data Catalog for each layer of the lakehouse.",
    inputs=(GlueInputs, GlueConfig),
    construct=GlueConfig.construct,
    build=_build,
    prefix="var.database_prefix",
    each=Each("var.layers", ("layer", "uri")),
    renamed={},
    sample={"layers": {"gold": "s3://acme-lake-gold"}},
)
