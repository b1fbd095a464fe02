"""AWS Glue: a database in the account's Data Catalog for each layer."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_iam_policy_document import (
    DataAwsIamPolicyDocument,
    DataAwsIamPolicyDocumentStatement,
)
from cdktf_cdktf_provider_aws.glue_catalog_database import GlueCatalogDatabase
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from floe_infra.catalog.config import GlueConfig
from floe_infra.context import Context
from floe_infra.refs import CatalogRef, IdentityRef, StorageRef
from floe_infra.terraform import keep

_FIND = ["glue:GetCatalog", "glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"]
_COMMIT = ["glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"]
"""An Iceberg commit replaces a table's entry; partitions and statistics are Iceberg's own, not Glue's."""


class GlueCatalog(Construct):
    """The layers' databases in the account's Data Catalog.

    The catalog itself belongs to the account and is shared with everything else in it. Its settings (encryption of
    its metadata, Lake Formation's defaults for new databases) are therefore left alone. Where Lake Formation no longer
    leaves access to IAM, grant the runtime's role there as well.

    Attributes:
        ref: what other rooms take.
        databases: by layer.
    """

    def __init__(self, scope: Construct, id: str, *, config: GlueConfig, context: Context, storage: StorageRef) -> None:
        super().__init__(scope, id)
        self._context = context
        self.databases = {
            layer: GlueCatalogDatabase(
                self,
                layer,
                name=(name := config.database_name(layer, prefix=context.prefix)),
                description=f"Layer {layer} of {context.prefix}",
                # In one bucket for all layers, the database's name keeps them apart.
                location_uri=f"{bucket.uri}/{name}/",
            )
            for layer, bucket in storage.layers.items()
        }
        for database in self.databases.values():
            keep(database, context)  # AWS removes a database together with its tables
        self.ref = CatalogRef(
            kind="glue",
            warehouse=context.account_id,  # Glue's id of the account's own catalog
            region=context.region,
            endpoint=context.endpoint,
            namespaces={layer: database.name for layer, database in self.databases.items()},
        )

    def grant_read_write(self, identity: IdentityRef) -> None:
        """Let the identity read the layers' databases, and make, change and drop tables in them."""
        document = DataAwsIamPolicyDocument(
            self,
            f"read_write_{identity.service_account}_document",
            statement=[
                DataAwsIamPolicyDocumentStatement(sid="Find", actions=_FIND, resources=self._resources),
                DataAwsIamPolicyDocumentStatement(sid="Commit", actions=_COMMIT, resources=self._resources),
            ],
        )
        IamRolePolicy(
            self,
            f"read_write_{identity.service_account}",
            name="catalog",
            role=identity.role,
            policy=document.json,
        )

    @property
    def _resources(self) -> list[str]:
        """Glue asks for permission on the thing and on all that it lies in
        (https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html)."""
        account = f"arn:{self._context.partition}:glue:{self._context.region}:{self._context.account_id}"
        databases = self.databases.values()
        return [
            f"{account}:catalog",
            *(database.arn for database in databases),
            *(f"{account}:table/{database.name}/*" for database in databases),
        ]
