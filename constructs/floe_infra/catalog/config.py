"""The Iceberg catalog: which tables there are, and where their current metadata lies."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from floe_infra.fields import Matches
from floe_infra.model import Disabled, Kind


class GlueConfig(Kind):
    """The AWS Glue Data Catalog: one database for each layer."""

    kind: Literal["glue"] = "glue"
    """AWS Glue."""
    database_prefix: Annotated[
        str, Matches(r"([a-z0-9][a-z0-9_]{0,100})?", "lower-case letters, digits and underscores")
    ] = ""
    """Before the layer in a database's name; the platform's name and environment when left out."""

    construct: ClassVar = "floe_infra.catalog.glue:GlueCatalog"
    clouds: ClassVar = frozenset({"aws"})

    def database_name(self, layer: str, *, prefix: str) -> str:
        """The name of a layer's database, without hyphens: Athena and most SQL would want those quoted."""
        return f"{self.database_prefix or prefix}_{layer}".replace("-", "_")


CatalogConfig = Annotated[GlueConfig | Disabled, Field(discriminator="kind")]
