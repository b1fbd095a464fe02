"""Cloud SQL for PostgreSQL, with its administrator and the secret that holds the administrator's login."""

from __future__ import annotations

from cdktf import Fn
from cdktf_cdktf_provider_google.project_iam_member import ProjectIamMember, ProjectIamMemberCondition
from cdktf_cdktf_provider_google.sql_database_instance import (
    SqlDatabaseInstance,
    SqlDatabaseInstanceSettings,
    SqlDatabaseInstanceSettingsBackupConfiguration,
    SqlDatabaseInstanceSettingsBackupConfigurationBackupRetentionSettings,
    SqlDatabaseInstanceSettingsDatabaseFlags,
    SqlDatabaseInstanceSettingsInsightsConfig,
    SqlDatabaseInstanceSettingsIpConfiguration,
    SqlDatabaseInstanceSettingsMaintenanceWindow,
)
from cdktf_cdktf_provider_google.sql_user import SqlUser
from constructs import Construct

from floe_infra.cloud import google
from floe_infra.context import Context
from floe_infra.database.config import ADMIN_SECRET, IAM_FLAG, SERVICE_ACCOUNTS, CloudSqlConfig
from floe_infra.fields import is_token
from floe_infra.needs import Password
from floe_infra.refs import ClusterRef, DatabaseRef, NetworkRef
from floe_infra.secrets import ephemeral
from floe_infra.secrets.google_secret_manager import GoogleSecret
from floe_infra.terraform import keep, literal

PORT = 5432
DATABASE = "postgres"
"""The database that every server has. Applications' own are made by the job that makes their owners: one that Cloud SQL
makes belongs to `cloudsqlsuperuser`, and could be handed over to nobody."""
_FLAGS = {
    "cloudsql.enable_pgaudit": "on",
    "log_checkpoints": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_duration": "on",  # of each statement, without its text
    "log_hostname": "on",
    "log_lock_waits": "on",
    "log_temp_files": "0",  # KiB from which on
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    # Not `ddl`: the log would then hold every password that a CREATE ROLE or ALTER ROLE sets.
    "log_statement": "none",
}
"""https://cloud.google.com/sql/docs/postgres/flags. Slow statements are Query Insights' business."""
_IAM_TYPES = {
    "user": "CLOUD_IAM_USER",
    "group": "CLOUD_IAM_GROUP",
    "serviceAccount": "CLOUD_IAM_SERVICE_ACCOUNT",
}
"""Cloud SQL's words for what IAM calls a principal."""
_MOST_LOG_DAYS = 7
"""For which the Enterprise edition keeps what point-in-time recovery needs
(https://cloud.google.com/sql/docs/postgres/backup-recovery/configure-pitr)."""
_SUNDAY = 7


class CloudSqlDatabase(Construct):
    """A PostgreSQL server that only the network reaches, and whose password nobody has seen.

    Replacing the server, or removing it, takes more than one wrong step while the platform keeps its data: Terraform
    refuses twice (`prevent_destroy`, `deletion_protection`), then Cloud SQL does (`deletion_protection_enabled`), and
    then its backups are still there.

    The administrator's password goes to Cloud SQL and into a secret within one apply, in this order, so that a server
    that cannot be made leaves no secret that opens nothing. Where an apply is cut off just between the two, raise
    `password_generation`: both get a new one.

    Attributes:
        ref: what other rooms take.
        instance: the server.
        user: its administrator, of whom Cloud SQL makes a `cloudsqlsuperuser`: with CREATEROLE and CREATEDB, and no
            superuser. Terraform leaves it behind, as PostgreSQL removes no role that owns something.
        secret: the administrator's login.
        iam_logins: who logs in by IAM, in the configuration's order.
    """

    def __init__(
        self, scope: Construct, id: str, *, config: CloudSqlConfig, context: Context, network: NetworkRef
    ) -> None:
        super().__init__(scope, id)
        self._config, self._context = config, context
        self.secret = GoogleSecret(self, "secret", name=ADMIN_SECRET, context=context, kms_key_name=config.kms_key_name)
        self.instance = self._instance(network)
        login = ephemeral.random(self, "admin", {"username": config.username, "password": Password()})
        self.user = SqlUser(
            self,
            "user",
            instance=self.instance.name,
            name=config.username,
            password_wo=f"${{{login['password']}}}",
            password_wo_version=config.password_generation,
            deletion_policy="ABANDON",
            depends_on=[self.secret.secret],
        )
        self.ref = DatabaseRef(
            host=self.instance.private_ip_address,
            port=PORT,
            database=DATABASE,
            user=config.username,
            secret=self.secret.write(login, generation=config.password_generation, after=[self.user]),
            engine_version=config.engine_version,
        )

        logins = Construct(self, "iam_logins")
        self.iam_logins = [self._iam_login(logins, principal) for principal in config.iam_logins]

    def _iam_login(self, scope: Construct, principal: str) -> SqlUser:
        """A role without rights, and the right to log in, on this server alone
        (https://cloud.google.com/sql/docs/postgres/iam-conditions). Taken away, the role stays, as it may own
        something, and nobody can log in as it any more."""
        kind, _, email = principal.partition(":")
        own = Construct(scope, f"login_{len(scope.node.children)}" if is_token(email) else f"{kind}_{email}")
        server = f"projects/{self._context.account_id}/instances/{self._context.prefix}"
        ProjectIamMember(
            own,
            "may_log_in",
            project=self._context.account_id,
            role="roles/cloudsql.instanceUser",
            member=principal,
            condition=ProjectIamMemberCondition(
                title=f"{self._context.prefix}-database",
                expression=f'resource.name == "{server}" && resource.service == "sqladmin.googleapis.com"',
            ),
            depends_on=[google.api(self, "cloudresourcemanager")],
        )
        return SqlUser(
            own,
            "user",
            instance=self.instance.name,
            name=Fn.trimsuffix(email, SERVICE_ACCOUNTS) if is_token(email) else email.removesuffix(SERVICE_ACCOUNTS),
            type=_IAM_TYPES[kind],
            deletion_policy="ABANDON",
        )

    def allow_from(self, cluster: ClusterRef) -> None:
        """Nothing to open: a private address answers the whole network, and asks for a login."""

    def _instance(self, network: NetworkRef) -> SqlDatabaseInstance:
        config, context = self._config, self._context
        keeps = context.keeps_data
        instance = SqlDatabaseInstance(
            self,
            "instance",
            name=context.prefix,
            region=context.region,
            database_version=f"POSTGRES_{config.engine_version}",
            encryption_key_name=config.kms_key_name,
            deletion_protection=keeps,
            settings=SqlDatabaseInstanceSettings(
                # From 16 on the other edition is what is taken otherwise, and it has no machines as small.
                edition="ENTERPRISE",
                tier=config.tier,
                availability_type="REGIONAL" if config.multi_az else "ZONAL",
                disk_type="PD_SSD",
                # The provider lets a disk be larger than this, once it has grown.
                disk_size=config.allocated_storage_gib,
                disk_autoresize=True,
                disk_autoresize_limit=config.max_allocated_storage_gib,
                deletion_protection_enabled=keeps,
                retain_backups_on_delete=keeps,
                user_labels=dict(context.labels),
                database_flags=[
                    SqlDatabaseInstanceSettingsDatabaseFlags(name=name, value=value)
                    for name, value in self._flags().items()
                ],
                ip_configuration=SqlDatabaseInstanceSettingsIpConfiguration(
                    ipv4_enabled=False,
                    private_network=network.private_services,
                    ssl_mode="ENCRYPTED_ONLY",
                ),
                backup_configuration=self._backups(),
                maintenance_window=SqlDatabaseInstanceSettingsMaintenanceWindow(
                    day=_SUNDAY, hour=4, update_track="stable"
                ),
                insights_config=SqlDatabaseInstanceSettingsInsightsConfig(
                    query_insights_enabled=True,
                    query_string_length=1024,
                    query_plans_per_minute=5,
                    record_application_tags=True,
                    record_client_address=False,
                )
                if config.query_insights
                else None,
            ),
            depends_on=[google.api(self, "sqladmin")],
        )
        keep(instance, context)
        return instance

    def _flags(self) -> dict[str, str]:
        config = self._config
        iam = {IAM_FLAG: "on"} if config.iam_logins else {}
        given = {name: literal(value) for name, value in config.database_flags.items()}
        return {"max_connections": str(config.max_connections), **_FLAGS, **iam, **given}

    def _backups(self) -> SqlDatabaseInstanceSettingsBackupConfiguration:
        days = self._config.backup_retention_days
        return SqlDatabaseInstanceSettingsBackupConfiguration(
            enabled=True,
            start_time="02:00",
            location=self._context.region,
            point_in_time_recovery_enabled=True,
            transaction_log_retention_days=min(days, _MOST_LOG_DAYS),
            # One more, for the day that is not over yet.
            backup_retention_settings=SqlDatabaseInstanceSettingsBackupConfigurationBackupRetentionSettings(
                retained_backups=days + 1, retention_unit="COUNT"
            ),
        )
