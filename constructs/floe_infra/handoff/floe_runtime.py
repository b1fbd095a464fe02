"""What is ready in the cluster for floe-runtime's own charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cdktf import ITerraformDependable
from constructs import Construct

from floe_infra.catalog.config import client_secret
from floe_infra.compute.config import MOTHERDUCK_SECRET
from floe_infra.handoff.config import CLIENT, CUBE_SECRET, FloeRuntimeConfig
from floe_infra.handoff.dagster_values import MIGRATION
from floe_infra.needs import login_secret
from floe_infra.network.edges import Workload
from floe_infra.refs import DatabaseRef
from floe_infra.storage.config import CREDENTIALS as STORAGE_KEYS

if TYPE_CHECKING:
    from floe_infra.kubernetes.site import Site


class FloeRuntime(Construct):
    """The Secrets that floe-runtime's charts read, under the names and keys that they have there.

    Attributes:
        ready: what the charts come after.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: FloeRuntimeConfig,
        site: Site,
        database: DatabaseRef | None,
        after: Sequence[ITerraformDependable] = (),
        **told: object,  # noqa: ARG002  # of the other parts its charts are told elsewhere; here, its secrets are made
    ) -> None:
        # Here, since where there is no cluster this module is asked for its pods alone, without bindings of Helm.
        from floe_infra.kubernetes.site import SecretCopy

        super().__init__(scope, id)
        secrets = []
        if database:
            secrets.append(
                SecretCopy(
                    "floe-dagster-postgresql-secret",
                    site.secrets[login_secret("dagster")],
                    {"postgresql-password": "{{ .password }}"},
                    stable_name=True,
                )
            )
        if login := site.secrets.get(client_secret(CLIENT)):
            keys = {"polaris-client-id": "{{ .client_id }}", "polaris-client-secret": "{{ .client_secret }}"}
            secrets.append(SecretCopy("floe-dagster-catalog-secret", login, keys, stable_name=True))
        if token := site.secrets.get(MOTHERDUCK_SECRET):
            keys = {"MOTHERDUCK_TOKEN": "{{ .token }}"}
            secrets.append(SecretCopy("floe-dagster-compute-secret", token, keys, stable_name=True))
        if access := site.secrets.get(STORAGE_KEYS):
            keys = {"AWS_ACCESS_KEY_ID": "{{ .access_key }}", "AWS_SECRET_ACCESS_KEY": "{{ .secret_key }}"}
            secrets.append(SecretCopy("floe-dagster-storage-secret", access, keys, stable_name=True))
            keys = {"access-key": "{{ .access_key }}", "secret-key": "{{ .secret_key }}"}
            secrets.append(SecretCopy("floe-cube-s3", access, keys, stable_name=True))
        if cube := site.secrets.get(CUBE_SECRET):
            keys = {"CUBEJS_API_SECRET": "{{ .api_secret }}", "CUBEJS_SQL_PASSWORD": "{{ .sql_password }}"}
            secrets.append(SecretCopy("floe-cube-secrets", cube, keys, stable_name=True))
        self.ready = (
            site.copy_secrets(self, "secrets", namespace=config.namespace, secrets=secrets) if secrets else list(after)
        )

    @staticmethod
    def workloads(config: FloeRuntimeConfig) -> tuple[Workload, ...]:
        """Dagster, its code servers and Cube, by the labels that their charts give them whatever their release is
        called. Dagster starts runs as jobs of Kubernetes."""

        def workload(name: str, **more: Any) -> Workload:
            return Workload(name, config.namespace, {"app.kubernetes.io/name": name}, **more)

        parts = ("storage", "database", "catalog", "compute", "telemetry", "lineage")
        return (
            workload("dagster", pages=(80,), takes=parts, api_server=True, open_within=True),
            # Its pods have no labels but those that Kubernetes gives them.
            Workload("dagster-migration", config.namespace, {"job-name": MIGRATION}, takes=("database",)),
            workload("dagster-user-deployments", takes=parts),
            workload("floe-cube", pages=(4000, 15432), takes=("storage", "catalog", "compute", "telemetry", "lineage")),
        )
