"""BigQuery: somebody else's servers; here are the datasets, who may use them, and the way to the Iceberg tables."""

from __future__ import annotations

from cdktf_cdktf_provider_google.bigquery_connection import BigqueryConnection, BigqueryConnectionCloudResource
from cdktf_cdktf_provider_google.bigquery_connection_iam_member import BigqueryConnectionIamMember
from cdktf_cdktf_provider_google.bigquery_dataset import (
    BigqueryDataset,
    BigqueryDatasetDefaultEncryptionConfiguration,
)
from cdktf_cdktf_provider_google.bigquery_dataset_iam_member import BigqueryDatasetIamMember
from cdktf_cdktf_provider_google.data_google_bigquery_default_service_account import (
    DataGoogleBigqueryDefaultServiceAccount,
)
from cdktf_cdktf_provider_google.kms_crypto_key_iam_member import KmsCryptoKeyIamMember
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.cloud.google_kms import EncryptionKey
from floe_infra.compute.config import BigQueryConfig
from floe_infra.compute.duckdb import environment
from floe_infra.context import Context
from floe_infra.refs import ComputeRef, IdentityRef
from floe_infra.terraform import keep

_RUN = "roles/bigquery.jobUser"
"""In the whole project: BigQuery knows no smaller place for a query to run in
(https://cloud.google.com/bigquery/docs/access-control#bigquery.jobUser)."""
_EDIT = "roles/bigquery.dataEditor"
_CONNECT = "roles/bigquery.connectionUser"


class BigQuery(Construct):
    """Datasets beside the warehouse buckets, and a connection through which queries read Iceberg tables there.

    BigQuery does not ask the platform's catalog what tables there are. For each one that it is to read, somebody makes
    an external table, with the connection and the table's newest metadata file
    (https://cloud.google.com/bigquery/docs/iceberg-external-tables).

    Attributes:
        ref: what other rooms take.
        reader: the account that the connection reads with, whoever asks.
        key: the encryption key, or None when an existing one or Google's own is used.
        datasets: by their names in the configuration.
        connection: the way to the tables.
    """

    def __init__(self, scope: Construct, id: str, *, config: BigQueryConfig, context: Context) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        makes_key = config.own_key and not config.kms_key_name
        self.key = EncryptionKey(self, "key", context=context, purpose="bigquery") if makes_key else None
        usable = self._let_use(self.key) if self.key else None
        names = Construct(self, "datasets")  # which are the user's: they may not meet ours
        self.datasets = {name: self._dataset(names, name, after=[usable] if usable else []) for name in config.datasets}
        self.connection = BigqueryConnection(
            self,
            "connection",
            connection_id=f"{context.prefix}-lakehouse",
            location=context.region,
            description=f"Iceberg tables of {context.prefix}",
            cloud_resource=BigqueryConnectionCloudResource(),
            depends_on=[google.api(self, "bigqueryconnection")],
        )
        reads_as = self.connection.cloud_resource.service_account_id
        self.reader = IdentityRef(namespace="bigquery", service_account="connection", role=reads_as, role_arn="")
        self.ref = ComputeRef(
            engine="bigquery",
            memory_mib=config.memory_gib * 1024,
            cpu=config.cpu,
            environment={
                **environment(config),
                "GOOGLE_CLOUD_PROJECT": context.account_id,
                "BIGQUERY_LOCATION": context.region,
                "BIGQUERY_DATASET": self.datasets[config.datasets[0]].dataset_id,
            },
        )

    def grant_use(self, identity: IdentityRef) -> None:
        """Let the identity run queries, read, make and change tables in the datasets, and use the connection."""
        scope = Construct(self, f"use_{identity.namespace}_{identity.service_account}")
        member = google.member(identity)
        ProjectIamMember(scope, "run", project=self._context.account_id, role=_RUN, member=member)
        datasets = Construct(scope, "datasets")
        for name, dataset in self.datasets.items():
            BigqueryDatasetIamMember(datasets, name, dataset_id=dataset.dataset_id, role=_EDIT, member=member)
        BigqueryConnectionIamMember(
            scope,
            "connection",
            connection_id=self.connection.connection_id,
            location=self.connection.location,
            role=_CONNECT,
            member=member,
        )

    def _let_use(self, key: EncryptionKey) -> KmsCryptoKeyIamMember:
        """BigQuery encrypts with an account that it has in each project, and makes when it is first asked for."""
        agent = DataGoogleBigqueryDefaultServiceAccount(
            self, "service_agent", depends_on=[google.api(self, "bigquery")]
        )
        return key.let_use("bigquery", agent.member)

    def _dataset(self, scope: Construct, name: str, *, after: list[KmsCryptoKeyIamMember]) -> BigqueryDataset:
        key_name = self.key.name if self.key else self._config.kms_key_name
        keeps = self._context.keeps_data
        dataset = BigqueryDataset(
            scope,
            name,
            dataset_id=self._config.dataset_id(name, prefix=self._context.prefix),
            location=self._context.region,
            description=f"{name} of {self._context.prefix}",
            default_encryption_configuration=BigqueryDatasetDefaultEncryptionConfiguration(kms_key_name=key_name)
            if key_name
            else None,
            max_time_travel_hours="168",
            delete_contents_on_destroy=not keeps,
            depends_on=[google.api(self, "bigquery"), *after],
        )
        keep(dataset, self._context)
        return dataset
